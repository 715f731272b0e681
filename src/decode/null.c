/*
 * decode/null.c - BSD loopback: four bytes of address family, in the order of the machine that
 * captured (DLT_NULL) or of the network (DLT_LOOP).
 *
 * Families above 0xffff are read in the other order.  IPv6 has another number on every system.
 */
#include "walk.h"

enum decode_result null_decode(struct walk *w)
{
	uint32_t family = cursor_be32(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_NULL_TRUNCATED);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return decode_ether_type(w, ETHERTYPE_IPV4);
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return decode_ether_type(w, ETHERTYPE_IPV6);
	default:
		return walk_other(w, COUNT_NULL_OTHER_FAMILY);
	}
}
