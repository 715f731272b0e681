/*
 * decode/geneve.c - Generic Network Virtualization Encapsulation (RFC 8926).
 *
 *   | version 2, option words 6 | O C 000000 | protocol 2 | VNI 24 | reserved 8 | options | ...
 *
 * O marks control packets of the tunnel's ends.  Options (AWS gateway load balancers send three)
 * are stepped over.
 */
#include "walk.h"

enum { GENEVE_CRITICAL = 0x40 };

enum decode_result geneve_decode(struct walk *w)
{
	uint8_t first = cursor_u8(&w->c);
	uint8_t flags = cursor_u8(&w->c);
	uint16_t protocol = cursor_be16(&w->c);
	uint32_t vni = cursor_be24(&w->c);
	uint8_t reserved = cursor_u8(&w->c);
	cursor_skip(&w->c, (size_t)(first & 0x3f) * 4);
	if (!cursor_ok(&w->c) || first >> 6 != 0 || (flags & ~GENEVE_CRITICAL) || reserved != 0)
		return walk_other(w, COUNT_GENEVE_BAD);
	if (protocol != ETHERTYPE_BRIDGED && protocol != ETHERTYPE_IPV4 &&
	    protocol != ETHERTYPE_IPV6)
		return walk_other(w, COUNT_GENEVE_BAD);
	struct carrier carrier = { .type = TUNNEL_GENEVE,
				   .has_id = true,
				   .is_keyed = true,
				   .id = vni };
	return decode_tunnel(w, &carrier, protocol);
}
