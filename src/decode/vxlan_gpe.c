/*
 * decode/vxlan_gpe.c - VXLAN Generic Protocol Extension (draft-ietf-nvo3-vxlan-gpe).
 *
 *   | 0 0 version 2, I P B O | reserved 16 | next protocol 8 | VNI 24 | reserved 8 | ...
 */
#include "walk.h"

enum { GPE_VERSION = 0x30, GPE_I = 0x08, GPE_P = 0x04, GPE_OAM = 0x01 };
enum { GPE_IPV4 = 1, GPE_IPV6 = 2, GPE_ETHERNET = 3, GPE_NSH = 4 };

enum decode_result vxlan_gpe_decode(struct walk *w)
{
	uint8_t flags = cursor_u8(&w->c);
	uint16_t reserved = cursor_be16(&w->c);
	uint8_t next = cursor_u8(&w->c);
	uint32_t vni = cursor_be24(&w->c);
	uint8_t last = cursor_u8(&w->c);
	if (!cursor_ok(&w->c) || (flags & (0xc0 | GPE_VERSION | GPE_OAM)) || reserved || last)
		return walk_other(w, COUNT_VXLAN_GPE_BAD);
	struct carrier carrier = { .type = TUNNEL_VXLAN_GPE,
				   .has_id = (flags & GPE_I) != 0,
				   .is_keyed = (flags & GPE_I) != 0,
				   .id = vni };
	if (!(flags & GPE_P))
		next = GPE_ETHERNET;
	switch (next) {
	case GPE_IPV4:
		return decode_tunnel(w, &carrier, ETHERTYPE_IPV4);
	case GPE_IPV6:
		return decode_tunnel(w, &carrier, ETHERTYPE_IPV6);
	case GPE_ETHERNET:
		return decode_tunnel(w, &carrier, ETHERTYPE_BRIDGED);
	case GPE_NSH:
		return decode_tunnel(w, &carrier, ETHERTYPE_NSH);
	default:
		return walk_other(w, COUNT_VXLAN_GPE_BAD);
	}
}
