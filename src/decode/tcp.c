/*
 * decode/tcp.c - Transmission Control Protocol (RFC 9293).
 *
 *   | sport 2 | dport 2 | seq 4 | ack 4 |
 *   | offset 4 bits, 0, flags 8 | window 2 | checksum 2 | urgent 2 | options ... |
 */
#include "walk.h"

#define TCP_HEADER_MIN 20
#define URGENT_AT      18 /* bytes into the header */

enum decode_result tcp_decode(struct walk *w)
{
	struct packet *p = w->p;
	size_t len = walk_wire(w);
	struct cursor h = cursor_sub(&w->c, TCP_HEADER_MIN);
	if (!cursor_ok(&h)) {
		/* Ports alone still name the flow. */
		w->c.error = false;
		struct cursor ports = cursor_sub(&w->c, 4);
		p->sport = cursor_be16(&ports);
		p->dport = cursor_be16(&ports);
		return walk_no_l4(w, COUNT_TCP_SHORT_HEADER);
	}
	p->sport = cursor_be16(&h);
	p->dport = cursor_be16(&h);
	p->tcp_seq = cursor_be32(&h);
	p->tcp_ack = cursor_be32(&h);
	size_t header = (size_t)(cursor_u8(&h) >> 4) * 4;
	p->tcp_flags = cursor_u8(&h);
	p->tcp_window = cursor_be16(&h);
	if (header < TCP_HEADER_MIN || header > len)
		return walk_no_l4(w, COUNT_TCP_BAD_OFFSET);
	cursor_skip(&w->c, header - TCP_HEADER_MIN);
	return walk_payload(w, len - header);
}

uint16_t packet_urgent(const struct packet *p)
{
	bool has_header = p->proto == PROTO_TCP && !(p->flags & PACKET_NO_L4);
	struct cursor c = cursor_make(p->l3, has_header ? p->l3_cap : 0);
	cursor_skip(&c, p->l4_offset + URGENT_AT);
	return cursor_be16(&c);
}

/* The ones' complement sum of RFC 1071, eight bytes at a step, in the order of memory. */
static uint64_t sum_bytes(uint64_t sum, const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	while (cursor_left(&c) >= 8) {
		uint64_t word = 0;
		cursor_copy(&c, &word, 8);
		sum += word;
		sum += sum < word;
	}
	uint64_t rest = 0;
	cursor_copy(&c, &rest, cursor_left(&c));
	sum += rest;
	sum += sum < rest;
	return sum;
}

static uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* With segments left, the checksum was made for the last address of the route. */
static bool is_source_routed(const struct packet *p)
{
	struct cursor c = cursor_make(p->l3, p->l4_offset);
	cursor_skip(&c, 6);
	uint8_t next = cursor_u8(&c);
	cursor_skip(&c, 33);
	while (cursor_left(&c) >= 8) {
		struct cursor h = c;
		uint8_t type = next;
		next = cursor_u8(&h);
		size_t units = cursor_u8(&h);
		cursor_skip(&h, 1);
		if (type == 43 && cursor_u8(&h) > 0)
			return true;
		cursor_skip(&c, type == 51 ? (units + 2) * 4 : (units + 1) * 8);
	}
	return false;
}

bool packet_checksum_ok(const struct packet *p)
{
	const uint16_t unknown = PACKET_TRUNCATED | PACKET_FRAGMENT | PACKET_NO_L4;
	if (p->proto != PROTO_TCP || (p->flags & unknown) || p->l4_offset == 0)
		return true;
	if (p->ip_version == 6 && p->l4_offset > 40 && is_source_routed(p))
		return true;
	/* An IPv4 address counts as its four last bytes: the mapped prefix has none of its own. */
	size_t skip = p->ip_version == 4 ? 12 : 0;
	size_t len = p->l3_cap - p->l4_offset;
	uint8_t pseudo[4] = { 0, PROTO_TCP, (uint8_t)(len >> 8), (uint8_t)len };
	uint64_t sum = sum_bytes(0, p->src.u.b + skip, 16 - skip);
	sum = sum_bytes(sum, p->dst.u.b + skip, 16 - skip);
	sum = sum_bytes(sum, pseudo, sizeof(pseudo));
	sum = sum_bytes(sum, p->l3 + p->l4_offset, len);
	return sum_fold(sum) == 0xffff;
}
