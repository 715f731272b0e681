/*
 * decode/arp.c - Address Resolution Protocol for IPv4 (RFC 826).
 *
 *   | hardware 2 | protocol 2 | hlen 1 | plen 1 | operation 2 | sha | spa | tha | tpa |
 */
#include "walk.h"

enum decode_result arp_decode(struct walk *w)
{
	struct packet *p = w->p;
	const uint8_t *start = w->c.pos;
	struct cursor h = cursor_sub(&w->c, 8);
	if (!cursor_ok(&h))
		return walk_other(w, COUNT_ARP_TRUNCATED);
	cursor_skip(&h, 2);
	uint16_t protocol = cursor_be16(&h);
	uint8_t hlen = cursor_u8(&h);
	uint8_t plen = cursor_u8(&h);
	uint16_t operation = cursor_be16(&h);
	if (protocol != ETHERTYPE_IPV4 || plen != 4)
		return walk_other(w, COUNT_ARP_OTHER);
	cursor_skip(&w->c, hlen);
	const uint8_t *spa = cursor_take(&w->c, 4);
	cursor_skip(&w->c, hlen);
	const uint8_t *tpa = cursor_take(&w->c, 4);
	if (!spa || !tpa)
		return walk_other(w, COUNT_ARP_TRUNCATED);

	p->kind = PACKET_ARP;
	p->src = ipaddr_v4(spa);
	p->dst = ipaddr_v4(tpa);
	p->sport = operation;
	p->l3 = start;
	p->l3_cap = (uint32_t)(w->c.pos - start);
	p->ip_len = p->l3_cap;
	return DECODE_PACKET;
}
