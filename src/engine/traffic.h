/*
 * engine/traffic.h - connections and usage before policies.
 *
 * What: each step of a connection (its outcome is known, time or volume has passed, it ends) adds
 * to what its source has sent to that service in the hour and the day, and is shown to the policies
 * over flows and over usage.  What holds and is no mere label becomes a finding of the policy's
 * own, once a connection, or once an hour and target; its alert carries the decision.
 * Ownership: traffic_free frees.  Threads: analysis plane.
 * Limits: POLICY_WINDOWS sums, TRAFFIC_TEXTS connections with content, TRAFFIC_TOLD findings that
 * are known to have been told: one that was forgotten may be told again, and merges.
 */
#ifndef EXFILD_SRC_ENGINE_TRAFFIC_H
#define EXFILD_SRC_ENGINE_TRAFFIC_H

#include "exfild/config/config.h"
#include "exfild/fusion/fusion.h"
#include "exfild/policy/policy.h"
#include "exfild/policy/proof.h"
#include "signatures.h"

#define TRAFFIC_TEXTS    4096
#define TRAFFIC_TOLD     16384
#define TRAFFIC_FINDINGS 2 /* a step gives: of a policy over flows, of one over usage */

struct traffic;

struct traffic_options {
	const struct hash_key *key;     /* of tables */
	const struct hash_key *lasting; /* of what outlives the process */
	const struct context *context;
	struct fusion *fusion;    /* risk and stages of a source; NULL: none */
	struct rule_names *names; /* as long as findings */
};

/* Who looks, each time. */
struct traffic_eyes {
	struct policy *set;
	struct policy_memory *memory;
	const struct policy_proofs *proofs;
	const struct config *config;
};

struct traffic *traffic_new(const struct traffic_options *o); /* NULL: memory */
void traffic_free(struct traffic *t);
/* Another set looks from here on: what of this it needs at all. */
void traffic_set(struct traffic *t, const struct policy *set);
void traffic_keep(struct traffic *t, struct keep_list *list);
#define TRAFFIC_WANTS (1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END | 1ull << EVENT_CONTENT)
/* Each event of these kinds, in order; how many findings there are in ret. */
size_t traffic_event(struct traffic *t, const struct traffic_eyes *eyes, const struct event *e,
		     struct finding ret[TRAFFIC_FINDINGS]);
/* What is known of the conversation that a placed alert is about. */
void traffic_facts(const struct traffic *t, const struct policy *set, const struct alert *a,
		   struct policy_facts *facts);

#endif
