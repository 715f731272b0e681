/*
 * decode/vlan.c - IEEE 802.1Q tags, also stacked (802.1ad, and 9100 of older switches).
 *
 *   | priority 3, drop 1, id 12 | type | ...        id 0 is a priority without a VLAN
 */
#include "walk.h"

enum decode_result vlan_decode(struct walk *w)
{
	uint16_t tag = cursor_be16(&w->c);
	uint16_t type = cursor_be16(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_VLAN_TRUNCATED);
	if (tag & 0xfff)
		w->p->vlan = tag & 0xfff;
	if (type >= ETHERTYPE_MIN)
		return decode_ether_type(w, type);
	if (type > 0 && type < walk_wire(w))
		walk_limit(w, w->c.pos, type);
	return llc_decode(w);
}
