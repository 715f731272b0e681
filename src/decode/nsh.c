/*
 * decode/nsh.c - Network Service Header (RFC 8300).
 *
 *   | version 2, O 1, 0, ttl 6, length 6 in 4 bytes | 0, MD type 4 | next 8 |
 *   | path 24, index 8 | context ... |
 */
#include "walk.h"

enum { NSH_IPV4 = 1, NSH_IPV6 = 2, NSH_ETHERNET = 3, NSH_MPLS = 5 };

enum decode_result nsh_decode(struct walk *w)
{
	uint16_t first = cursor_be16(&w->c);
	size_t len = (size_t)(first & 0x3f) * 4;
	cursor_skip(&w->c, 1);
	uint8_t next = cursor_u8(&w->c);
	if (!cursor_ok(&w->c) || first >> 14 != 0 || len < 8)
		return walk_other(w, COUNT_NSH_BAD);
	cursor_skip(&w->c, len - 4);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_NSH_BAD);
	switch (next) {
	case NSH_IPV4:
		return decode_ether_type(w, ETHERTYPE_IPV4);
	case NSH_IPV6:
		return decode_ether_type(w, ETHERTYPE_IPV6);
	case NSH_ETHERNET:
		return decode_ether_type(w, ETHERTYPE_BRIDGED);
	case NSH_MPLS:
		return decode_ether_type(w, ETHERTYPE_MPLS);
	default:
		return walk_other(w, COUNT_NSH_BAD);
	}
}
