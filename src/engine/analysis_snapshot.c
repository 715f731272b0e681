/*
 * engine/analysis_snapshot.c - what the control socket tells of the analysis plane.
 */
#include <string.h>

#include "exfild/context/baseline.h"
#include "exfild/context/geo.h"
#include "exfild/control/snapshot.h"
#include "analysis_parts.h"

static void snapshot_table(struct snapshot *s, const char *name, uint64_t entries,
			   uint64_t capacity, uint64_t evictions)
{
	struct snap_table *t = snap_add_table(s, name);
	if (!t)
		return;
	t->entries = entries;
	t->capacity = capacity;
	t->evictions = evictions;
}

static void snapshot_detectors(const struct analysis *a, struct snapshot *s)
{
	s->detector_count = 0;
	for (size_t i = 0; i < a->config->section_count && i < SNAP_DETECTORS; i++) {
		struct snap_detector *d = &s->detectors[s->detector_count++];
		*d = (struct snap_detector){ .enabled = a->config->sections[i].enabled };
		(void)snprintf(d->name, sizeof(d->name), "%s", a->config->sections[i].name);
		for (size_t r = 0; r < a->running_count; r++) {
			const struct running *run = &a->running[r];
			struct detector_counters c = { 0 };
			if (strcmp(run->detector->name, d->name) != 0 || !run->detector->counters)
				continue;
			run->detector->counters(run->state, &c);
			d->findings = c.findings;
			snapshot_table(s, d->name, c.entries, 0, c.evictions);
			s->tables[s->table_count - 1].worst_case_bytes = c.worst_case_bytes;
		}
	}
}

static void snapshot_exceptions(const struct analysis *a, struct snapshot *s)
{
	s->exception_count = 0;
	for (size_t i = 0; i < MUTES_MAX && s->exception_count < SNAP_EXCEPTIONS; i++) {
		const struct mute *m = &a->mutes.list[i];
		if (!m->number)
			continue;
		struct snap_exception *x = &s->exceptions[s->exception_count++];
		*x = (struct snap_exception){ .number = m->number,
					      .until_ns = m->until_ns,
					      .last_ns = m->last_ns,
					      .silenced = m->silenced };
		(void)snprintf(x->rule, sizeof(x->rule), "%s", m->rule);
		(void)snprintf(x->source, sizeof(x->source), "%s", m->source);
		(void)snprintf(x->destination, sizeof(x->destination), "%s", m->destination);
		(void)snprintf(x->reason, sizeof(x->reason), "%s", m->reason);
	}
	for (size_t i = 0; i < a->config->exception_count && i < EXCEPTION_COUNTS &&
			   s->exception_count < SNAP_EXCEPTIONS;
	     i++) {
		const struct config_exception *c = &a->config->exceptions[i];
		struct snap_exception *x = &s->exceptions[s->exception_count++];
		*x = (struct snap_exception){ .until_ns = c->expires.ns,
					      .last_ns = a->exceptions[i].last_ns,
					      .silenced = a->exceptions[i].silenced };
		(void)snprintf(x->rule, sizeof(x->rule), "%.63s", c->rule);
		(void)snprintf(x->source, sizeof(x->source), "%.63s", c->source.text);
		(void)snprintf(x->destination, sizeof(x->destination), "%.95s",
			       c->destination.text);
		(void)snprintf(x->reason, sizeof(x->reason), "%.95s", c->reason);
	}
	s->verdict_count = 0;
	for (size_t i = 0; i < VERDICT_RULES && a->mutes.verdicts[i].rule[0]; i++) {
		const struct verdict *v = &a->mutes.verdicts[i];
		struct snap_verdict *to = &s->verdicts[s->verdict_count++];
		*to = (struct snap_verdict){ .right = v->right, .wrong = v->wrong };
		(void)snprintf(to->rule, sizeof(to->rule), "%s", v->rule);
	}
}

void analysis_snapshot(const struct analysis *a, struct snapshot *s)
{
	struct context_stats context;
	const struct alert_counts *counts = alert_store_counts(a->store);
	(void)snprintf(s->sensor, sizeof(s->sensor), "%s", a->alert_options.sensor_name);
	(void)snprintf(s->mode, sizeof(s->mode), "%s", a->alert_options.mode);
	(void)snprintf(s->session, sizeof(s->session), "%s", a->alert_options.session);
	context_describe_inside(a->context, s->inside, sizeof(s->inside));
	context_geo_describe(a->context, s->geo, sizeof(s->geo));
	s->now_ns = a->env.now_ns;
	s->one_sided = a->env.one_sided;
	memcpy(s->alerts, counts->by_severity, sizeof(s->alerts));
	s->emitted = counts->emitted;
	s->merged = counts->merged;
	s->below_minimum = counts->below_minimum;
	s->closed_early = counts->closed_early;
	s->held = counts->held;
	s->sequence = alert_store_sequence(a->store);
	s->silenced = a->silenced;
	context_stats(a->context, &context);
	uint64_t left_ns = context_learning_left_ns(a->context);
	s->is_learning = left_ns > 0;
	s->learning_left_s = (left_ns + 999999999) / 1000000000;
	s->baselines = context.baselines;
	s->destinations = context.destinations;
	s->hosts = context.hosts;
	s->names = context.names;
	s->services = context.services;
	s->zones = context.zones;
	snapshot_table(s, "hosts", context.hosts, a->env.max_hosts, context.host_evictions);
	snapshot_table(s, "names", context.names, a->max_names, context.name_evictions);
	snapshot_table(s, "identities", context.identities, context.identity_capacity,
		       context.identity_evictions);
	if (a->books)
		books_snapshot(a->books, s);
	outputs_snapshot(a->outputs, s);
	policies_snapshot(a->policies, &s->policy);
	snapshot_exceptions(a, s);
	snapshot_detectors(a, s);
}
