/*
 * engine/outlet.h - where the packet half hands its events: the one seam between the two halves.
 *
 * What: events and ticks in the reader's order, to an analysis in this process (replay, and live
 * without processes), or into the ring that another process reads (event/ring.h).
 * Ownership: a value; borrows what it leads to.
 * Threads: one at a time: the thread that merges.
 */
#ifndef EXFILD_SRC_ENGINE_OUTLET_H
#define EXFILD_SRC_ENGINE_OUTLET_H

#include <stdint.h>

#include "analysis.h"

struct ring;
struct port;

struct outlet { /* one of these */
	struct analysis *analysis;
	struct ring *ring;
	struct port
		*port; /* of a worker's plane: to the joint that merges those of all (joint.h) */
};

void outlet_to_ring(struct ring *r, const struct event *e);
void outlet_tick(const struct outlet *o, uint64_t seq, uint64_t now_ns, uint64_t leap_ns);
/* A handful was handed over. */
void outlet_flush(const struct outlet *o);
/* Nothing waits: the analysis may do what it puts off. */
void outlet_idle(const struct outlet *o);

/* The next event, in order. */
static inline void outlet_event(const struct outlet *o, const struct event *e)
{
	if (__builtin_expect(o->analysis != NULL, 1))
		analysis_event(o->analysis, e);
	else
		outlet_to_ring(o->ring, e);
}

/* An event that will come soon: analysis_ahead(). */
static inline void outlet_ahead(const struct outlet *o, const struct event *e, unsigned stage)
{
	if (o->analysis)
		analysis_ahead(o->analysis, e, stage);
}

#endif
