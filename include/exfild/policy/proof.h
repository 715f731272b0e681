/*
 * policy/proof.h - whether somebody is who its address says.
 *
 * What: an address on the wire proves nothing: one forged sender can make any host ask, scan or
 * connect.  What it cannot make is the other side going on with it: content that a TCP server sends
 * comes after a handshake that only the true address can complete; an answer of another protocol
 * shows that the other side was asked.  Flows and pairs for which that was seen are kept here, and
 * the link addresses that inside sources used.
 * Ownership: policy_proofs_free frees.  Threads: analysis plane.
 * Limits: PROOF_FLOWS flows, PROOF_PAIRS pairs, PROOF_HOSTS sources: the one longest silent goes
 * first, and is then not proven.
 */
#ifndef EXFILD_POLICY_PROOF_H
#define EXFILD_POLICY_PROOF_H

#include "exfild/policy/policy.h"

#define PROOF_FLOWS   32768
#define PROOF_PAIRS   16384
#define PROOF_HOSTS   16384
#define PROOF_PAIR_NS (600ull * 1000000000) /* so long what a pair has shown holds */
#define PROOF_MOVED_NS                                                     \
 (600ull * 1000000000) /* so long a second link address makes one doubtful \
			*/

struct policy_proofs;

struct policy_proofs *policy_proofs_new(const struct hash_key *key); /* NULL: memory */
void policy_proofs_free(struct policy_proofs *p);
/* Every event, in order; whether it shows anything. */
bool policy_proofs_event(struct policy_proofs *p, const struct event *e);
/*
 * Of a finding's flow.  Where that is TCP it alone counts; of other protocols, each of whose
 * questions may be a flow, what the pair has shown lately counts too, and so it does where no flow
 * is named.
 */
struct policy_facts policy_proofs_of(const struct policy_proofs *p, const struct finding *f);

#endif
