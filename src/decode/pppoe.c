/*
 * decode/pppoe.c - PPP over Ethernet, session stage (RFC 2516).
 *
 *   | version 4, type 4: 11 | code 00 | session 2 | length 2 | PPP ...
 */
#include "walk.h"

enum decode_result pppoe_decode(struct walk *w)
{
	uint16_t version_code = cursor_be16(&w->c);
	cursor_skip(&w->c, 2);
	size_t len = cursor_be16(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_PPPOE_TRUNCATED);
	if (version_code != 0x1100)
		return walk_other(w, COUNT_PPPOE_OTHER);
	if (len < walk_wire(w))
		walk_limit(w, w->c.pos, len);
	return ppp_decode(w);
}
