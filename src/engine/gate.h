/*
 * engine/gate.h - what no policy over connections, or usage, can hold below.
 *
 * What: of connections between two zones, as few bytes as any policy asks for, whoever their source
 * is, and of one that nothing is held against; most connections end here, before a record of them
 * is made. Ownership: plain memory; zones are the context's. Threads: the analysis.
 */
#ifndef EXFILD_SRC_ENGINE_GATE_H
#define EXFILD_SRC_ENGINE_GATE_H

#include "exfild/context/context.h"
#include "exfild/fusion/fusion.h"
#include "exfild/policy/policy.h"

struct least {
	double flow, usage; /* bytes; INFINITY: none can hold at all */
};

struct gate {
	const struct context_zone *from, *to;
	uint8_t ends; /* which are inside; bit 7: this gate is known */
	struct least any, quiet;
};

bool gate_is(const struct gate *g, const struct context_zone *from, const struct context_zone *to,
	     uint8_t ends);
/* Another pair of zones; gate_set() follows. */
void gate_begin(struct gate *g, const struct context_zone *from, const struct context_zone *to,
		uint8_t ends);
/* record: one with these zones, without content, of a source that nothing is held against. */
void gate_set(struct gate *g, const struct policy *set, const struct event_alert *record);
/* Whether some policy may hold of a connection of so many bytes; fusion may be NULL. */
bool gate_passes(const struct gate *g, const struct fusion *fusion, const struct event *e,
		 double bytes);

#endif
