/*
 * decode/llc.c - IEEE 802.2 logical link control with SNAP (RFC 1042); also ATM (RFC 2684).
 *
 *   | DSAP aa | SSAP aa | control 03 | organisation, 3 | type, 2 | ...
 *
 * Organisation 000000 (and 0000f8, bridge tunnel encapsulation): the type is an ethertype.
 * Organisation 0080c2 (RFC 2684): 0001 and 0007 are bridged Ethernet with and without its checksum.
 */
#include "walk.h"

enum { LLC_SAP_IP = 0x06, LLC_SAP_SNAP = 0xaa, LLC_UI = 0x03 };
enum { SNAP_ENCAP = 0x000000, SNAP_TUNNEL = 0x0000f8, SNAP_BRIDGED = 0x0080c2 };

enum decode_result llc_decode(struct walk *w)
{
	uint8_t dsap = cursor_u8(&w->c);
	uint8_t ssap = cursor_u8(&w->c);
	uint8_t control = cursor_u8(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_LLC_TRUNCATED);
	if (dsap == LLC_SAP_IP && ssap == LLC_SAP_IP && control == LLC_UI)
		return decode_ether_type(w, ETHERTYPE_IPV4);
	if (dsap != LLC_SAP_SNAP || (ssap & 0xfe) != LLC_SAP_SNAP || control != LLC_UI)
		return walk_other(w, COUNT_LLC_OTHER);
	uint32_t organisation = cursor_be24(&w->c);
	uint16_t type = cursor_be16(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_LLC_TRUNCATED);
	if (organisation == SNAP_ENCAP || organisation == SNAP_TUNNEL)
		return decode_ether_type(w, type);
	if (organisation == SNAP_BRIDGED && (type == 0x0001 || type == 0x0007)) {
		cursor_skip(&w->c, 2);
		return decode_ether_type(w, ETHERTYPE_BRIDGED);
	}
	return walk_other(w, COUNT_LLC_OTHER);
}
