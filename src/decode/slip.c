/*
 * decode/slip.c - Serial Line IP (RFC 1055) as captured: 16 bytes of direction and compressed header,
 * then IP.
 */
#include "walk.h"

enum decode_result slip_decode(struct walk *w)
{
	cursor_skip(&w->c, 16);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_RAW_TRUNCATED);
	return raw_decode(w);
}
