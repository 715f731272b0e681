/*
 * decode/ppp.c - Point-to-Point Protocol (RFC 1661, RFC 1662).
 *
 *   | address ff, control 03: may be left out | protocol 2, or 1 if its first byte would be 0 | ...
 *
 * A serial link (LINKTYPE_PPP_HDLC) may carry Cisco HDLC instead, whose address is 0f or 8f.
 */
#include "walk.h"

enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281, PPP_MPLS_MULTICAST = 0x0283 };

enum decode_result ppp_decode(struct walk *w)
{
	struct cursor peek = w->c;
	uint16_t head = cursor_be16(&peek);
	if (head == 0x0f00 || head == 0x8f00)
		return chdlc_decode(w);
	if (head == 0xff03)
		w->c = peek;
	uint16_t protocol = cursor_u8(&w->c);
	if (!(protocol & 1))
		protocol = (uint16_t)(protocol << 8 | cursor_u8(&w->c));
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_PPP_TRUNCATED);
	switch (protocol) {
	case PPP_IPV4:
		return decode_ether_type(w, ETHERTYPE_IPV4);
	case PPP_IPV6:
		return decode_ether_type(w, ETHERTYPE_IPV6);
	case PPP_MPLS:
	case PPP_MPLS_MULTICAST:
		return decode_ether_type(w, ETHERTYPE_MPLS);
	default:
		return walk_other(w, COUNT_PPP_OTHER);
	}
}
