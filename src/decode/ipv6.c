/*
 * decode/ipv6.c - Internet Protocol, version 6, and its extension headers (RFC 8200).
 *
 *   | version 4, class 8, flow label 20 | payload length 2 | next header 1 | hop limit 1 |
 *   | source 16 | destination 16 |
 *
 * Extension: | next header 1 | length in 8 bytes, less one | ...
 * Fragment:  | next header 1 | 0 | offset 13, 0, more 1 | id 4 |
 *
 * Payload length 0 is a jumbogram or a segment that the network card has not cut yet: what was
 * captured counts.
 */
#include "frag.h"
#include "walk.h"

#define IPV6_HEADER 40

enum {
	IPV6_HOP_BY_HOP = 0,
	IPV6_ROUTING = 43,
	IPV6_FRAGMENT = 44,
	IPV6_NO_NEXT = 59,
	IPV6_DESTINATION = 60,
};

static enum decode_result fragment_decode(struct walk *w)
{
	uint32_t header = (uint32_t)(w->c.pos - w->p->l3);
	struct cursor h = cursor_sub(&w->c, 8);
	if (!cursor_ok(&h))
		return walk_no_l4(w, COUNT_IPV6_SHORT_FRAGMENT_HEADER);
	struct fragment f = { .header = header };
	f.proto = cursor_u8(&h);
	cursor_skip(&h, 1);
	uint16_t word = cursor_be16(&h);
	f.id = cursor_be32(&h);
	f.offset = word & 0xfff8;
	f.has_more = word & 1;
	w->p->proto = f.proto;
	/* An atomic fragment is a whole packet (RFC 6946). */
	if (f.offset == 0 && !f.has_more)
		return ipv6_next(w, f.proto);
	return frag_decode(w, &f);
}

enum decode_result ipv6_next(struct walk *w, uint8_t next)
{
	for (;;) {
		w->p->proto = next;
		switch (next) {
		case IPV6_HOP_BY_HOP:
		case IPV6_ROUTING:
		case IPV6_DESTINATION:
			break;
		case IPV6_FRAGMENT:
			if (++w->ext > STACK_MAX)
				return walk_no_l4(w, COUNT_IPV6_TOO_MANY_EXTENSIONS);
			return fragment_decode(w);
		case IPV6_NO_NEXT:
			return walk_payload(w, 0);
		default:
			return decode_ip_proto(w, next);
		}
		if (++w->ext > STACK_MAX)
			return walk_no_l4(w, COUNT_IPV6_TOO_MANY_EXTENSIONS);
		next = cursor_u8(&w->c);
		size_t words = cursor_u8(&w->c);
		cursor_skip(&w->c, words * 8 + 6);
		if (!cursor_ok(&w->c))
			return walk_no_l4(w, COUNT_IPV6_SHORT_EXTENSION);
	}
}

enum decode_result ipv6_decode(struct walk *w)
{
	struct packet *p = w->p;
	const uint8_t *start = w->c.pos;
	size_t wire = walk_wire(w);
	size_t cap = cursor_left(&w->c);
	struct cursor h = cursor_sub(&w->c, IPV6_HEADER);
	if (!cursor_ok(&h))
		return walk_other(w, COUNT_IPV6_SHORT_HEADER);
	uint32_t first = cursor_be32(&h);
	if (first >> 28 != 6)
		return walk_other(w, COUNT_IPV6_BAD_VERSION);
	size_t payload = cursor_be16(&h);
	uint8_t next = cursor_u8(&h);
	p->ttl = cursor_u8(&h);
	p->src = ipaddr_v6(cursor_take(&h, 16));
	p->dst = ipaddr_v6(cursor_take(&h, 16));
	size_t total = payload + IPV6_HEADER;
	if (payload == 0 && next != IPV6_NO_NEXT)
		total = wire;

	p->kind = PACKET_IP;
	p->ip_version = 6;
	p->tos = (uint8_t)(first >> 20);
	p->l3 = start;
	p->ip_len = (uint32_t)total;
	p->l3_cap = (uint32_t)(cap < total ? cap : total);
	if (cap < total)
		p->flags |= PACKET_TRUNCATED;
	walk_limit(w, start, total);
	return ipv6_next(w, next);
}
