/*
 * engine/onesided.c - see onesided.h.
 */
#include "onesided.h"

#include "exfild/decode/packet.h"

#define FLOWS_MIN 20

bool one_sided_update(struct one_sided *o, const struct event_flow *f)
{
	if (f->e.proto != PROTO_TCP || !(f->syn_flags & TCP_SYN))
		return o->verdict;
	o->syns++;
	if (f->one_sided) {
		o->silent++;
		uint8_t flags = f->tcp_flags[0] | f->tcp_flags[1];
		o->went_on += (f->packets[0] + f->packets[1] > 1) && (flags & TCP_ACK) &&
			      !(flags & TCP_RST);
	}
	o->verdict =
		o->syns >= FLOWS_MIN && o->silent * 20 > o->syns * 19 && o->went_on * 4 > o->silent;
	return o->verdict;
}
