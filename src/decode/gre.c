/*
 * decode/gre.c - Generic Routing Encapsulation (RFC 2784, RFC 2890, RFC 1701), also in UDP
 * (RFC 8086), and NVGRE (RFC 7637).
 *
 *   | C R K S s 000 00000 version 3 | protocol 2 |
 *   | checksum 2, offset 2: C or R | key 4: K | sequence 4: S | routes: R | ...
 *
 * Version 1 is PPTP (RFC 2637), whose PPP is compressed or encrypted more often than not: it stays
 * one plain packet.  Only MikroTik's EoIP is known to borrow it for Ethernet:
 *
 *   | 2001 | 6400 | length 2 | tunnel 2, little-endian | Ethernet, or nothing to keep alive
 *
 * Ethernet with a key is NVGRE when the key has a subnet in its upper 24 bits;
 * below them is a flow number, which is no part of the tunnel.
 */
#include "erspan.h"
#include "walk.h"

enum { GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000 };
enum { GRE_VERSION = 0x0007, GRE_RESERVED = 0x00f8 };
enum { GRE_EOIP_FLAGS = 0x2001, GRE_EOIP = 0x6400, GRE_WCCP = 0x883e };
enum { GRE_ERSPAN = 0x88be, GRE_ERSPAN3 = 0x22eb };

/* Source routes: | family 2 | offset 1 | length 1 | ... up to one of length 0. */
static void skip_routes(struct cursor *c)
{
	size_t len = 0;
	do {
		cursor_skip(c, 3);
		len = cursor_u8(c);
		cursor_skip(c, len);
	} while (cursor_ok(c) && len > 0);
}

static enum decode_result eoip_decode(struct walk *w)
{
	size_t len = cursor_be16(&w->c);
	uint32_t id = cursor_le16(&w->c);
	if (!cursor_ok(&w->c) || len > walk_wire(w))
		return walk_other(w, COUNT_GRE_EOIP_BAD);
	walk_limit(w, w->c.pos, len);
	struct carrier carrier = { .type = TUNNEL_GRE, .has_id = true, .is_keyed = true, .id = id };
	return decode_tunnel(w, &carrier, ETHERTYPE_BRIDGED);
}

static enum decode_result enter(struct walk *w)
{
	uint16_t flags = cursor_be16(&w->c);
	uint16_t protocol = cursor_be16(&w->c);
	if (flags == GRE_EOIP_FLAGS && protocol == GRE_EOIP)
		return eoip_decode(w);
	if (cursor_ok(&w->c) && (flags & GRE_VERSION) == 1)
		return walk_other(w, COUNT_GRE_PPTP);
	struct carrier carrier = { .type = TUNNEL_GRE };
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		cursor_skip(&w->c, 4);
	if (flags & GRE_KEY) {
		carrier.id = cursor_be32(&w->c);
		carrier.has_id = carrier.is_keyed = true;
	}
	if (flags & GRE_SEQUENCE)
		cursor_skip(&w->c, 4);
	if (flags & GRE_ROUTING)
		skip_routes(&w->c);
	if (!cursor_ok(&w->c) || (flags & (GRE_VERSION | GRE_RESERVED)))
		return walk_other(w, COUNT_GRE_BAD);

	switch (protocol) {
	case GRE_ERSPAN:
		return flags & GRE_SEQUENCE ? erspan2_decode(w) : erspan1_decode(w);
	case GRE_ERSPAN3:
		return erspan3_decode(w);
	case ETHERTYPE_BRIDGED:
		if (carrier.id >> 8) {
			carrier.type = TUNNEL_NVGRE;
			carrier.id >>= 8;
		}
		return decode_tunnel(w, &carrier, ETHERTYPE_BRIDGED);
	case ETHERTYPE_IPV4:
	case ETHERTYPE_IPV6:
	case ETHERTYPE_MPLS:
		return decode_tunnel(w, &carrier, protocol);
	case GRE_WCCP:
		/* Cisco's cache redirection; its second version has four more bytes. */
		if (cursor_left(&w->c) > 0 && w->c.pos[0] >> 4 != 4)
			cursor_skip(&w->c, 4);
		return decode_tunnel(w, &carrier, ETHERTYPE_IPV4);
	default:
		return walk_other(w, COUNT_GRE_OTHER);
	}
}

enum decode_result gre_decode(struct walk *w)
{
	return walk_try(w, enter);
}
