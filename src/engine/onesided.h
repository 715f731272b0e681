/*
 * engine/onesided.h - whether the input shows one direction only (design section 3).
 *
 * What: over 95 % of the finished SYN flows lack any reverse packet, and some of them went on as
 * if they had been answered (acknowledgements or data after the SYN), which a scan never does.
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_ENGINE_ONESIDED_H
#define EXFILD_SRC_ENGINE_ONESIDED_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/event/event.h"

struct one_sided {
	uint64_t syns;    /* flows that began with a SYN */
	uint64_t silent;  /* of these: no packet of the other side */
	uint64_t went_on; /* of these: the sender went on as if answered */
	bool verdict;
};

/* Counts a finished flow; returns the verdict. */
bool one_sided_update(struct one_sided *o, const struct event_flow *f);

#endif
