/*
 * decode/icmp.c - ICMP (RFC 792) and ICMPv6 (RFC 4443).
 *
 *   | type 1 | code 1 | checksum 2 | echo: identifier 2, sequence 2; else 4 bytes | data
 */
#include "walk.h"

static bool is_echo(uint8_t proto, uint8_t type)
{
	if (proto == PROTO_ICMP)
		return type == 8 || type == 0;
	return type == 128 || type == 129;
}

enum decode_result icmp_decode(struct walk *w)
{
	struct packet *p = w->p;
	struct cursor h = cursor_sub(&w->c, 4);
	uint8_t type = cursor_u8(&h);
	uint8_t code = cursor_u8(&h);
	if (!cursor_ok(&h))
		return walk_no_l4(w, COUNT_ICMP_SHORT_HEADER);
	p->sport = (uint16_t)(type << 8 | code);
	h = cursor_sub(&w->c, 4);
	if (!cursor_ok(&h))
		return walk_no_l4(w, COUNT_ICMP_SHORT_HEADER);
	if (is_echo(p->proto, type)) {
		p->dport = cursor_be16(&h);
		p->icmp_seq = cursor_be16(&h);
	}
	return walk_payload(w, walk_wire(w));
}
