/*
 * engine/merge.h - events of shards, in the reader's order, to the outlet.
 *
 * What: walks the logs of a stretch of the input by (seq, shard), with the ticks between, and asks
 * for the cache lines of events to come.
 * Ownership: borrows all.  Threads: the analysis plane's.
 */
#ifndef EXFILD_SRC_ENGINE_MERGE_H
#define EXFILD_SRC_ENGINE_MERGE_H

#include "exfild/event/log.h"
#include "outlet.h"
#include "pipeline.h"

struct mark { /* a tick as the analysis sees it */
	uint64_t seq, now_ns, leap_ns;
};

struct merge {
	struct event_log *logs[SHARDS]; /* by shard; the first count are set */
	unsigned count;
	struct mark *marks; /* by seq */
	size_t mark_count, mark_cap;
};

/* Appends a tick; aborts without memory for it. */
void merge_mark(struct merge *m, uint64_t seq, uint64_t now_ns, uint64_t leap_ns);
/* Hands all over; logs and marks are empty then. */
void merge_run(struct merge *m, const struct outlet *out);
/* Frees the marks, not the logs. */
void merge_deinit(struct merge *m);

/* A list of items of `size` bytes with twice the room; aborts when there is no memory for it. */
void *plane_grow(void *list, size_t *cap, size_t size);

#endif
