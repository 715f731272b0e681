/*
 * engine/analysis_snapshot.c - what the control socket tells of the analysis plane.
 */
#include <string.h>

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

void analysis_snapshot(const struct analysis *a, struct snapshot *s)
{
	struct context_stats context;
	const struct alert_counts *counts = alert_store_counts(a->store);
	(void)snprintf(s->sensor, sizeof(s->sensor), "%s", a->alert_options.sensor_name);
	(void)snprintf(s->mode, sizeof(s->mode), "%s", a->alert_options.mode);
	(void)snprintf(s->session, sizeof(s->session), "%s", a->alert_options.session);
	context_describe_inside(a->context, s->inside, sizeof(s->inside));
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
	s->hosts = context.hosts;
	s->names = context.names;
	s->services = context.services;
	s->zones = context.zones;
	snapshot_table(s, "hosts", context.hosts, a->env.max_hosts, context.host_evictions);
	snapshot_table(s, "names", context.names, a->max_names, context.name_evictions);
	outputs_snapshot(a->outputs, s);
	snapshot_detectors(a, s);
}
