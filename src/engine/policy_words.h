/*
 * engine/policy_words.h - the alerts of policies, and of the responder's acts.
 *
 * Ownership: values.  Threads: analysis plane.
 */
#ifndef EXFILD_SRC_ENGINE_POLICY_WORDS_H
#define EXFILD_SRC_ENGINE_POLICY_WORDS_H

#include "exfild/policy/policy.h"
#include "enforcer.h"
#include "signatures.h"

#define POLICY_ACT_RULE "quarantine"
#define POLICY_PREFIX   "policy:" /* and its name: rule.id of what a policy says itself */

/* An `action: alert`, or a policy over traffic: one of the policy's own, about the same two ends.
 */
void policy_finding(struct rule_names *names, const struct policy_decision *d,
		    const struct alert *a, struct finding *ret);
void policy_act_finding(const struct enforcer_note *n, uint64_t now_ns, struct finding *ret);

#endif
