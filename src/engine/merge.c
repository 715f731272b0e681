/*
 * engine/merge.c - see merge.h.
 */
#include "merge.h"

#include <stdlib.h>

#define AHEAD 24 /* events whose cache lines are on their way; asked for twice */

struct walker {
	const struct event_log *log;
	const struct event *next;  /* NULL: at the end, and so the others */
	const struct event *later; /* AHEAD / 2 events on: stage 1 is due */
	const struct event *ahead; /* AHEAD events on: stage 0 is due */
};

void *plane_grow(void *list, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *out = realloc(list, more * size);
	if (!out)
		abort(); /* no memory for a few packets: nothing can be saved by going on */
	*cap = more;
	return out;
}

void merge_mark(struct merge *m, uint64_t seq, uint64_t now_ns, uint64_t leap_ns)
{
	if (m->mark_count == m->mark_cap)
		m->marks = plane_grow(m->marks, &m->mark_cap, sizeof(*m->marks));
	m->marks[m->mark_count++] = (struct mark){ seq, now_ns, leap_ns };
}

void merge_deinit(struct merge *m)
{
	free(m->marks);
	*m = (struct merge){ .count = 0 };
}

static void look_ahead(const struct walker *w, const struct event **at, const struct outlet *out,
		       unsigned stage)
{
	if (!*at)
		return;
	outlet_ahead(out, *at, stage);
	*at = event_log_next(w->log, *at);
}

static void begin(struct walker *w, const struct event_log *log, const struct outlet *out)
{
	w->log = log;
	w->next = event_log_next(log, NULL);
	w->later = w->ahead = w->next;
	for (unsigned i = 0; i < AHEAD; i++)
		look_ahead(w, &w->ahead, out, 0);
	for (unsigned i = 0; i < AHEAD / 2; i++)
		look_ahead(w, &w->later, out, 1);
}

/* The walker whose event comes first; ret_until: the lowest seq at which another one has to go. */
static struct walker *first_of(struct walker *walkers, unsigned count, uint64_t *ret_until)
{
	struct walker *first = NULL;
	*ret_until = UINT64_MAX;
	for (unsigned i = 0; i < count; i++) {
		struct walker *w = &walkers[i];
		if (!w->next)
			continue;
		if (!first || w->next->seq < first->next->seq) {
			/* the lower shard goes first at the same seq, and so ends a run before it
			 */
			if (first)
				*ret_until = first->next->seq;
			first = w;
		} else if (w->next->seq + 1 < *ret_until) {
			*ret_until = w->next->seq + 1;
		}
	}
	return first;
}

static void tick(const struct outlet *out, const struct mark *m)
{
	outlet_tick(out, m->seq, m->now_ns, m->leap_ns);
}

void merge_run(struct merge *m, const struct outlet *out)
{
	struct walker walkers[SHARDS];
	struct walker *w;
	uint64_t until;
	size_t mark = 0;
	for (unsigned i = 0; i < m->count; i++)
		begin(&walkers[i], m->logs[i], out);
	while ((w = first_of(walkers, m->count, &until)) != NULL) {
		do {
			for (; mark < m->mark_count && m->marks[mark].seq < w->next->seq; mark++)
				tick(out, &m->marks[mark]);
			outlet_event(out, w->next);
			look_ahead(w, &w->ahead, out, 0);
			look_ahead(w, &w->later, out, 1);
			w->next = event_log_next(w->log, w->next);
		} while (w->next && w->next->seq < until);
	}
	for (; mark < m->mark_count; mark++)
		tick(out, &m->marks[mark]);
	outlet_flush(out);
	for (unsigned i = 0; i < m->count; i++)
		event_log_reset(m->logs[i]);
	m->mark_count = 0;
}
