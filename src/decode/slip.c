/*
 * decode/slip.c - Serial Line IP (RFC 1055).
 *
 *   | direction 1, compressed header 15 | IP ...        put there by the capture
 */
#include "walk.h"

enum decode_result slip_decode(struct walk *w)
{
	cursor_skip(&w->c, 16);
	if (!cursor_ok(&w->c))
		return walk_other(w, COUNT_RAW_TRUNCATED);
	return raw_decode(w);
}
