/*
 * decode/raw.c - IP without a link layer; the version is in the first four bits.
 */
#include "walk.h"

enum decode_result raw_decode(struct walk *w)
{
	if (cursor_left(&w->c) == 0)
		return walk_other(w, COUNT_RAW_TRUNCATED);
	switch (w->c.pos[0] >> 4) {
	case 4:
		return decode_ether_type(w, ETHERTYPE_IPV4);
	case 6:
		return decode_ether_type(w, ETHERTYPE_IPV6);
	default:
		return walk_other(w, COUNT_RAW_BAD_VERSION);
	}
}
