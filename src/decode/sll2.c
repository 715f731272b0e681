/*
 * decode/sll2.c - Linux cooked capture, version 2 (LINKTYPE_LINUX_SLL2).
 *
 *   | protocol 2 | reserved 2 | interface 4 | ARPHRD 2 | packet type 1 | length 1 | address 8 | ...
 */
#include "walk.h"

enum { SLL2_PROTOCOL_802_2 = 4 };

enum decode_result sll2_decode(struct walk *w)
{
	uint16_t protocol = cursor_be16(&w->c);
	cursor_skip(&w->c, 18);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_SLL_TRUNCATED);
	if (protocol >= ETHERTYPE_MIN)
		return decode_ether_type(w, protocol);
	if (protocol == SLL2_PROTOCOL_802_2)
		return llc_decode(w);
	return walk_other(w, COUNT_SLL_OTHER);
}
