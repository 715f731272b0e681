/*
 * engine/outlet.c - see outlet.h.
 */
#include "outlet.h"

#include "exfild/event/ring.h"

void outlet_to_ring(struct ring *r, const struct event *e)
{
	(void)ring_put(r, e); /* what finds no room is counted there, by kind */
}

void outlet_tick(const struct outlet *o, uint64_t seq, uint64_t now_ns, uint64_t leap_ns)
{
	const struct ring_tick t = { seq, now_ns, leap_ns };
	if (o->analysis)
		analysis_tick(o->analysis, now_ns, leap_ns);
	else
		ring_put_tick(o->ring, &t);
}

void outlet_flush(const struct outlet *o)
{
	if (o->ring)
		ring_publish(o->ring);
}

void outlet_idle(const struct outlet *o)
{
	if (o->analysis)
		analysis_idle(o->analysis);
	else if (o->ring)
		ring_publish(o->ring);
}
