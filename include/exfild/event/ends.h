/*
 * event/ends.h - which end of a conversation is which.
 *
 * What: src of an event is who asks.  Where a flow's first packet was an answer, its inspector
 * knows better than the flow table, and turns the ends.
 * Ownership, Threads: those of the event.  Limits: none.
 */
#ifndef EXFILD_EVENT_ENDS_H
#define EXFILD_EVENT_ENDS_H

#include "exfild/event/event.h"

static inline void event_swap_ends(struct event *e)
{
	struct ipaddr addr = e->src;
	uint16_t port = e->sport;
	e->src = e->dst;
	e->sport = e->dport;
	e->dst = addr;
	e->dport = port;
}

#endif
