/*
 * decode/gtpu.c - user data of mobile networks, GTP version 1 (3GPP TS 29.281).
 *
 *   | version 001, PT 1, 0, E S PN | type | length 2, after 8 bytes | TEID 4 |
 *   | sequence 2, N-PDU 1, next extension 1: E, S or PN |
 *   | extensions: length in 4 bytes ... next 1 |
 *
 * Type 255 carries IP.  Each direction has a TEID of its own: it is shown but no part of the key.
 */
#include "walk.h"

enum { GTPU_VERSION_PT = 0x30, GTPU_VERSION_MASK = 0xf8, GTPU_OPTIONAL = 0x07, GTPU_E = 0x04 };
enum { GTPU_GPDU = 255 };

static void skip_extensions(struct cursor *c)
{
	uint8_t next = cursor_u8(c);
	for (unsigned i = 0; next != 0 && cursor_ok(c); i++) {
		size_t len = (size_t)cursor_u8(c) * 4;
		if (len == 0 || i == STACK_MAX) {
			c->error = true;
			return;
		}
		cursor_skip(c, len - 2);
		next = cursor_u8(c);
	}
}

enum decode_result gtpu_decode(struct walk *w)
{
	uint8_t flags = cursor_u8(&w->c);
	uint8_t type = cursor_u8(&w->c);
	size_t len = cursor_be16(&w->c);
	uint32_t teid = cursor_be32(&w->c);
	if (!cursor_ok(&w->c) || (flags & GTPU_VERSION_MASK) != GTPU_VERSION_PT)
		return walk_other(w, COUNT_GTPU_BAD);
	if (type != GTPU_GPDU)
		return walk_other(w, COUNT_GTPU_SIGNALLING);
	if (len > walk_wire(w))
		return walk_other(w, COUNT_GTPU_BAD);
	walk_limit(w, w->c.pos, len);
	if (flags & GTPU_OPTIONAL) {
		cursor_skip(&w->c, 3);
		if (flags & GTPU_E)
			skip_extensions(&w->c);
		else
			cursor_skip(&w->c, 1);
	}
	if (cursor_left(&w->c) == 0)
		return walk_other(w, COUNT_GTPU_BAD);
	uint8_t version = w->c.pos[0] >> 4;
	if (version != 4 && version != 6)
		return walk_other(w, COUNT_GTPU_BAD);
	struct carrier carrier = { .type = TUNNEL_GTPU, .has_id = true, .id = teid };
	return decode_tunnel(w, &carrier, version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
}
