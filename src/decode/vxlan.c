/*
 * decode/vxlan.c - Virtual eXtensible Local Area Network (RFC 7348).
 *
 *   | G 000 I 000 | reserved 8, group policy 16 if G | VNI 24 | reserved 8 | Ethernet ...
 *
 * Cloud mirrors (AWS, Azure) put their session into the VNI.  A receiver shall ignore what is
 * reserved; here it must be 0, since a port number alone makes no tunnel.
 */
#include "walk.h"

#define VXLAN_G      0x80000000u
#define VXLAN_I      0x08000000u
#define VXLAN_POLICY 0x0048ffffu /* do not learn, applied, group */

enum decode_result vxlan_decode(struct walk *w)
{
	uint32_t flags = cursor_be32(&w->c);
	uint32_t vni = cursor_be24(&w->c);
	uint8_t reserved = cursor_u8(&w->c);
	uint32_t allowed = flags & VXLAN_G ? VXLAN_G | VXLAN_I | VXLAN_POLICY : VXLAN_I;
	if (!cursor_ok(&w->c) || !(flags & VXLAN_I) || (flags & ~allowed) || reserved != 0)
		return walk_other(w, COUNT_VXLAN_BAD);
	struct carrier carrier = { .type = TUNNEL_VXLAN,
				   .has_id = true,
				   .is_keyed = true,
				   .id = vni };
	return decode_tunnel(w, &carrier, ETHERTYPE_BRIDGED);
}
