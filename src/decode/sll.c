/*
 * decode/sll.c - Linux cooked capture, version 1 (LINKTYPE_LINUX_SLL).
 *
 *   | packet type 2 | ARPHRD 2 | address length 2 | address 8 | protocol 2 | ...
 *
 * The protocol is an ethertype, or 4 for 802.2; with some ARPHRD (netlink, CAN, 802.11) it is
 * something else, whose numbers are below 0x600.
 */
#include "walk.h"

enum { SLL_PROTOCOL_802_2 = 4 };

enum decode_result sll_decode(struct walk *w)
{
	cursor_skip(&w->c, 14);
	uint16_t protocol = cursor_be16(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_SLL_TRUNCATED);
	if (protocol >= ETHERTYPE_MIN)
		return decode_ether_type(w, protocol);
	if (protocol == SLL_PROTOCOL_802_2)
		return llc_decode(w);
	return walk_other(w, COUNT_SLL_OTHER);
}
