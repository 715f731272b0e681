/*
 * engine/policy_words.c - see policy_words.h.
 */
#include "policy_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"

void policy_finding(struct rule_names *names, const struct policy_decision *d,
		    const struct alert *a, struct finding *ret)
{
	const struct finding *f = &a->finding;
	char text[128], title[91];
	(void)snprintf(text, sizeof(text), "policy:%s", d->rule->name);
	finding_text(title, sizeof(title), "%s", d->about->title);
	finding_init(ret, "policy", rule_names_stay(names, text), rule_names_stay(names, title));
	ret->class = FINDING_POLICY;
	ret->severity = policy_severity(d);
	ret->score = f->score;
	ret->confidence = f->confidence;
	ret->subject = f->subject;
	ret->peer = f->peer;
	ret->start_ns = f->start_ns;
	ret->end_ns = f->end_ns;
	ret->time_ns = f->time_ns;
	ret->count = f->count;
	ret->proto = f->proto;
	ret->app = f->app;
	ret->vlan = f->vlan;
	ret->tunnel_id = f->tunnel_id;
	ret->tunnel_key = f->tunnel_key;
	ret->tunnel_type = f->tunnel_type;
	ret->flow = f->flow;
	ret->flow_src = f->flow_src;
	ret->flow_dst = f->flow_dst;
	ret->flow_sport = f->flow_sport;
	ret->flow_dport = f->flow_dport;
	ret->visibility = f->visibility;
	memcpy(ret->packets, f->packets, sizeof(ret->packets));
	ret->packet_count = f->packet_count;
	memcpy(ret->domain, f->domain, sizeof(ret->domain));
	memcpy(ret->filter, f->filter, sizeof(ret->filter));
	memcpy(ret->service, f->service, sizeof(ret->service));
	memcpy(ret->service_category, f->service_category, sizeof(ret->service_category));
	ret->service_sanctioned = f->service_sanctioned;
	finding_text(ret->object, sizeof(ret->object), "%s", f->rule);
	finding_feature(ret, "policy", 1, NAN, NAN, f->score, f->score, "%s", d->why);
	finding_text(ret->message, sizeof(ret->message), "%s: %s", d->about->title, f->message);
	finding_text(ret->counterfactual, sizeof(ret->counterfactual),
		     "silent without the policy %s", d->rule->name);
	finding_text(ret->not_harmless, sizeof(ret->not_harmless), "%s",
		     d->about->description[0] ? d->about->description :
						"The policy says no more than its title.");
	finding_text(ret->unseen, sizeof(ret->unseen), "%s", f->unseen);
	if (a->alert_id[0])
		finding_step(ret, "Look at the alert it is about: %.32s (%s)", a->alert_id,
			     f->rule);
	else
		finding_step(ret, "Ask %s's user, or its owner, what it was",
			     a->source_name[0] ? a->source_name : "the source");
}

static const struct {
	const char *words; /* "%s" is the target */
	enum severity severity;
} acts[QUARANTINE_ACT__COUNT] = {
	[QUARANTINE_ACT_ADDED] = { "cut off", SEVERITY_HIGH },
	[QUARANTINE_ACT_EXTENDED] = { "cut off for longer", SEVERITY_LOW },
	[QUARANTINE_ACT_RELEASED] = { "released", SEVERITY_LOW },
	[QUARANTINE_ACT_EXPIRED] = { "free again: its time is over", SEVERITY_LOW },
	[QUARANTINE_ACT_REFUSED] = { "not cut off: the responder refused", SEVERITY_MEDIUM },
	[QUARANTINE_ACT_OFF] = { "quarantine is off: all are released", SEVERITY_MEDIUM },
	[QUARANTINE_ACT_ON] = { "quarantine is on again", SEVERITY_LOW },
	[QUARANTINE_ACT_RESTORED] = { "someone took the rules of quarantine away; they are back",
				      SEVERITY_HIGH },
	[QUARANTINE_ACT_STOPPED] = { "quarantine has stopped: its rules were taken away again",
				     SEVERITY_CRITICAL },
};

static void print_target(const struct quarantine_entry *e, char *dst, size_t size)
{
	char host[IPADDR_TEXT_MAX], peer[IPADDR_TEXT_MAX];
	(void)ipaddr_print(&e->host, host, sizeof(host));
	if (e->kind == QUARANTINE_PAIR)
		(void)snprintf(dst, size, "%s and %s", host,
			       ipaddr_print(&e->peer, peer, sizeof(peer)));
	else
		(void)snprintf(dst, size, "%s", host);
}

static void set_subject(const struct quarantine_entry *e, struct finding *f)
{
	static const struct ipaddr none;
	if (ipaddr_equal(&e->host, &none))
		return;
	f->subject.ip = e->host;
	f->subject.has_ip = true;
	if (e->kind == QUARANTINE_PAIR) {
		f->peer.ip = e->peer;
		f->peer.has_ip = true;
	}
}

void policy_act_finding(const struct enforcer_note *n, uint64_t now_ns, struct finding *ret)
{
	const struct quarantine_entry *e = &n->act.entry;
	bool is_act = n->kind == ENFORCER_ACT;
	char target[2 * IPADDR_TEXT_MAX + 8] = "";
	const char *words = is_act ? acts[n->act.kind].words : "could not be cut off";
	finding_init(ret, "policy", POLICY_ACT_RULE, "Quarantine");
	ret->class = FINDING_SENSOR;
	ret->severity = is_act ? acts[n->act.kind].severity : SEVERITY_HIGH;
	if (is_act && n->act.mode == QUARANTINE_MODE_DRY_RUN && ret->severity > SEVERITY_LOW)
		ret->severity = SEVERITY_LOW;
	ret->score = ret->confidence = 1;
	ret->time_ns = ret->start_ns = ret->end_ns = now_ns;
	ret->count = 1;
	set_subject(e, ret);
	print_target(e, target, sizeof(target));
	finding_text(ret->object, sizeof(ret->object), "%s %s %s",
		     is_act ? quarantine_act_name(n->act.kind) : "failed", target, e->alert);
	finding_text(ret->message, sizeof(ret->message), "%s%s%s%s%s%s%s%s%s%s",
		     is_act && n->act.mode == QUARANTINE_MODE_DRY_RUN ? "Dry run: " : "",
		     ret->subject.has_ip ? target : "", ret->subject.has_ip ? ": " : "", words,
		     e->rule[0] ? ", by " : "", e->rule, e->alert[0] ? ", alert " : "", e->alert,
		     n->text[0] ? ": " : "", n->text);
	if (!is_act)
		finding_text(ret->not_harmless, sizeof(ret->not_harmless),
			     "Traffic flows: the responder could not be asked.");
	else
		finding_text(ret->not_harmless, sizeof(ret->not_harmless),
			     "The responder's own record of what it did; exfilctl quarantine log "
			     "has all.");
	finding_feature(ret, is_act ? quarantine_act_name(n->act.kind) : "failed", 1, NAN, NAN, 1,
			1, "%s", e->reason[0] ? e->reason : words);
	if (is_act && n->act.kind == QUARANTINE_ACT_ADDED)
		finding_step(ret, "If it was wrong: exfilctl quarantine release %s", target);
	else
		finding_step(ret, "exfilctl quarantine list");
}
