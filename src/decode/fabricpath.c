/*
 * decode/fabricpath.c - Cisco FabricPath: switch addresses where Ethernet has its own, then a tree
 * and a time to live before the frame.
 *
 *   | tree 10, ttl 6 | Ethernet ...
 */
#include "walk.h"

enum decode_result fabricpath_decode(struct walk *w)
{
	cursor_skip(&w->c, 2);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_VLAN_TRUNCATED);
	return decode_ether_type(w, ETHERTYPE_BRIDGED);
}
