/*
 * decode/erspan.c - Encapsulated Remote SPAN: frames that a switch mirrors
 * (draft-foschiano-erspan).
 *
 *   I:    Ethernet at once
 *   II:   | version 1: 4, vlan 12 | class 3, encapsulation 2, truncated 1, session 10 |
 *         | reserved 12, index 20 |
 *   III:  | version 2: 4, vlan 12 | class 3, 2, truncated 1, session 10 | timestamp 4 |
 *         | group 2 | P 1, type 5, hardware 6, D 1, granularity 2, O 1 | subheader 8: O |
 */
#include "erspan.h"

enum { ERSPAN2_VERSION = 1, ERSPAN3_VERSION = 2, ERSPAN_SESSION = 0x3ff };

static enum decode_result session_decode(struct walk *w, uint32_t session)
{
	struct carrier carrier = { .type = TUNNEL_ERSPAN,
				   .has_id = true,
				   .is_keyed = true,
				   .id = session };
	return decode_tunnel(w, &carrier, ETHERTYPE_BRIDGED);
}

enum decode_result erspan1_decode(struct walk *w)
{
	struct carrier carrier = { .type = TUNNEL_ERSPAN };
	return decode_tunnel(w, &carrier, ETHERTYPE_BRIDGED);
}

enum decode_result erspan2_decode(struct walk *w)
{
	uint32_t word = cursor_be32(&w->c);
	cursor_skip(&w->c, 4);
	if (!cursor_ok(&w->c) || word >> 28 != ERSPAN2_VERSION)
		return walk_other(w, COUNT_ERSPAN_BAD);
	return session_decode(w, word & ERSPAN_SESSION);
}

enum decode_result erspan3_decode(struct walk *w)
{
	uint32_t word = cursor_be32(&w->c);
	cursor_skip(&w->c, 6);
	uint16_t last = cursor_be16(&w->c);
	if (last & 1)
		cursor_skip(&w->c, 8);
	if (!cursor_ok(&w->c) || word >> 28 != ERSPAN3_VERSION)
		return walk_other(w, COUNT_ERSPAN_BAD);
	return session_decode(w, word & ERSPAN_SESSION);
}
