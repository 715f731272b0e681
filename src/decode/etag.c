/*
 * decode/etag.c - IEEE 802.1BR extension tag: ports of a bridge, no VLAN.
 *
 *   | priority 3, drop 1, ingress 12 | 2, group 2, channel 12 | ingress 8, channel 8 | type 2 | ...
 */
#include "walk.h"

enum decode_result etag_decode(struct walk *w)
{
	cursor_skip(&w->c, 6);
	uint16_t type = cursor_be16(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_VLAN_TRUNCATED);
	return decode_ether_type(w, type);
}
