/*
 * decode/frelay.c - Frame Relay (RFC 2427).
 *
 *   | Q.922 address, 2 to 4 bytes, the last is odd | control 03 | 00 | NLPID | ...
 *
 * NLPID cc is IPv4, 8e IPv6, 80 SNAP.  Cisco's own form has an ethertype after the address.
 */
#include "walk.h"

enum { NLPID_SNAP = 0x80, NLPID_IPV6 = 0x8e, NLPID_IPV4 = 0xcc };

static enum decode_result snap_decode(struct walk *w)
{
	uint32_t organisation = cursor_be24(&w->c);
	uint16_t type = cursor_be16(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_FRELAY_TRUNCATED);
	if (organisation == 0)
		return decode_ether_type(w, type);
	if (organisation == 0x0080c2 && (type == 0x0001 || type == 0x0007))
		return decode_ether_type(w, ETHERTYPE_BRIDGED);
	return walk_other(w, COUNT_FRELAY_OTHER);
}

enum decode_result frelay_decode(struct walk *w)
{
	bool is_last = false;
	for (unsigned i = 0; i < 4 && !is_last; i++)
		is_last = cursor_u8(&w->c) & 1;
	struct cursor peek = w->c;
	uint16_t type = cursor_be16(&peek);
	uint8_t control = cursor_u8(&w->c);
	uint8_t nlpid = cursor_u8(&w->c);
	if (nlpid == 0)
		nlpid = cursor_u8(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_FRELAY_TRUNCATED);
	if (!is_last)
		return walk_other(w, COUNT_FRELAY_OTHER);
	if (control == 0x03 && nlpid == NLPID_IPV4)
		return decode_ether_type(w, ETHERTYPE_IPV4);
	if (control == 0x03 && nlpid == NLPID_IPV6)
		return decode_ether_type(w, ETHERTYPE_IPV6);
	if (control == 0x03 && nlpid == NLPID_SNAP)
		return snap_decode(w);
	if (control == 0x03)
		return walk_other(w, COUNT_FRELAY_OTHER);
	w->c = peek;
	return decode_ether_type(w, type);
}
