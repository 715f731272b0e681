/*
 * decode/pbb.c - IEEE 802.1ah provider backbone bridging: a service tag, then the customer's frame.
 *
 *   | priority 3, drop 1, use customer's 1, reserved 3, service 24 | Ethernet ...
 */
#include "walk.h"

enum decode_result pbb_decode(struct walk *w)
{
	cursor_skip(&w->c, 4);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_VLAN_TRUNCATED);
	return decode_ether_type(w, ETHERTYPE_BRIDGED);
}
