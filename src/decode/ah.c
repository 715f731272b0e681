/*
 * decode/ah.c - IP Authentication Header (RFC 4302); it authenticates and hides nothing.
 *
 *   | next header 1 | length in 4 bytes, less two | reserved 2 | SPI 4 | sequence 4 | value
 */
#include "walk.h"

enum decode_result ah_decode(struct walk *w)
{
	struct walk start = *w;
	uint8_t next = cursor_u8(&w->c);
	size_t words = cursor_u8(&w->c);
	cursor_skip(&w->c, words * 4 + 6);
	if (!cursor_ok(&w->c) || words == 0) {
		*w = start;
		return walk_no_l4(w, COUNT_AH_SHORT_HEADER);
	}
	return w->p->ip_version == 6 ? ipv6_next(w, next) : decode_ip_proto(w, next);
}
