/*
 * decode/ieee80211.c - IEEE 802.11 data frames that are not encrypted.
 *
 *   | frame control 2 | duration 2 | address1 6 | address2 6 | address3 6 | sequence 2 |
 *   | address4 6: both DS bits | QoS 2: subtype bit 3 | HT 4: QoS and order | LLC ...
 *
 * Only without DS bits are destination and source side by side, as struct packet wants its MAC.
 * Some drivers fill the header to a multiple of four; radiotap tells.
 * Of an A-MSDU (QoS bit 7) the first part is read: | destination 6 | source 6 | length 2 | LLC ...
 */
#include "walk.h"

enum {
	WLAN_TYPE_MASK = 0x0c,
	WLAN_TYPE_DATA = 0x08,
	WLAN_SUBTYPE_NULL = 0x40,
	WLAN_SUBTYPE_QOS = 0x80,
	WLAN_TO_DS = 0x01,
	WLAN_FROM_DS = 0x02,
	WLAN_PROTECTED = 0x40,
	WLAN_ORDER = 0x80,
	WLAN_QOS_AMSDU = 0x80
};

static enum decode_result amsdu_decode(struct walk *w)
{
	const uint8_t *mac = cursor_take(&w->c, 12);
	size_t len = cursor_be16(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_WLAN_TRUNCATED);
	if (len < walk_wire(w)) {
		walk_count(w, COUNT_WLAN_AMSDU_REST);
		walk_limit(w, w->c.pos, len);
	}
	w->p->mac = mac;
	return llc_decode(w);
}

enum decode_result ieee80211_decode(struct walk *w)
{
	const uint8_t *start = w->c.pos;
	uint8_t control = cursor_u8(&w->c);
	uint8_t flags = cursor_u8(&w->c);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_WLAN_TRUNCATED);
	if ((control & WLAN_TYPE_MASK) != WLAN_TYPE_DATA || (control & WLAN_SUBTYPE_NULL))
		return walk_other(w, COUNT_WLAN_NO_DATA);
	if (flags & WLAN_PROTECTED)
		return walk_other(w, COUNT_WLAN_PROTECTED);
	cursor_skip(&w->c, 2);
	const uint8_t *addresses = cursor_take(&w->c, 12);
	cursor_skip(&w->c, 8);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_WLAN_TRUNCATED);

	uint8_t ds = flags & (WLAN_TO_DS | WLAN_FROM_DS);
	uint16_t qos = 0;
	if (ds == 0)
		w->p->mac = addresses;
	if (ds == (WLAN_TO_DS | WLAN_FROM_DS))
		cursor_skip(&w->c, 6);
	if (control & WLAN_SUBTYPE_QOS) {
		qos = cursor_le16(&w->c);
		if (flags & WLAN_ORDER)
			cursor_skip(&w->c, 4);
	}
	if (cursor_ok(&w->c) && w->has_wlan_pad)
		cursor_skip(&w->c, -(size_t)(w->c.pos - start) & 3);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_WLAN_TRUNCATED);
	return qos & WLAN_QOS_AMSDU ? amsdu_decode(w) : llc_decode(w);
}
