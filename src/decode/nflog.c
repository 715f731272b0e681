/*
 * decode/nflog.c - packets that netfilter's NFLOG target gave.
 *
 *   | family 1 | version 0 | resource 2 | { length 2, type 2, value, padding to 4 } ...
 *
 * Numbers of the items are in the order of the machine that captured; every machine in question is
 * little-endian.  The payload item is the IP packet.
 */
#include "walk.h"

enum { NFLOG_PAYLOAD = 9 };

enum decode_result nflog_decode(struct walk *w)
{
	cursor_skip(&w->c, 1);
	uint8_t version = cursor_u8(&w->c);
	cursor_skip(&w->c, 2);
	if (!cursor_ok(&w->c) || version != 0)
		return walk_other(w, COUNT_NFLOG_OTHER);
	while (cursor_left(&w->c) >= 4) {
		size_t len = cursor_le16(&w->c);
		uint16_t type = cursor_le16(&w->c) & 0x7fff;
		if (len < 4)
			break;
		if (type == NFLOG_PAYLOAD) {
			walk_limit(w, w->c.pos, len - 4);
			return raw_decode(w);
		}
		cursor_skip(&w->c, ((len + 3) & ~(size_t)3) - 4);
	}
	return walk_other(w, COUNT_NFLOG_OTHER);
}
