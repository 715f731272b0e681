/*
 * decode/udp.c - User Datagram Protocol (RFC 768).
 *
 *   | sport 2 | dport 2 | length 2 | checksum 2 | ...
 *
 * Length 0 is a jumbogram, or segmentation offload: then the IP length counts.
 * A datagram to the port of a tunnel is tried as one; without a packet inside it is what it seems.
 */
#include "walk.h"

#define UDP_HEADER 8

enum decode_result udp_decode(struct walk *w)
{
	struct packet *p = w->p;
	size_t len = walk_wire(w);
	struct cursor h = cursor_sub(&w->c, UDP_HEADER);
	if (!cursor_ok(&h)) {
		w->c.error = false;
		struct cursor ports = cursor_sub(&w->c, 4);
		p->sport = cursor_be16(&ports);
		p->dport = cursor_be16(&ports);
		return walk_no_l4(w, COUNT_UDP_SHORT_HEADER);
	}
	p->sport = cursor_be16(&h);
	p->dport = cursor_be16(&h);
	size_t said = cursor_be16(&h);
	if (said >= UDP_HEADER && said < len)
		walk_limit(w, w->c.pos, said - UDP_HEADER);
	else if (said != 0 && said != len)
		walk_count(w, COUNT_UDP_BAD_LENGTH);

	decode_fn carrier = decode_udp_port(p->dport);
	if (carrier)
		return walk_try(w, carrier);
	return walk_payload(w, walk_wire(w));
}
