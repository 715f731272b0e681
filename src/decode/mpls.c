/*
 * decode/mpls.c - MPLS label stacks (RFC 3032) and Ethernet pseudo-wires (RFC 4448).
 *
 *   | label 20, class 3, bottom 1, ttl 8 | ...
 *
 * Nothing says what follows the last label.  A first half-byte of 4 or 6 with a header that holds
 * together is IP; 0 is a control word before Ethernet (RFC 4385); everything else is Ethernet.
 */
#include "walk.h"

static bool looks_like_ipv4(struct cursor c)
{
	size_t header = (size_t)(cursor_u8(&c) & 0x0f) * 4;
	cursor_skip(&c, 1);
	size_t total = cursor_be16(&c);
	return cursor_ok(&c) && header >= 20 && (total == 0 || total >= header);
}

enum decode_result mpls_decode(struct walk *w)
{
	for (unsigned i = 0;; i++) {
		if (i == STACK_MAX)
			return walk_other(w, COUNT_MPLS_TOO_MANY_LABELS);
		uint32_t label = cursor_be32(&w->c);
		if (!cursor_ok(&w->c) || cursor_left(&w->c) == 0)
			return walk_other(w, COUNT_MPLS_TRUNCATED);
		if (label & 0x100)
			break;
	}
	switch (w->c.pos[0] >> 4) {
	case 0:
		cursor_skip(&w->c, 4);
		return decode_ether_type(w, ETHERTYPE_BRIDGED);
	case 4:
		if (looks_like_ipv4(w->c))
			return decode_ether_type(w, ETHERTYPE_IPV4);
		return decode_ether_type(w, ETHERTYPE_BRIDGED);
	case 6:
		return decode_ether_type(w, ETHERTYPE_IPV6);
	default:
		return decode_ether_type(w, ETHERTYPE_BRIDGED);
	}
}
