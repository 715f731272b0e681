/*
 * engine/policies.c - see policies.h.
 */
#include "policies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "annals.h"
#include "decisions.h"
#include "policy_words.h"
#include "traffic.h"

#define POLICY_FILE  "/etc/exfild/policy.yaml" /* the default: none, where it is not there */
#define SHARED_NAMES 3 /* from which on the responder wants QUARANTINE_SHARED_RIGHT */

/* Decided when only one side had spoken: asked as soon as the other one has. */
struct unproven {
	struct quarantine_request request;
	struct finding finding;
	uint64_t until_ns;
};

struct policies {
	struct policies_options o;
	struct policy *set;
	struct policy_memory *memory;
	struct policy_proofs *proofs;
	struct traffic *traffic;
	struct finding found[TRAFFIC_FINDINGS]; /* of the event at work */
	struct event_log *log;
	struct enforcer *enforcer; /* live, and quarantine is not off; NULL: nobody is asked */
	const char *mode;
	bool acts; /* a policy can ask for something */
	struct finding *waiting;
	size_t first, count;
	uint64_t lost, decided;
	struct unproven *unproven;
	size_t unproven_count;
};

int policies_from(const struct config *c, bool is_live, struct policy **ret, char *why, size_t size)
{
	const char *zone = is_live ? c->sensor.timezone : "UTC";
	for (size_t i = 0; i < c->policy.file_count; i++) {
		const char *file = c->policy.files[i];
		if (strcmp(file, POLICY_FILE) == 0 || access(file, R_OK) == 0)
			continue;
		(void)snprintf(why, size, "policy.files: %.600s: %s", file, strerror(errno));
		return -EXF_E_IO;
	}
	return policy_load(c->policy.files, c->policy.file_count, zone, ret, why, size);
}

/* Nothing else asks for local time: the zone of the process is that of the policies. */
static void set_timezone(const struct policies_options *o)
{
	if (!o->is_live || strcmp(o->config->sensor.timezone, "UTC") == 0)
		return;
	(void)setenv("TZ", o->config->sensor.timezone, 1);
	tzset();
}

int policies_new(const struct policies_options *o, struct policy *set, struct policies **ret,
		 char *why, size_t size)
{
	struct policies *p = calloc(1, sizeof(*p));
	if (!p) {
		policy_free(set);
		return -EXF_E_NOMEM;
	}
	p->o = *o;
	p->set = set;
	p->acts = policy_acts(set);
	p->mode = o->is_live ? o->config->quarantine.mode : "replay";
	p->memory = policy_memory_new(0);
	p->proofs = policy_proofs_new(o->key);
	p->log = event_log_new();
	p->traffic = traffic_new(&(struct traffic_options){ .key = o->key,
							    .lasting = o->lasting,
							    .context = o->context,
							    .fusion = o->fusion,
							    .names = o->names });
	p->waiting = calloc(POLICY_WAITING, sizeof(*p->waiting));
	p->unproven = calloc(POLICY_UNPROVEN, sizeof(*p->unproven));
	set_timezone(o);
	bool has_memory =
		p->memory && p->proofs && p->log && p->traffic && p->waiting && p->unproven;
	int err = has_memory ? 0 : -EXF_E_NOMEM;
	if (!err)
		traffic_set(p->traffic, set);
	if (!err && o->is_live && strcmp(p->mode, "off") != 0)
		err = enforcer_start(o->config->quarantine.socket, &p->enforcer);
	if (!err) {
		if (policy_count(set))
			log_info("policy", "%zu policies", policy_count(set));
		*ret = p;
		return 0;
	}
	(void)snprintf(why, size, "memory is exhausted");
	policies_free(p);
	return err;
}

void policies_free(struct policies *p)
{
	if (!p)
		return;
	enforcer_stop(p->enforcer);
	policy_free(p->set);
	policy_memory_free(p->memory);
	policy_proofs_free(p->proofs);
	traffic_free(p->traffic);
	event_log_free(p->log);
	free(p->waiting);
	free(p->unproven);
	free(p);
}

struct policy *policies_take(struct policies *p, const struct config *c, struct policy *fresh)
{
	struct policy *old = p->set;
	p->o.config = c;
	p->set = fresh;
	p->acts = policy_acts(fresh);
	traffic_set(p->traffic, fresh);
	return old;
}

void policies_keep(struct policies *p, struct keep_list *list)
{
	policy_memory_keep(p->memory, list);
	traffic_keep(p->traffic, list);
}

void policies_snapshot(const struct policies *p, struct snap_policy *ret)
{
	struct enforcer_counts k = { .asked = 0 };
	if (p->enforcer)
		enforcer_counts(p->enforcer, &k);
	*ret = (struct snap_policy){ .policies = policy_count(p->set),
				     .decided = p->decided,
				     .asked = k.asked,
				     .done = k.done,
				     .refused = k.refused,
				     .failed = k.failed,
				     .unqueued = k.full,
				     .is_away = p->enforcer && enforcer_is_away(p->enforcer),
				     .can_ask = p->enforcer != NULL };
}

static void forget_unproven(struct policies *p, size_t i)
{
	p->unproven_count--;
	memmove(&p->unproven[i], &p->unproven[i + 1],
		(p->unproven_count - i) * sizeof(p->unproven[0]));
}

/* What waits for an answer, when there is one. */
static void look_again(struct policies *p, uint64_t now_ns)
{
	for (size_t i = 0; i < p->unproven_count;) {
		struct unproven *u = &p->unproven[i];
		u->finding.time_ns = now_ns;
		const struct policy_facts facts = policy_proofs_of(p->proofs, &u->finding);
		bool is_proven = facts.proof != ALERT_PROOF_NONE && !facts.moved;
		if (is_proven && p->enforcer)
			(void)enforcer_put(p->enforcer, &u->request);
		if (is_proven || now_ns > u->until_ns)
			forget_unproven(p, i);
		else
			i++;
	}
}

static struct finding *place_for(struct policies *p)
{
	if (p->count == POLICY_WAITING) {
		p->lost++;
		return NULL;
	}
	return &p->waiting[(p->first + p->count++) % POLICY_WAITING];
}

bool policies_event(struct policies *p, const struct event *e)
{
	const struct traffic_eyes eyes = { p->set, p->memory, p->proofs, p->o.config };
	if (p->acts && policy_proofs_event(p->proofs, e) && p->unproven_count)
		look_again(p, e->time_ns);
	if (!(TRAFFIC_WANTS >> e->kind & 1))
		return false;
	size_t n = traffic_event(p->traffic, &eyes, e, p->found);
	for (size_t i = 0; i < n; i++) {
		struct finding *f = place_for(p);
		if (f)
			*f = p->found[i];
	}
	return n > 0;
}

/* --- what is asked of the responder --------------------------------------------------------- */

static void put_text(char *dst, size_t size, const char *text)
{
	size_t n = 0;
	for (; *text && n + 1 < size; text++)
		dst[n++] = *text >= ' ' && *text <= '~' ? *text : '?';
	dst[n] = '\0';
}

static void make_request(const struct policy_decision *d, const struct event_alert *e,
			 const struct alert *a, struct quarantine_request *r)
{
	bool by_destination = d->rule->target == POLICY_DESTINATION;
	char rule[96], reason[400];
	quarantine_prepare(r, QUARANTINE_ADD);
	r->host = by_destination ? e->e.dst : e->e.src;
	r->names = e->shared ? SHARED_NAMES : 0;
	r->ttl_s = d->ttl_s;
	r->flags = d->rule->shared ? QUARANTINE_SHARED_RIGHT : 0;
	if (d->rule->target == POLICY_PAIR) {
		r->kind = QUARANTINE_PAIR;
		r->peer = e->e.dst;
	} else {
		r->kind = d->action == POLICY_BLOCK      ? QUARANTINE_PEER :
			  d->action == POLICY_RATE_LIMIT ? QUARANTINE_SLOW :
							   QUARANTINE_HOST;
	}
	(void)snprintf(rule, sizeof(rule), "policy:%s", d->rule->name);
	finding_text(reason, sizeof(reason), "%s: %s", a->finding.rule, a->finding.message);
	put_text(r->alert, sizeof(r->alert), a->alert_id);
	put_text(r->rule, sizeof(r->rule), rule);
	put_text(r->reason, sizeof(r->reason), reason);
}

void policies_moved(struct policies *p, const struct ipaddr *host, const char *to)
{
	struct quarantine_request r;
	char reason[sizeof(r.reason)];
	policy_memory_forget(p->memory, host);
	if (!p->enforcer)
		return;
	quarantine_prepare(&r, QUARANTINE_MOVED);
	r.host = *host;
	(void)snprintf(reason, sizeof(reason), "the address is %.64s's now", to);
	put_text(r.reason, sizeof(r.reason), reason);
	(void)enforcer_put(p->enforcer, &r);
}

static const char *wait_for_proof(struct policies *p, const struct policy_decision *d,
				  const struct event_alert *e, const struct alert *a)
{
	if (p->unproven_count == POLICY_UNPROVEN)
		forget_unproven(p, 0);
	struct unproven *u = &p->unproven[p->unproven_count++];
	make_request(d, e, a, &u->request);
	u->finding = a->finding;
	u->until_ns = a->finding.time_ns + POLICY_UNPROVEN_NS;
	return "refused so far: only one side has spoken, so one forged sender could have made "
	       "this; asked if the other side answers within a minute";
}

static const char *ask(struct policies *p, const struct policy_decision *d,
		       const struct event_alert *e, const struct alert *a)
{
	struct quarantine_request r;
	const char *against = policy_gate(d, e);
	if (against && policy_lacks_proof(d, e))
		return wait_for_proof(p, d, e, a);
	if (against)
		return against;
	if (!p->o.is_live)
		return "would be asked of the responder; a replay asks nobody";
	if (!p->enforcer)
		return "not asked: quarantine.mode is off";
	if (enforcer_is_away(p->enforcer)) {
		make_request(d, e, a, &r); /* it may be back */
		(void)enforcer_put(p->enforcer, &r);
		return "could not decide: the responder did not answer the last time; traffic flows "
		       "until it does";
	}
	if (policy_memory_asked(p->memory, e, d->action))
		return "asked of the responder, with an earlier revision";
	make_request(d, e, a, &r);
	return enforcer_put(p->enforcer, &r) ?
		       "asked of the responder; its answer is an alert of its own" :
		       "could not decide: too many requests wait for the responder; traffic flows";
}

/* --- deciding ------------------------------------------------------------------------------- */

static const struct event_alert *record_of(struct policies *p, const struct alert *a)
{
	struct policy_facts facts = { .proof = ALERT_PROOF_NONE };
	if (p->acts)
		facts = policy_proofs_of(p->proofs, &a->finding);
	facts.config = p->o.config;
	traffic_facts(p->traffic, p->set, a, &facts);
	event_log_reset(p->log);
	return policy_record(p->set, p->log, a, p->o.context, &facts);
}

/*
 * What a policy over traffic has said is decided by that policy, what else policy itself has said
 * not again.
 */
static bool decide_own(struct policies *p, const struct alert *a, const struct event_alert *e,
		       struct policy_decision *d)
{
	const struct finding *f = &a->finding;
	return strcmp(f->rule, POLICY_ACT_RULE) != 0 && f->feature_count &&
	       policy_decide_own(p->set, p->memory, e, f->rule + strlen(POLICY_PREFIX),
				 f->features[0].text, d);
}

static bool is_own(const struct finding *f)
{
	return strncmp(f->rule, POLICY_PREFIX, strlen(POLICY_PREFIX)) == 0 ||
	       strcmp(f->rule, POLICY_ACT_RULE) == 0;
}

static bool decide(struct policies *p, const struct alert *a, const struct event_alert *e,
		   struct policy_decision *d)
{
	if (is_own(&a->finding))
		return decide_own(p, a, e, d);
	policy_decide(p->set, p->memory, e, d);
	return d->rule != NULL;
}

void policies_decide(void *arg, struct alert *a)
{
	struct policies *p = arg;
	struct policy_decision d;
	if (!policy_count(p->set))
		return;
	const struct event_alert *e = record_of(p, a);
	if (!decide(p, a, e, &d))
		return;
	struct alert_policy *to = &a->policy;
	p->decided++;
	(void)str_copy(to->rule, sizeof(to->rule), d.rule->name);
	finding_text(to->why, sizeof(to->why), "%s", d.why);
	to->action = policy_action_name(d.action);
	to->target = policy_target_name(d.rule->target);
	to->ttl_s = d.ttl_s;
	to->step = (uint8_t)d.step;
	if (d.action >= POLICY_RATE_LIMIT) {
		to->mode = p->mode;
		(void)str_copy(to->outcome, sizeof(to->outcome), ask(p, &d, e, a));
	}
	bool has_own = d.action == POLICY_ALERT && !e->drill && !is_own(&a->finding);
	struct finding *f = has_own ? place_for(p) : NULL;
	if (f)
		policy_finding(p->o.names, &d, a, f);
}

static bool is_told(const struct enforcer_note *n)
{
	return n->kind == ENFORCER_FAILED || n->act.kind < QUARANTINE_ACT__COUNT;
}

bool policies_next(struct policies *p, uint64_t now_ns, struct finding *ret)
{
	struct enforcer_note note;
	if (p->count) {
		*ret = p->waiting[p->first];
		p->first = (p->first + 1) % POLICY_WAITING;
		p->count--;
		return true;
	}
	if (!p->enforcer || !now_ns || !enforcer_take(p->enforcer, &note) || !is_told(&note))
		return false;
	annals_quarantine(p->o.annals, &note);
	decisions_put(p->o.decisions, &note);
	policy_act_finding(&note, now_ns, ret);
	return true;
}
