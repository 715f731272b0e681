/*
 * engine/policies.h - policies before the sinks, and their way to the responder.
 *
 * What: each alert is decided before it goes out, and each step of a connection (traffic.h); what a
 * policy wants done is asked of exfild-responder by a thread of its own (enforcer.h), live only: a
 * replay says what would have been done.  The policies' own alerts and the responder's acts are
 * findings, which the analysis takes when it is between two others. Ownership: policies_free frees.
 * Threads: analysis plane, where nothing else is said. Limits: POLICY_WAITING findings wait,
 * further ones are counted; POLICY_UNPROVEN decisions wait POLICY_UNPROVEN_NS for the other side's
 * answer, the oldest goes first.
 */
#ifndef EXFILD_SRC_ENGINE_POLICIES_H
#define EXFILD_SRC_ENGINE_POLICIES_H

#include "exfild/config/config.h"
#include "exfild/control/snapshot.h"
#include "exfild/policy/policy.h"
#include "exfild/policy/proof.h"
#include "enforcer.h"
#include "signatures.h"

#define POLICY_WAITING     64
#define POLICY_UNPROVEN    32
#define POLICY_UNPROVEN_NS (60ull * 1000000000)

struct annals;
struct decisions;
struct policies;

struct policies_options {
	const struct config *config;
	const struct context *context;
	struct rule_names *names; /* as long as the policies */
	const struct hash_key *key;
	const struct hash_key *lasting; /* of what outlives the process */
	struct fusion *fusion;          /* risk and stages of hosts; NULL: none */
	struct decisions *decisions;    /* where acts of the responder go as well; NULL: nowhere */
	struct annals *annals;          /* where acts of the responder are kept; NULL: nowhere */
	bool is_live;
};

/* Any thread: those of a configuration; ret_why has file:line:column and a sentence. */
int policies_from(const struct config *c, bool is_live, struct policy **ret, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
/* Takes the set. */
int policies_new(const struct policies_options *o, struct policy *set, struct policies **ret,
		 char *ret_why, size_t why_size) EXF_MUST_USE;
void policies_free(struct policies *p);
/* Another set from here on; the old one is the caller's. */
struct policy *policies_take(struct policies *p, const struct config *c, struct policy *fresh);
void policies_keep(struct policies *p, struct keep_list *list);

/* Each event, in order, before the detectors.  True: a finding waits, of a policy over traffic. */
bool policies_event(struct policies *p, const struct event *e);
/* An address is another machine's from now on: what was decided about the one before ends. */
void policies_moved(struct policies *p, const struct ipaddr *host, const char *to);
/* alert_options.decide: fills alert.policy. */
void policies_decide(void *arg, struct alert *a);
/* The next finding that waits; false: none does. */
bool policies_next(struct policies *p, uint64_t now_ns, struct finding *ret);
void policies_snapshot(const struct policies *p, struct snap_policy *ret);

#endif
