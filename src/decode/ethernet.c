/*
 * decode/ethernet.c - Ethernet II and IEEE 802.3.
 *
 *   0           6           12     14
 *   +-----------+-----------+------+----
 *   |destination|  source   | type |  ...
 *   +-----------+-----------+------+----
 *
 * A type below 0x600 is the length of an 802.2 frame that follows; bytes after it are padding.
 */
#include "walk.h"

enum decode_result ethernet_decode(struct walk *w)
{
	struct cursor h = cursor_sub(&w->c, 14);
	if (!cursor_ok(&h))
		return walk_other(w, COUNT_ETHER_TRUNCATED);
	w->p->mac = cursor_take(&h, 12);
	w->p->vlan = 0;
	uint16_t type = cursor_be16(&h);
	if (type >= ETHERTYPE_MIN)
		return decode_ether_type(w, type);
	if (type > 0 && type < walk_wire(w))
		walk_limit(w, w->c.pos, type);
	return llc_decode(w);
}
