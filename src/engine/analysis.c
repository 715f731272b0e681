/*
 * engine/analysis.c - events in, alerts out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/log.h"
#include "exfild/context/baseline.h"
#include "analysis_parts.h"
#include "annals.h"
#include "casedir.h"
#include "drill.h"
#include "keeper.h"
#include "orders.h"

#define CLOSE_NS 1000000000ull /* live: merge windows that are over are looked for so often */

/*
 * What the host does next may be the theft itself, and is not to become usual.  What is judged
 * against the usual alone cannot be a reason for that.
 */
static bool is_suspicion(const struct finding *f)
{
	bool is_act =
		f->class == FINDING_EXFIL || f->class == FINDING_C2 || f->class == FINDING_LATERAL;
	return is_act && f->severity >= SEVERITY_MEDIUM && f->subject.has_ip && !f->is_drill &&
	       !f->is_update && !f->by_volume;
}

void analysis_finding(void *arg, const struct finding *f)
{
	struct analysis *a = arg;
	uint64_t time_ns = a->tap ? a->tap->wall_ns : f->time_ns;
	const struct exception_case k = exceptions_case(f);
	int exception = exceptions_find(a->config, a->context, &k, time_ns);
	if (exception >= 0) {
		a->silenced += !f->is_update;
		if ((size_t)exception < EXCEPTION_COUNTS) {
			a->exceptions[exception].silenced += !f->is_update;
			a->exceptions[exception].last_ns = f->time_ns;
		}
		if (a->tap)
			a->tap->silenced(a->tap->arg, f, exception);
		return;
	}
	if (!f->is_drill && mutes_take(&a->mutes, f, time_ns)) {
		a->silenced += !f->is_update;
		return;
	}
	alert_store_finding(a->store, f);
	if (is_suspicion(f))
		context_suspect(a->context, &f->subject.ip, f->tunnel_key);
	analysis_policies(a);
}

void analysis_policies(struct analysis *a)
{
	struct finding f;
	if (a->is_telling)
		return;
	a->is_telling = true;
	while (policies_next(a->policies, a->env.now_ns, &f))
		analysis_finding(a, &f);
	a->is_telling = false;
}

void analysis_alert(void *arg, const struct alert *alert)
{
	struct analysis *a = arg;
	if (a->tap)
		a->tap->alert(a->tap->arg, alert);
	outputs_put(a->outputs, alert);
	mutes_note(&a->mutes, alert);
	if (a->publisher) {
		const struct buf *line = outputs_line(a->outputs);
		publisher_alert(a->publisher, line->data, line->len,
				(unsigned)alert->finding.severity);
	}
	if (a->evidence)
		evidence_note(a->evidence, alert);
	if (a->made_with.report)
		casefile_alert(a->made_with.report, outputs_line(a->outputs));
	if (a->made_with.casedir)
		casedir_alert(a->made_with.casedir, outputs_line(a->outputs));
	annals_alert(a->made_with.annals, alert, outputs_line(a->outputs));
	if (a->collector)
		collector_ask(a->collector, alert);
	if (a->books)
		books_alert(a->books, alert);
	if (a->keeper)
		keeper_hurry(a->keeper);
}

static void signature_hit(void *arg, const struct signature_hit *hit)
{
	struct analysis *a = arg;
	struct finding f;
	signatures_finding(&a->rule_names, a->context, hit, &f);
	analysis_finding(a, &f);
}

struct signatures *analysis_take_signatures(struct analysis *a, struct signatures *fresh)
{
	struct signatures *old = a->signatures;
	a->signatures = fresh;
	a->signature_kinds = fresh ? signatures_wants(fresh) : 0;
	return old;
}

static void write_event(struct analysis *a, const struct event *e)
{
	buf_reset(&a->line);
	event_json(e, &a->line);
	buf_char(&a->line, '\n');
	(void)fwrite(a->line.data, 1, a->line.len, a->events);
}

/* What was signed for a drill is a finding of its own; all else is judged as ever. */
static void look_for_drill(struct analysis *a, const struct event *e)
{
	struct finding f;
	if (drill_seen(a->drills, e, a->alert_options.minimum, &f))
		analysis_finding(a, &f);
}

void analysis_event(struct analysis *a, const struct event *e)
{
	if (e->time_ns > a->env.now_ns) {
		a->env.now_ns = e->time_ns;
		a->env.steady_ns = e->time_ns - a->leaped_ns;
	}
	if (a->events)
		write_event(a, e);
	if (e->kind == EVENT_FLOW_END)
		a->env.one_sided = one_sided_update(&a->one_sided, (const struct event_flow *)e);
	bool has_policy_spoken = policies_event(a->policies, e);
	context_event(a->context, e);
	if (has_policy_spoken)
		analysis_policies(a);
	if (a->books && USAGE_WANTS >> e->kind & 1)
		books_event(a->books, e);
	if (a->publisher)
		publisher_event(a->publisher, a->context, e);
	if (a->drills && drills_any(a->drills, e->time_ns))
		look_for_drill(a, e);
	if (e->kind == EVENT_SENSOR)
		sensor_event_seen(&a->sensor, e, a->env.now_ns);
	if (a->signature_kinds >> e->kind & 1)
		signatures_event(a->signatures, e, signature_hit, a);
	const struct audience *u = &a->audience[e->kind];
	for (size_t i = 0; i < u->count; i++)
		u->seats[i].on_event(u->seats[i].state, &a->env, e);
}

void analysis_ahead(struct analysis *a, const struct event *e, unsigned stage)
{
	const struct audience *u = &a->audience[e->kind];
	context_prefetch(a->context, e, stage);
	for (size_t i = 0; i < u->ahead_count; i++)
		u->ahead[i].ahead(u->ahead[i].state, &a->env, e, stage);
}

void analysis_idle(struct analysis *a)
{
	if (!a->is_live)
		return;
	analysis_take_news(a);
	if (a->publisher)
		publisher_turn(a->publisher, a);
	if (a->events)
		(void)fflush(a->events);
}

/* At multiples of the period, whenever it was started: live and replay look at the same times. */
static uint64_t next_tick(uint64_t now_ns, uint64_t period_ns)
{
	return (now_ns / period_ns + 1) * period_ns;
}

static void tick_detectors(struct analysis *a)
{
	a->next_tick_ns = UINT64_MAX;
	for (size_t i = 0; i < a->running_count; i++) {
		struct running *r = &a->running[i];
		if (!r->enabled || !r->detector->tick_ns)
			continue;
		if (a->env.steady_ns >= r->next_tick_ns) {
			r->next_tick_ns = next_tick(a->env.steady_ns, r->detector->tick_ns);
			r->detector->on_tick(r->state, &a->env);
		}
		if (r->next_tick_ns < a->next_tick_ns)
			a->next_tick_ns = r->next_tick_ns;
	}
}

static void tell_moved(struct analysis *a)
{
	struct ipaddr host;
	char to[IDENTITY_NAME];
	while (context_moved(a->context, &host, to))
		policies_moved(a->policies, &host, to);
}

void analysis_tick(struct analysis *a, uint64_t now_ns, uint64_t leap_ns)
{
	a->leaped_ns += leap_ns;
	context_set_leaped(a->context, a->leaped_ns);
	a->env.now_ns = now_ns;
	a->env.steady_ns = now_ns - a->leaped_ns;
	if (a->env.steady_ns >= a->next_tick_ns)
		tick_detectors(a);
	tell_moved(a);
	if (!a->is_live)
		return;
	if (a->books)
		books_tick(a->books, now_ns);
	analysis_take_news(a);
	if (a->publisher)
		publisher_turn(a->publisher, a);
	if (now_ns - a->closed_ns >= CLOSE_NS) {
		a->closed_ns = now_ns;
		sensor_tick(&a->sensor, now_ns);
		alert_store_tick(a->store, now_ns);
		order_warn(a);
	}
	analysis_policies(a);
	analysis_keep_turn(a);
}

void analysis_end(struct analysis *a)
{
	for (size_t i = 0; i < a->running_count; i++)
		if (a->running[i].enabled && a->running[i].detector->on_end)
			a->running[i].detector->on_end(a->running[i].state, &a->env);
	if (a->is_live)
		analysis_end_news(a);
	sensor_flush(&a->sensor);
	alert_store_flush(a->store);
	analysis_policies(a);
	if (a->events)
		(void)fflush(a->events);
}

const struct alert_counts *analysis_alerts(const struct analysis *a)
{
	return alert_store_counts(a->store);
}

int analysis_usage(const struct analysis *a, struct usage_db **ret, char *why, size_t size)
{
	if (a->books)
		return books_ask(a->books, ret, why, size);
	(void)snprintf(why, size, "usage is not counted: usage.database is empty");
	return -EXF_E_UNSUPPORTED;
}

const struct context *analysis_context(const struct analysis *a)
{
	return a->context;
}

bool analysis_report(const struct analysis *a)
{
	bool good = outputs_finish(a->outputs);
	if (a->silenced)
		log_info("exceptions", "%llu findings were silenced by exceptions",
			 (unsigned long long)a->silenced);
	if (a->env.one_sided)
		log_warnx("capture", "over 95 %% of the connections show one direction only: "
				     "detectors that judge by answers have abstained");
	if (a->events && ferror(a->events)) {
		log_errorx("events", "they are incomplete: writing them failed");
		good = false;
	}
	return good;
}

uint64_t analysis_silenced(const struct analysis *a, size_t exception)
{
	return exception < EXCEPTION_COUNTS ? a->exceptions[exception].silenced : 0;
}

bool analysis_is_one_sided(const struct analysis *a)
{
	return a->env.one_sided;
}

bool analysis_reached(const struct analysis *a, enum severity s)
{
	const struct alert_counts *c = alert_store_counts(a->store);
	return (s <= SEVERITY_LOW && c->by_severity[0]) ||
	       (s <= SEVERITY_MEDIUM && c->by_severity[1]) ||
	       (s <= SEVERITY_HIGH && c->by_severity[2]) || c->by_severity[3];
}
