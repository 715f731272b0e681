/*
 * decode/sctp.c - Stream Control Transmission Protocol (RFC 9260): its common header.
 *
 *   | sport 2 | dport 2 | verification tag 4 | checksum 4 | chunks
 */
#include "walk.h"

enum decode_result sctp_decode(struct walk *w)
{
	struct cursor h = cursor_sub(&w->c, 12);
	if (!cursor_ok(&h))
		return walk_no_l4(w, COUNT_SCTP_SHORT_HEADER);
	w->p->sport = cursor_be16(&h);
	w->p->dport = cursor_be16(&h);
	return walk_payload(w, walk_wire(w));
}
