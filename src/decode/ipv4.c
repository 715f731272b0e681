/*
 * decode/ipv4.c - Internet Protocol, version 4 (RFC 791).
 *
 *   | version 4, words 4 | tos 1 | total length 2 | id 2 | flags 3, offset 13 |
 *   | ttl 1 | protocol 1 | checksum 2 | source 4 | destination 4 | options ... |
 *
 * Total length 0 is a segment that the network card has not cut yet: what was captured counts.
 * Bytes after the total length are padding of the link layer and never counted.
 */
#include "frag.h"
#include "walk.h"

#define IPV4_HEADER_MIN 20

enum { IPV4_MORE_FRAGMENTS = 0x2000, IPV4_OFFSET_MASK = 0x1fff };

enum decode_result ipv4_decode(struct walk *w)
{
	struct packet *p = w->p;
	const uint8_t *start = w->c.pos;
	size_t wire = walk_wire(w);
	size_t cap = cursor_left(&w->c);
	struct cursor h = cursor_sub(&w->c, IPV4_HEADER_MIN);
	if (!cursor_ok(&h))
		return walk_other(w, COUNT_IPV4_SHORT_HEADER);
	uint8_t first = cursor_u8(&h);
	size_t header = (size_t)(first & 0x0f) * 4;
	if (first >> 4 != 4)
		return walk_other(w, COUNT_IPV4_BAD_VERSION);
	if (header < IPV4_HEADER_MIN)
		return walk_other(w, COUNT_IPV4_BAD_HEADER_LENGTH);
	p->tos = cursor_u8(&h);
	size_t total = cursor_be16(&h);
	uint16_t id = cursor_be16(&h);
	uint16_t fragment = cursor_be16(&h);
	p->ttl = cursor_u8(&h);
	uint8_t proto = cursor_u8(&h);
	cursor_skip(&h, 2);
	p->src = ipaddr_v4(cursor_take(&h, 4));
	p->dst = ipaddr_v4(cursor_take(&h, 4));
	if (total == 0)
		total = wire;
	if (total < header)
		return walk_other(w, COUNT_IPV4_BAD_LENGTH);

	p->kind = PACKET_IP;
	p->ip_version = 4;
	p->proto = proto;
	p->l3 = start;
	p->ip_len = (uint32_t)total;
	p->l3_cap = (uint32_t)(cap < total ? cap : total);
	if (cap < total)
		p->flags |= PACKET_TRUNCATED;
	walk_limit(w, start, total);
	if (header > IPV4_HEADER_MIN) {
		cursor_skip(&w->c, header - IPV4_HEADER_MIN);
		if (!cursor_ok(&w->c))
			return walk_no_l4(w, COUNT_IPV4_TRUNCATED_OPTIONS);
	}
	if (fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) {
		struct fragment f = { .id = id,
				      .proto = proto,
				      .header = (uint32_t)header,
				      .offset = (uint32_t)(fragment & IPV4_OFFSET_MASK) * 8,
				      .has_more = (fragment & IPV4_MORE_FRAGMENTS) != 0 };
		return frag_decode(w, &f);
	}
	return decode_ip_proto(w, proto);
}

uint16_t packet_ip_id(const struct packet *p)
{
	struct cursor c = cursor_make(p->l3, p->ip_version == 4 ? p->l3_cap : 0);
	cursor_skip(&c, 4);
	return cursor_be16(&c);
}
