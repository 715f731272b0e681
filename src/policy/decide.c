/*
 * policy/decide.c - which policy decides an alert, and what speaks against doing it.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

void record_text(const struct event_alert *e, const struct event_str *s, char *dst, size_t size)
{
	dst[0] = '\0';
	if (s->off)
		(void)str_escape(dst, size, event_str_data(&e->e, s), s->len);
}

/* "source_zone: 'payroll' of payroll; bytes_out|gte: '5000000' of 1000000" */
static void say_parts(const struct signature_hit *hit, char *dst, size_t size)
{
	size_t n = 0;
	dst[0] = '\0';
	for (unsigned i = 0; i < hit->part_count && n < size; i++) {
		const struct signature_part *part = &hit->parts[i];
		n += (size_t)snprintf(dst + n, size - n, "%s%s: '%s' of %s", i ? "; " : "",
				      part->field, part->value, part->text);
	}
	if (!dst[0])
		(void)snprintf(dst, size, "the rule's condition holds");
}

/* The last step whose repeats there were. */
static void escalate(struct policy *p, const struct policy_rule *r, struct policy_decision *d)
{
	for (unsigned i = 0; i < r->step_count; i++) {
		const struct policy_step *step = &r->steps[i];
		unsigned repeats = memory_repeats(p->memory, p->event, r->name, step->within_ns);
		if (repeats > d->repeats)
			d->repeats = repeats;
		if (repeats >= step->repeats) {
			d->action = step->action;
			d->ttl_s = step->ttl_s;
			d->step = i + 1;
		}
	}
}

static void take(struct policy *p, struct policy_rule *r, struct policy_decision *d)
{
	d->rule = r;
	d->about = policy_about(p, (size_t)(r - p->list));
	d->action = r->action;
	d->ttl_s = r->ttl_s;
	escalate(p, r, d);
}

static void on_hit(void *arg, const struct signature_hit *hit)
{
	struct policy *p = arg;
	struct policy_rule *r = &p->list[hit->rule->number];
	struct policy_decision *d = p->decisions[r->about];
	if (r->need.within_ns && !memory_has(p->memory, p->event, &r->need))
		return;
	r->held++;
	if (d->rule) {
		r->shadowed++;
		return;
	}
	r->decided++;
	take(p, r, d);
	say_parts(hit, d->why, sizeof(d->why));
}

static void ask(struct policy *p, const struct policy_memory *m, const struct event_alert *e)
{
	p->event = e;
	p->memory = m;
	signatures_event(p->rules, &e->e, on_hit, p);
}

void policy_decide(struct policy *p, struct policy_memory *m, const struct event_alert *e,
		   struct policy_decision *ret)
{
	*ret = (struct policy_decision){ .rule = NULL };
	for (unsigned i = 0; i < ALERT_ABOUT__COUNT; i++) /* a record is about one of them */
		p->decisions[i] = ret;
	ask(p, m, e);
	memory_note(m, e, ret->rule ? ret->rule->name : "");
}

void policy_decide_step(struct policy *p, struct policy_memory *m, const struct event_alert *e,
			struct policy_decision *ret_flow, struct policy_decision *ret_usage)
{
	*ret_flow = *ret_usage = (struct policy_decision){ .rule = NULL };
	p->decisions[ALERT_ABOUT_FLOW] = ret_flow;
	p->decisions[ALERT_ABOUT_USAGE] = ret_usage;
	ask(p, m, e);
}

bool policy_decide_own(struct policy *p, struct policy_memory *m, const struct event_alert *e,
		       const char *name, const char *why, struct policy_decision *ret)
{
	*ret = (struct policy_decision){ .rule = NULL };
	p->event = e;
	p->memory = m;
	for (size_t i = 0; i < p->count && !ret->rule; i++)
		if (p->list[i].about != ALERT_ABOUT_ALERT && strcmp(p->list[i].name, name) == 0)
			take(p, &p->list[i], ret);
	if (!ret->rule)
		return false;
	(void)str_copy(ret->why, sizeof(ret->why), why);
	memory_note(m, e, ret->rule->name);
	return true;
}

enum severity policy_severity(const struct policy_decision *d)
{
	static const enum severity severities[] = { SEVERITY_LOW, SEVERITY_LOW, SEVERITY_MEDIUM,
						    SEVERITY_HIGH, SEVERITY_CRITICAL };
	return severities[d->about->level];
}

/* --- what speaks against it ------------------------------------------------------------------- */

/* Whoever asks or answers for others stands for them: cut off, they all are. */
static const char *role_of(const struct event_alert *e, const struct event_str *roles)
{
	static const struct {
		const char *name, *why;
	} list[] = {
		{ "resolver", "refused: it is a resolver, which asks for others" },
		{ "proxy", "refused: it is a proxy, which asks for others" },
		{ "nat", "refused: it is an address that several hosts share" },
		{ "gateway", "refused: it is a gateway" },
		{ "controller", "refused: it is a domain controller" },
	};
	char text[128];
	record_text(e, roles, text, sizeof(text));
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (strstr(text, list[i].name))
			return list[i].why;
	return NULL;
}

/* The target of what is cut off: an inside one is a host, an outside one an address. */
static const char *target_says(const struct policy_decision *d, const struct event_alert *e)
{
	bool src_inside = e->direction == ALERT_OUTBOUND || e->direction == ALERT_INTERNAL;
	bool dst_inside = e->direction == ALERT_INBOUND || e->direction == ALERT_INTERNAL;
	enum policy_target t = d->rule->target;
	if (t != POLICY_DESTINATION && !e->has_src)
		return "refused: the alert knows no address of a source";
	if (t != POLICY_SOURCE && !e->has_dst)
		return "refused: the alert knows no address of a destination";
	if (t == POLICY_PAIR)
		return NULL;
	bool inside = t == POLICY_SOURCE ? src_inside : dst_inside;
	if (d->action == POLICY_BLOCK && inside)
		return "refused: only an outside address is blocked; quarantine is for hosts of "
		       "the inside";
	if (d->action != POLICY_BLOCK && !inside && e->direction != ALERT_UNKNOWN)
		return "refused: only a host of the inside is put into quarantine; block is for "
		       "outside addresses";
	return inside ? role_of(e, t == POLICY_SOURCE ? &e->source_roles : &e->destination_roles) :
			NULL;
}

/* All but that nothing is proven. */
static const char *others_say(const struct policy_decision *d, const struct event_alert *e)
{
	if (e->drill)
		return "refused: a drill cuts nobody off";
	const char *why = target_says(d, e);
	if (why)
		return why;
	if (e->moved)
		return "refused: the source's address was used by two link addresses of late, so "
		       "it may be forged";
	if (d->rule->target == POLICY_DESTINATION && d->action == POLICY_BLOCK &&
	    !d->rule->shared && e->shared)
		return "refused: the address serves many names, and the policy has no 'shared: "
		       "true'";
	return NULL;
}

const char *policy_gate(const struct policy_decision *d, const struct event_alert *e)
{
	const char *why = others_say(d, e);
	if (why)
		return why;
	if (e->proof == ALERT_PROOF_NONE)
		return "refused: no handshake and no answer was seen, so one forged sender could "
		       "have made this";
	return NULL;
}

bool policy_lacks_proof(const struct policy_decision *d, const struct event_alert *e)
{
	return e->proof == ALERT_PROOF_NONE && !others_say(d, e);
}

void policy_explain(const struct policy_decision *d, const struct event_alert *e, struct buf *out)
{
	char text[64];
	if (!d->rule) {
		buf_str(out, "no policy holds\n");
		return;
	}
	buf_printf(out, "policy %s (%s:%u): %s %s", d->rule->name, d->about->file, d->about->line,
		   policy_action_name(d->action), policy_target_name(d->rule->target));
	if (d->ttl_s)
		buf_printf(out, " for %s", str_duration(text, sizeof(text), d->ttl_s * SECOND_NS));
	buf_printf(out, "\n  because %s\n", d->why);
	if (d->step)
		buf_printf(out, "  escalated, step %u, after %u earlier alerts\n", d->step,
			   d->repeats);
	const char *against = d->action >= POLICY_RATE_LIMIT ? policy_gate(d, e) : NULL;
	if (against)
		buf_printf(out, "  %s\n", against);
}
