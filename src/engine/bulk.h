/*
 * engine/bulk.h - the flows whose long packets one worker does not need whole.
 *
 * What: who only counts a flow's packets says so of each long one; the fastest such TCP flows are
 * told to the kernel, which then hands over their headers only (capture/shorten.h).  Lengths and so
 * all counts stay right.  Of those that are faster still it hands over some packets only, and of
 * their answers too, but for data that are read.  A flow that goes, or whose content is wanted
 * again, comes whole again.
 *
 * Ownership: bulk_free().
 * Threads: one worker's.
 * Limits: BULK_SEEN flows are looked at, by hash, the slower one gives way; SHORTEN_FLOWS are cut.
 */
#ifndef EXFILD_SRC_ENGINE_BULK_H
#define EXFILD_SRC_ENGINE_BULK_H

#include "exfild/capture/shorten.h"
#include "exfild/decode/packet.h"

#define BULK_SEEN 256
#define BULK_STEP 131072u  /* bytes within a turn that make a flow worth it: 10 Mbit/s */
#define BULK_THIN 4194304u /* that make it worth being thinned: 335 Mbit/s, some rounds a turn */
#define BULK_REST 10       /* turns in which an eighth of that does not come, and it is left */

struct bulk;

/* after_bytes: of a flow, so many come whole in any case. */
struct bulk *bulk_new(uint64_t after_bytes);
void bulk_free(struct bulk *b);

/*
 * A packet whose content nobody wants, of a flow that has carried so many bytes of payload.
 * True: of its flow only some packets come, or soon will.
 */
bool bulk_count(struct bulk *b, const struct packet *p, uint64_t payload, bool reads_answers);
/* A packet whose content is wanted. */
void bulk_want(struct bulk *b, const struct packet *p);
/* Every 100 ms: looks who rests. */
void bulk_turn(struct bulk *b);
/* True: since it was asked last the flows to cut have become others: *ret_count of them; a thin
 * one stands there once more for its answers. */
bool bulk_list(struct bulk *b, struct shorten_flow ret[SHORTEN_FLOWS], size_t *ret_count);

/* All that is asked of most packets. */
static inline bool bulk_concerns(const struct packet *p)
{
	return p->proto == PROTO_TCP && !p->tunnel_depth &&
	       (p->ip_len >= SHORTEN_LEAST || (p->tcp_flags & TCP_SYN));
}

#endif
