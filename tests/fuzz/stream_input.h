/*
 * fuzz/stream_input.h - an input of the fuzzer as a TCP conversation of one inspector.
 *
 * Input: one byte of options (bit 0: which side speaks first, bit 1: both sides in turn, bit 2: the
 * capture kept only the start of the last segment, bit 3: in frames, bit 4: files that are parts of
 * pages are hashed too, bit 5: every third segment is missing), one byte that says how the
 * rest is cut into segments, the bytes.  In frames: a length of one byte, so many bytes of one
 * side, then the other's turn; after a length of 255 the same side goes on.
 */
#ifndef EXFILD_TESTS_FUZZ_STREAM_INPUT_H
#define EXFILD_TESTS_FUZZ_STREAM_INPUT_H

#include "../../src/inspect/content/filesums.h"
#include "../support/inspect_harness.h"

#define OPTION_SERVER (1u << 0)
#define OPTION_TURNS  (1u << 1)
#define OPTION_CUT    (1u << 2)
#define OPTION_FRAMES (1u << 3)
#define OPTION_PAGES  (1u << 4)
#define OPTION_GAPS   (1u << 5)

/* What must hold of each event. */
typedef void (*stream_input_check)(const struct event *e);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void check_str(const struct event *e, const struct event_str *s)
{
	assert(s->off == 0 || (s->off + s->len <= e->size && s->full >= s->len));
}

/* What must hold of each log-in. */
static inline void check_login(const struct event *e)
{
	const struct event_login *x = (const struct event_login *)e;
	const struct event_order *order = (const struct event_order *)e;

	if (e->kind == EVENT_ORDER) {
		assert(order->kind > ORDER_NONE && order->kind < ORDER__COUNT);
		assert(order->service.off && order->text.off);
		check_str(e, &order->text);
		return;
	}
	assert(e->kind == EVENT_LOGIN);
	assert(x->outcome <= LOGIN_NO_USER && x->method <= LOGIN_KEY);
	assert(x->service.off && x->attempt > 0);
	check_str(e, &x->user);
	check_str(e, &x->domain);
	check_str(e, &x->workstation);
}

/* What must hold of each file that was hashed: every inspector is asked for all digests. */
static inline void check_sums(const struct event *e)
{
	const struct event_file_hash *x = (const struct event_file_hash *)e;

	assert(!x->is_whole || (x->size > 0 && x->md5.len == 32));
	assert(x->is_whole || (!x->md5.off && !x->sha1.off && !x->sha256.off));
	check_str(e, &x->name);
	check_str(e, &x->place);
}

/* A segment of which the capture kept `len` bytes. */
static inline void stream_input_cut(struct harness *h, bool from_client, const uint8_t *data,
				    size_t len)
{
	uint8_t *copy = harness_exact(data, len);
	uint32_t used = 0;
	harness_packet(h, from_client, copy, len, len + 1);
	if (len && h->verdict == INSPECT_MORE)
		h->verdict = h->inspector->on_stream(&h->in, copy, (uint32_t)len, &used);
	assert(used <= len);
	h->packet.payload = NULL;
	free(copy);
}

/* The next segment, which may be missing. */
static inline void stream_input_segment(struct harness *h, bool from_client, const uint8_t *data,
					size_t len, unsigned options)
{
	if ((options & OPTION_GAPS) && h->in.seq % 3 == 2)
		harness_gap(h, from_client, data[0] == 0xff ? UINT32_MAX : (uint32_t)len);
	else
		harness_stream(h, from_client, data, len);
}

static inline void stream_input_frames(struct harness *h, bool from_client, const uint8_t *data,
				       size_t size, unsigned options)
{
	for (size_t at = 0; at < size;) {
		size_t n = data[at++];
		bool goes_on = n == 255;
		if (n > size - at)
			n = size - at;
		if (n)
			stream_input_segment(h, from_client, data + at, n, options);
		at += n;
		if (!goes_on)
			from_client = !from_client;
	}
}

static inline void stream_input_run(const struct inspector *inspector, const uint8_t *data,
				    size_t size, stream_input_check check)
{
	static atomic_uint wanted;
	struct harness h;

	if (size < 2)
		return;
	unsigned options = data[0];
	atomic_store(&wanted,
		     SUM_MD5 | SUM_SHA1 | SUM_SHA256 | (options & OPTION_PAGES ? SUM_PAGES : 0));
	size_t cut = data[1];
	bool from_client = !(options & OPTION_SERVER);
	data += 2;
	size -= 2;
	harness_init(&h, inspector, PROTO_TCP, 40000, 4000);
	h.in.sums = filesums_new(&wanted);
	(void)harness_probe(&h, from_client, data, size);
	if (options & OPTION_FRAMES) {
		stream_input_frames(&h, from_client, data, size, options);
		size = 0;
	}
	for (size_t at = 0; at < size;) {
		size_t n = cut && cut < size - at ? cut : size - at;
		if (at + n == size && (options & OPTION_CUT))
			stream_input_cut(&h, from_client, data + at, n);
		else
			stream_input_segment(&h, from_client, data + at, n, options);
		at += n;
		cut = cut * 7 % 251;
		if (options & OPTION_TURNS)
			from_client = !from_client;
	}
	if (inspector->on_end)
		harness_end(&h);
	for (const struct event *e = event_log_next(h.log, NULL); e; e = event_log_next(h.log, e)) {
		assert(e->size <= EVENT_MAX);
		if (e->kind == EVENT_FILE_HASH)
			check_sums(e);
		else
			check(e);
	}
	filesums_free(h.in.sums);
	harness_deinit(&h);
}

#endif
