/*
 * decode/prism.c - the prism header before an 802.11 frame; the order of its bytes is the host's.
 *
 *   | message code 4 | message length 4, all of the header | device name 16 | items |
 */
#include "walk.h"

enum decode_result prism_decode(struct walk *w)
{
	struct cursor peek = w->c;
	cursor_skip(&peek, 4);
	uint32_t len = cursor_le32(&peek);
	if (len > 0xffff)
		len = __builtin_bswap32(len);
	cursor_skip(&w->c, len);
	if (!cursor_ok(&peek) || !cursor_ok(&w->c) || len < 8)
		return walk_other(w, COUNT_PRISM_BAD);
	return ieee80211_decode(w);
}
