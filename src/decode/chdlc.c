/*
 * decode/chdlc.c - Cisco HDLC.
 *
 *   | address 0f or 8f | control 00 | ethertype 2 | ...
 */
#include "walk.h"

enum decode_result chdlc_decode(struct walk *w)
{
	cursor_skip(&w->c, 2);
	uint16_t type = cursor_be16(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_CHDLC_TRUNCATED);
	return decode_ether_type(w, type);
}
