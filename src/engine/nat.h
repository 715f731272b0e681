/*
 * engine/nat.h - a flow before and after the gateway's address translation (live).
 *
 * What: where both sides of a masquerading gateway are watched, each packet comes twice: with the
 * true address, and with one of the gateway's own.  The two agree in the other end, in all that is
 * theirs (sequence numbers, identification, length) and in their bytes.  Once two have agreed, the
 * flow with the gateway's address is left out.  A packet of such an address whose flow is not known
 * yet waits for its like until all workers are NAT_WAIT_NS past it; if none comes, the flow is
 * the gateway's own.
 * Ownership: plain memory.
 * Threads: any; the workers share it, since the two sides belong to different ones.
 * Limits: direct-mapped tables of NAT_SEEN packets and NAT_FLOWS flows: what is pushed out is
 * looked at again.
 */
#ifndef EXFILD_SRC_ENGINE_NAT_H
#define EXFILD_SRC_ENGINE_NAT_H

#include <stdbool.h>

#include "exfild/base/hash.h"
#include "exfild/decode/packet.h"

#define NAT_SEEN    131072
#define NAT_FLOWS   16384
#define NAT_WAIT_NS 40000000ull     /* rings give their packets at most so far apart */
#define NAT_TWIN_NS 300000000ull    /* the two sides of a packet are closer than this */
#define NAT_IDLE_NS 600000000000ull /* a left-out flow is forgotten after this */
#define NAT_OWN_NS  10000000000ull  /* that a flow is the gateway's own is looked at again */

struct nat;

enum nat_verdict {
	NAT_JUDGE,     /* not a translated one */
	NAT_LEAVE_OUT, /* its like with the true address is judged */
	NAT_WAIT,      /* give it again, with is_last, when NAT_WAIT_NS have passed */
};

struct nat *nat_new(const struct hash_key *key);
void nat_free(struct nat *n);

/* The same number for all packets of a flow, never 0. */
uint64_t nat_flow(const struct nat *n, const struct packet *p);
/* has_own: whether that end is an address of this machine; is_last: it has waited. */
enum nat_verdict nat_packet(struct nat *n, uint32_t input, const struct packet *p, bool has_own_src,
			    bool has_own_dst, bool is_last);

#endif
