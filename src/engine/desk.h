/*
 * engine/desk.h - where the analysis half hears how the packet half is (live).
 *
 * What: takes a tally a second: drops go to the alerts that their time touches, counters to
 * exfilctl and Prometheus, a line to the service manager.
 * Ownership: borrows analysis and publisher.
 * Threads: one at a time; with both halves in one process, the reader's.
 */
#ifndef EXFILD_SRC_ENGINE_DESK_H
#define EXFILD_SRC_ENGINE_DESK_H

#include "links.h"
#include "publish.h"
#include "tally.h"

struct desk_sum {
	uint64_t frames, bytes, drops, flows, late, leaps, own, twice;
};

struct desk {
	struct analysis *analysis;
	struct publisher *publisher;        /* NULL: none */
	uint64_t drops, frames, steps_back; /* that have been told */
	uint64_t now_ns;                    /* packet time of the tally before */
	struct desk_sum before, last;       /* of the packet halves before this one; of this one */
	uint64_t refused;                   /* events, that have been told */
	uint64_t turns;                     /* of its loop, when last looked at */
	struct links links;
};

/* Another packet half begins to count at 0: what the one before has counted stays in the sums. */
void desk_begin(struct desk *d);
/* Once a second; the sums are put into it. */
void desk_take(struct desk *d, struct tally *t);

#endif
