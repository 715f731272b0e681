/*
 * decode/fddi.c - Fiber Distributed Data Interface.
 *
 *   | frame control 1 | destination 6 | source 6 | LLC ...
 */
#include "walk.h"

enum decode_result fddi_decode(struct walk *w)
{
	uint8_t control = cursor_u8(&w->c);
	const uint8_t *mac = cursor_take(&w->c, 12);
	if (!mac)
		return walk_other(w, COUNT_FDDI_TRUNCATED);
	if ((control & 0xf0) != 0x50) /* asynchronous LLC */
		return walk_other(w, COUNT_FDDI_OTHER);
	w->p->mac = mac;
	return llc_decode(w);
}
