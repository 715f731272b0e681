/*
 * decode/radiotap.c - the radiotap header before an 802.11 frame; its numbers are little-endian.
 *
 *   | version 0 | pad 1 | length 2 | present 4, more of them while bit 31 |
 *   | TSFT 8, aligned: bit 0 | flags 1: bit 1 | ...
 *
 * Flag 0x20: the 802.11 header is followed by padding.
 */
#include "walk.h"

enum { RADIOTAP_TSFT = 1u << 0, RADIOTAP_FLAGS = 1u << 1, RADIOTAP_FLAG_DATAPAD = 0x20 };

static bool has_data_pad(struct cursor header)
{
	cursor_skip(&header, 4);
	uint32_t present = cursor_le32(&header);
	uint32_t more = present;
	while (cursor_ok(&header) && (more & 0x80000000))
		more = cursor_le32(&header);
	if (!(present & RADIOTAP_FLAGS))
		return false;
	if (present & RADIOTAP_TSFT) {
		cursor_skip(&header, -cursor_offset(&header) & 7);
		cursor_skip(&header, 8);
	}
	return cursor_u8(&header) & RADIOTAP_FLAG_DATAPAD;
}

enum decode_result radiotap_decode(struct walk *w)
{
	struct cursor peek = w->c;
	uint8_t version = cursor_u8(&peek);
	cursor_skip(&peek, 1);
	size_t len = cursor_le16(&peek);
	struct cursor header = cursor_sub(&w->c, len);
	if (!cursor_ok(&peek) || !cursor_ok(&header) || version != 0 || len < 8)
		return walk_other(w, COUNT_RADIOTAP_BAD);
	w->has_wlan_pad = has_data_pad(header);
	return ieee80211_decode(w);
}
