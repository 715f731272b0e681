/*
 * Many inputs as one stream.
 *
 * A heap holds every input that has more to give, by (greatest time it has given or is about to
 * give, argument order): time running backwards inside a file reorders nothing.  An input is
 * opened to learn its first time, parked (closed, its next record's offset kept) and loaded again
 * when it comes to the top.  Should more than OPEN_MAX overlap in time, or their memory pass
 * MEMORY_MAX, the one that is needed last is parked again; of these, plain files first, since a
 * packed one has to be unpacked from its beginning each time.  A single input has no heap.
 */
#include "exfild/capture/capture.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "input.h"
#include "paths.h"

#define OPEN_MAX_INPUTS 512
#define MEMORY_MAX      (256u * 1024 * 1024)
#define PROGRESS_FRAMES 1024 /* how often the bytes read are noted */

struct entry {
	uint64_t key;
	struct input *input;
};

struct capture {
	struct input *single; /* the only input, or NULL */
	bool has_tests;       /* since, until or a filter */
	uint64_t since_ns, until_ns;
	struct filter *filter;
	struct capture_stats stats;

	struct input *inputs;
	size_t input_count;
	struct entry *heap;
	size_t heap_count;
	struct input *given; /* whose pending frame was given last */
	size_t open_count;
	size_t memory; /* of the open inputs */
	struct window_pool pool;
	struct damage_list damage;
};

static bool is_before(const struct entry *a, const struct entry *b)
{
	assert(a->input && b->input);
	return a->key != b->key ? a->key < b->key : a->input->index < b->input->index;
}

static void sift_down(struct capture *c, size_t at)
{
	struct entry *heap = c->heap;
	struct entry moved = heap[at];

	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= c->heap_count)
			break;
		if (child + 1 < c->heap_count && is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!is_before(&heap[child], &moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static void note_progress(struct capture *c, struct input *in)
{
	if (!window_is_open(&in->window))
		return;
	uint64_t raw = stream_raw_offset(in->window.stream);
	if (raw > in->raw_seen) {
		c->stats.input_bytes += raw - in->raw_seen;
		in->raw_seen = raw;
	}
}

static void unload(struct capture *c, struct input *in)
{
	if (!window_is_open(&in->window))
		return;
	note_progress(c, in);
	c->memory -= in->window.memory;
	c->open_count--;
	input_park(in);
}

/* Parks the open input that is needed last, but `keep`. False when there is none. */
static bool park_one(struct capture *c, const struct input *keep)
{
	const struct entry *victim = NULL;
	bool victim_packed = false;

	for (size_t i = 0; i < c->heap_count; i++) {
		const struct entry *e = &c->heap[i];
		const struct input *in = e->input;
		assert(in);
		if (in == keep || in->is_fixed || !window_is_open(&in->window))
			continue;
		bool packed = stream_is_packed(in->window.stream);
		if (victim && (packed != victim_packed ? packed : is_before(e, victim)))
			continue;
		victim = e;
		victim_packed = packed;
	}
	if (!victim)
		return false;
	unload(c, victim->input);
	return true;
}

static void make_room(struct capture *c, const struct input *keep)
{
	while ((c->open_count > OPEN_MAX_INPUTS || c->memory > MEMORY_MAX) && park_one(c, keep))
		;
}

/* Reads the next frame of an open input into its pending frame. */
static int advance(struct capture *c, struct input *in)
{
	size_t before = in->window.memory;
	int r = input_next(in, &in->pending);
	c->memory += in->window.memory - before; /* may wrap and come back */
	return r;
}

/* Opens an input, new or parked, and reads its pending frame. */
static int load(struct capture *c, struct input *in)
{
	int r;
	while ((r = input_load(in)) == -EXF_E_LIMIT) {
		if (!park_one(c, in))
			return input_fail(in, in->record_offset,
					  "it cannot be opened: too many files are open");
	}
	if (window_is_open(&in->window)) {
		c->open_count++;
		c->memory += in->window.memory;
	}
	if (r == 0)
		r = advance(c, in);
	if (r == CAPTURE_END)
		unload(c, in);
	make_room(c, in);
	return r;
}

/* The top has given its frame: where does it stand with the next? */
static int replace_top(struct capture *c)
{
	struct input *in = c->heap[0].input;

	int r = advance(c, in);
	if (r < 0)
		return r;
	if (r == CAPTURE_END) {
		unload(c, in);
		c->heap[0] = c->heap[--c->heap_count];
	} else {
		c->heap[0].key = in->newest_ns;
		if (c->memory > MEMORY_MAX)
			make_room(c, in);
	}
	if (c->heap_count)
		sift_down(c, 0);
	return 0;
}

static int merged_next(struct capture *c, struct frame *ret)
{
	if (c->given) {
		c->given = NULL;
		int r = replace_top(c);
		if (r < 0)
			return r;
	}
	while (c->heap_count) {
		struct input *in = c->heap[0].input;
		if (!window_is_open(&in->window)) {
			int r = load(c, in);
			if (r < 0)
				return r;
			if (r == CAPTURE_END) {
				c->heap[0] = c->heap[--c->heap_count];
				if (c->heap_count)
					sift_down(c, 0);
				continue;
			}
		}
		*ret = in->pending;
		c->given = in;
		return 0;
	}
	return CAPTURE_END;
}

static bool is_admitted(struct capture *c, const struct frame *f)
{
	if (f->time_ns < c->since_ns || (c->until_ns && f->time_ns >= c->until_ns)) {
		c->stats.out_of_time++;
		return false;
	}
	if (!c->filter)
		return true;
	const char *why;
	if (filter_match(c->filter, f, &why))
		return true;
	c->stats.filtered++;
	if (why) {
		struct input *in = &c->inputs[f->input];
		damage_say(&c->damage, &in->said, DAMAGE_FILTER, in->path, in->record_offset,
			   "the filter cannot be applied to link type %u (%s); its packets are "
			   "left out",
			   f->linktype, why);
	}
	return false;
}

int capture_next(struct capture *c, struct frame *ret)
{
	do {
		int r = c->single ? input_next(c->single, ret) : merged_next(c, ret);
		if (__builtin_expect(r != 0, 0)) {
			if (c->single)
				note_progress(c, c->single);
			return r;
		}
	} while (__builtin_expect(c->has_tests, 0) && !is_admitted(c, ret));
	c->stats.bytes += ret->caplen;
	ret->number = ++c->stats.frames;
	if (ret->number % PROGRESS_FRAMES == 0)
		note_progress(c, &c->inputs[ret->input]);
	return 0;
}

/* Looks at each input's beginning and puts those that have a frame into the heap. */
static int fill_heap(struct capture *c)
{
	c->heap = calloc(c->input_count ? c->input_count : 1, sizeof(*c->heap));
	if (!c->heap)
		return -EXF_E_NOMEM;
	for (size_t i = 0; i < c->input_count; i++) {
		struct input *in = &c->inputs[i];
		int r = load(c, in);
		if (r < 0)
			return r;
		if (r == CAPTURE_END)
			continue;
		if (!in->is_fixed)
			unload(c, in);
		c->heap[c->heap_count++] = (struct entry){ in->newest_ns, in };
	}
	for (size_t i = c->heap_count / 2; i-- > 0;)
		sift_down(c, i);
	return 0;
}

static int find_inputs(struct capture *c, const struct capture_options *options)
{
	struct paths paths = { 0 };
	int r = 0;

	for (size_t i = 0; i < options->path_count && r == 0; i++)
		r = paths_add(&paths, options->paths[i], &c->damage);
	if (r == 0 && paths.count) {
		c->inputs = calloc(paths.count, sizeof(*c->inputs));
		if (!c->inputs)
			r = -EXF_E_NOMEM;
	}
	for (size_t i = 0; i < paths.count && r == 0; i++) {
		struct input *in = &c->inputs[i];
		in->path = paths.items[i];
		paths.items[i] = NULL;
		in->index = (uint32_t)i;
		in->damage = &c->damage;
		in->pool = &c->pool;
		c->input_count++;
	}
	c->stats.inputs = (uint32_t)c->input_count;
	c->stats.input_total = paths.has_unknown ? 0 : paths.bytes;
	paths_deinit(&paths);
	return r;
}

static int start(struct capture *c)
{
	if (c->input_count != 1)
		return fill_heap(c);
	c->single = &c->inputs[0];
	int r = input_load(c->single);
	if (r == -EXF_E_LIMIT)
		r = input_fail(c->single, 0, "it cannot be opened: too many files are open");
	return r < 0 ? r : 0;
}

int capture_open(const struct capture_options *options, struct capture **ret, char *ret_why,
		 size_t why_size)
{
	int r = 0;

	if (why_size)
		ret_why[0] = '\0';
	struct capture *c = calloc(1, sizeof(*c));
	if (!c)
		return -EXF_E_NOMEM;
	c->since_ns = options->since_ns;
	c->until_ns = options->until_ns;
	if (options->filter && options->filter[0])
		r = filter_new(options->filter, &c->filter, ret_why, why_size);
	c->has_tests = c->since_ns || c->until_ns || c->filter;
	if (r == 0)
		r = find_inputs(c, options);
	if (r == 0)
		r = start(c);
	if (r < 0) {
		capture_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

void capture_interrupt(bool on)
{
	stream_interrupt(on);
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->input_count; i++)
		input_deinit(&c->inputs[i]);
	free(c->inputs);
	free(c->heap);
	filter_free(c->filter);
	window_pool_deinit(&c->pool);
	damage_deinit(&c->damage);
	free(c);
}

void capture_refuse_link(struct capture *c, const struct frame *f)
{
	struct input *in = &c->inputs[f->input];
	damage_say(&c->damage, &in->said, DAMAGE_LINK, in->path, in->record_offset,
		   "link type %u is not one that can be read; its packets are left out",
		   f->linktype);
}

const struct capture_stats *capture_stats(const struct capture *c)
{
	return &c->stats;
}

size_t capture_damage_count(const struct capture *c)
{
	return c->damage.count;
}

const struct capture_damage *capture_damage(const struct capture *c, size_t i)
{
	return i < c->damage.count ? &c->damage.items[i] : NULL;
}

const char *capture_input_path(const struct capture *c, uint32_t input)
{
	return input < c->input_count ? c->inputs[input].path : NULL;
}
