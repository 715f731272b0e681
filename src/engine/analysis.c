/*
 * engine/analysis.c - events in, alerts out.
 */
#include "analysis.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/buf.h"
#include "exfild/base/log.h"
#include "exfild/context/context.h"
#include "exfild/detect/detector.h"
#include "exfild/fusion/fusion.h"
#include "exfild/sink/sink.h"
#include "drops.h"
#include "evidence.h"
#include "exceptions.h"
#include "onesided.h"
#include "outputs.h"
#include "publish.h"

#define CLOSE_NS 1000000000ull /* live: merge windows that are over are looked for so often */

#define NAMES_MAX 65536u

struct running {
	const struct detector *detector;
	void *state;
	uint64_t next_tick_ns;
};

/* What the reader's thread has told and the analysis has not yet taken. */
struct news {
	pthread_mutex_t lock;
	atomic_bool waiting;
	struct prefix *inside;
	size_t inside_count;
	bool has_inside;
	struct drops drops;
};

struct analysis {
	struct context *context;
	struct fusion *fusion;
	struct alert_store *store;
	struct alert_options alert_options;
	struct outputs *outputs;
	struct evidence *evidence;
	struct publisher *publisher;
	struct running *running;
	size_t running_count;
	uint32_t ahead_wants; /* kinds of events that a detector wants to see ahead */
	struct detect_env env;
	struct one_sided one_sided;
	uint64_t leaped_ns;
	bool is_live;
	char session[17], host_name[64];
	uint64_t closed_ns; /* packet time at which merge windows were looked at */
	struct drops drops;
	struct news news;
	const struct config *config;
	uint64_t silenced; /* findings that an exception took */
	FILE *events;
	struct buf line;
};

static void on_finding(void *arg, const struct finding *f)
{
	struct analysis *a = arg;
	if (exceptions_find(a->config, a->context, f) >= 0) {
		a->silenced += !f->is_update;
		return;
	}
	alert_store_finding(a->store, f);
}

static void on_alert(void *arg, const struct alert *alert)
{
	struct analysis *a = arg;
	outputs_put(a->outputs, alert);
	if (a->publisher) {
		const struct buf *line = outputs_line(a->outputs);
		publisher_alert(a->publisher, line->data, line->len,
				(unsigned)alert->finding.severity);
	}
	if (a->evidence)
		evidence_note(a->evidence, alert);
}

static int open_events(struct analysis *a, const char *path, char *why, size_t why_size)
{
	buf_init(&a->line, 64 * 1024);
	if (!path)
		return 0;
	a->events = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (a->events)
		return 0;
	(void)snprintf(why, why_size, "cannot write events to %s: %s", path, strerror(errno));
	return -EXF_E_IO;
}

static int start_detectors(struct analysis *a, const struct config *config)
{
	const struct detector *const *list = detector_list();
	size_t count = 0;
	while (list[count])
		count++;
	a->running = calloc(count ? count : 1, sizeof(*a->running));
	if (!a->running)
		return -EXF_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const void *params = NULL;
		bool enabled = false;
		for (size_t s = 0; s < config->section_count; s++) {
			if (strcmp(config->sections[s].name, list[i]->name) == 0) {
				params = config->sections[s].target;
				enabled = config->sections[s].enabled;
			}
		}
		if (!enabled)
			continue;
		struct running *r = &a->running[a->running_count];
		r->detector = list[i];
		r->state = calloc(1, list[i]->state_size ? list[i]->state_size : 1);
		if (!r->state)
			return -EXF_E_NOMEM;
		a->running_count++;
		if (list[i]->ahead)
			a->ahead_wants |= list[i]->wants;
		int err = list[i]->init ? list[i]->init(r->state, params, &a->env) : 0;
		if (err)
			return err;
	}
	return 0;
}

static struct context_zone *make_zones(const struct config *config, size_t *ret_count)
{
	size_t count = 0;
	for (size_t i = 0; i < config->zone_count; i++)
		count += config->zones[i].prefix_count;
	struct context_zone *zones = calloc(count ? count : 1, sizeof(*zones));
	*ret_count = 0;
	if (!zones)
		return NULL;
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct config_zone *z = &config->zones[i];
		for (size_t p = 0; p < z->prefix_count; p++) {
			struct context_zone *out = &zones[(*ret_count)++];
			(void)snprintf(out->name, sizeof(out->name), "%s", z->name);
			(void)snprintf(out->model, sizeof(out->model), "%s", z->model);
			(void)snprintf(out->owner, sizeof(out->owner), "%s", z->owner);
			(void)snprintf(out->data, sizeof(out->data), "%s", z->data);
			out->prefix = z->prefixes[p];
			out->has_vni = z->has_vni;
			out->vni = z->vni;
		}
	}
	return zones;
}

static const struct hash_key *key_of(const struct analysis_options *o)
{
	return o->key ? o->key : &hash_key_fixed;
}

static int start_context(struct analysis *a, const struct analysis_options *o, char *why,
			 size_t size)
{
	char services[512];
	size_t zone_count;
	struct context_zone *zones = make_zones(o->config, &zone_count);
	if (!zones)
		return -EXF_E_NOMEM;
	(void)snprintf(services, sizeof(services), "%s/services.yaml", o->data_dir);
	struct context_options options = {
		.key = *key_of(o),
		.zones = zones,
		.zone_count = zone_count,
		.inside = o->options->inside,
		.inside_count = o->options->inside_count,
		.services_path = services,
		.sanctioned = o->config->services.sanctioned,
		.sanctioned_count = o->config->services.sanctioned_count,
		.max_hosts = o->max_hosts,
		.max_names = NAMES_MAX,
	};
	int err = context_new(&options, &a->context, why, size);
	free(zones);
	return err;
}

static enum severity severity_of(const char *name)
{
	static const struct {
		const char *name;
		enum severity severity;
	} levels[] = {
		{ "low", SEVERITY_LOW },
		{ "medium", SEVERITY_MEDIUM },
		{ "high", SEVERITY_HIGH },
		{ "critical", SEVERITY_CRITICAL },
	};
	for (size_t i = 0; name && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i].name, name) == 0)
			return levels[i].severity;
	return SEVERITY_NONE;
}

static uint64_t drops_of(void *arg, uint64_t start_ns, uint64_t end_ns)
{
	return drops_between(arg, start_ns, end_ns);
}

/* As configured; else the host's name live, and never in a replay. */
static const char *sensor_name(struct analysis *a, const struct analysis_options *o)
{
	if (*o->config->sensor.name)
		return o->config->sensor.name;
	if (o->is_live && gethostname(a->host_name, sizeof(a->host_name) - 1) == 0 &&
	    a->host_name[0])
		return a->host_name;
	return "exfild";
}

static void make_session(struct analysis *a)
{
	struct hash_key random = hash_key_random();
	(void)snprintf(a->session, sizeof(a->session), "%016llx", (unsigned long long)random.k[0]);
}

static int start_alerts(struct analysis *a, const struct analysis_options *o, char *why,
			size_t size)
{
	enum severity minimum = severity_of(o->options->minimum);
	make_session(a);
	a->alert_options = (struct alert_options){
		.sensor_name = sensor_name(a, o),
		.mode = o->is_live ? "live" : "replay",
		.session = o->is_live ? a->session : "replay",
		.merge_ns = o->config->alerts.merge_s * 1000000000ull,
		.minimum = minimum ? minimum : (enum severity)o->config->alerts.minimum,
		.max_open = 8192,
		.context = a->context,
		.drops = o->is_live ? drops_of : NULL,
		.drops_arg = &a->drops,
	};
	a->fusion = fusion_new(o->max_hosts, key_of(o));
	a->alert_options.fusion = a->fusion;
	a->store = alert_store_new(&a->alert_options, on_alert, a);
	if (!a->fusion || !a->store)
		return -EXF_E_NOMEM;
	return outputs_open(o->options, o->config, &a->alert_options, &a->outputs, why, size);
}

int analysis_new(const struct analysis_options *o, struct analysis **ret, char *why, size_t size)
{
	struct analysis *a = calloc(1, sizeof(*a));
	if (!a)
		return -EXF_E_NOMEM;
	a->evidence = o->evidence;
	a->publisher = o->publisher;
	a->is_live = o->is_live;
	pthread_mutex_init(&a->news.lock, NULL);
	a->config = o->config;
	int err = open_events(a, o->options->events_path, why, size);
	if (!err)
		err = start_context(a, o, why, size);
	if (!err)
		err = start_alerts(a, o, why, size);
	if (!err) {
		a->env = (struct detect_env){
			.context = a->context,
			.key = *key_of(o),
			.max_hosts = o->max_hosts,
			.max_pairs = o->max_pairs,
			.raise = on_finding,
			.arg = a,
		};
		err = start_detectors(a, o->config);
	}
	if (err) {
		if (err == -EXF_E_NOMEM)
			(void)snprintf(why, size, "memory is exhausted");
		analysis_free(a);
		return err;
	}
	*ret = a;
	return 0;
}

void analysis_free(struct analysis *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->running_count; i++) {
		if (a->running[i].detector->deinit)
			a->running[i].detector->deinit(a->running[i].state);
		free(a->running[i].state);
	}
	free(a->running);
	outputs_close(a->outputs);
	alert_store_free(a->store);
	fusion_free(a->fusion);
	context_free(a->context);
	if (a->events && a->events != stdout && fclose(a->events) != 0)
		log_warn("events", "the last events could not be written");
	buf_deinit(&a->line);
	pthread_mutex_destroy(&a->news.lock);
	free(a->news.inside);
	free(a);
}

static void write_event(struct analysis *a, const struct event *e)
{
	buf_reset(&a->line);
	event_json(e, &a->line);
	buf_char(&a->line, '\n');
	(void)fwrite(a->line.data, 1, a->line.len, a->events);
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
	context_event(a->context, e);
	if (a->publisher)
		publisher_event(a->publisher, a->context, e);
	uint32_t bit = 1u << e->kind;
	for (size_t i = 0; i < a->running_count; i++) {
		const struct running *r = &a->running[i];
		if (r->detector->wants & bit)
			r->detector->on_event(r->state, &a->env, e);
	}
}

void analysis_ahead(struct analysis *a, const struct event *e, unsigned stage)
{
	uint32_t bit = 1u << e->kind;
	context_prefetch(a->context, e, stage);
	if (!(a->ahead_wants & bit))
		return;
	for (size_t i = 0; i < a->running_count; i++) {
		const struct running *r = &a->running[i];
		if (r->detector->ahead && (r->detector->wants & bit))
			r->detector->ahead(r->state, &a->env, e, stage);
	}
}

void analysis_tell_inside(struct analysis *a, const struct prefix *list, size_t count)
{
	struct news *n = &a->news;
	struct prefix *copy = malloc((count ? count : 1) * sizeof(*copy));
	if (!copy)
		return;
	if (count)
		memcpy(copy, list, count * sizeof(*copy));
	pthread_mutex_lock(&n->lock);
	free(n->inside);
	n->inside = copy;
	n->inside_count = count;
	n->has_inside = true;
	atomic_store(&n->waiting, true);
	pthread_mutex_unlock(&n->lock);
}

void analysis_tell_drops(struct analysis *a, uint64_t start_ns, uint64_t end_ns, uint64_t count)
{
	struct news *n = &a->news;
	pthread_mutex_lock(&n->lock);
	drops_add(&n->drops, start_ns, end_ns, count);
	atomic_store(&n->waiting, true);
	pthread_mutex_unlock(&n->lock);
}

static void take_news(struct analysis *a)
{
	struct news *n = &a->news;
	char text[512];
	if (!atomic_load_explicit(&n->waiting, memory_order_acquire))
		return;
	pthread_mutex_lock(&n->lock);
	atomic_store(&n->waiting, false);
	for (size_t i = 0; i < n->drops.count; i++)
		drops_add(&a->drops, n->drops.list[i].start_ns, n->drops.list[i].end_ns,
			  n->drops.list[i].count);
	n->drops.count = 0;
	bool has_changed =
		n->has_inside && context_set_inside(a->context, n->inside, n->inside_count);
	n->has_inside = false;
	pthread_mutex_unlock(&n->lock);
	if (has_changed) {
		context_describe_inside(a->context, text, sizeof(text));
		log_info("inside", "%s", text);
	}
}

void analysis_idle(struct analysis *a)
{
	if (!a->is_live)
		return;
	take_news(a);
	if (a->publisher)
		publisher_turn(a->publisher, a);
	outputs_flush(a->outputs);
	if (a->events)
		(void)fflush(a->events);
}

void analysis_tick(struct analysis *a, uint64_t now_ns, uint64_t leap_ns)
{
	a->leaped_ns += leap_ns;
	a->env.now_ns = now_ns;
	a->env.steady_ns = now_ns - a->leaped_ns;
	for (size_t i = 0; i < a->running_count; i++) {
		struct running *r = &a->running[i];
		if (!r->detector->tick_ns || a->env.steady_ns < r->next_tick_ns)
			continue;
		r->next_tick_ns = a->env.steady_ns + r->detector->tick_ns;
		r->detector->on_tick(r->state, &a->env);
	}
	if (!a->is_live)
		return;
	take_news(a);
	if (a->publisher)
		publisher_turn(a->publisher, a);
	if (now_ns - a->closed_ns >= CLOSE_NS) {
		a->closed_ns = now_ns;
		alert_store_tick(a->store, now_ns);
	}
}

void analysis_end(struct analysis *a)
{
	for (size_t i = 0; i < a->running_count; i++)
		if (a->running[i].detector->on_end)
			a->running[i].detector->on_end(a->running[i].state, &a->env);
	alert_store_flush(a->store);
	outputs_flush(a->outputs);
	if (a->events)
		(void)fflush(a->events);
}

const struct alert_counts *analysis_alerts(const struct analysis *a)
{
	return alert_store_counts(a->store);
}

const struct context *analysis_context(const struct analysis *a)
{
	return a->context;
}

bool analysis_report(const struct analysis *a)
{
	bool good = outputs_report(a->outputs);
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

bool analysis_reached(const struct analysis *a, enum severity s)
{
	const struct alert_counts *c = alert_store_counts(a->store);
	return (s <= SEVERITY_LOW && c->by_severity[0]) ||
	       (s <= SEVERITY_MEDIUM && c->by_severity[1]) ||
	       (s <= SEVERITY_HIGH && c->by_severity[2]) || c->by_severity[3];
}

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
	s->silenced = a->silenced;
	context_stats(a->context, &context);
	s->hosts = context.hosts;
	s->names = context.names;
	s->services = context.services;
	s->zones = context.zones;
	snapshot_table(s, "hosts", context.hosts, a->env.max_hosts, context.host_evictions);
	snapshot_table(s, "names", context.names, NAMES_MAX, context.name_evictions);
	s->sink_count = (uint32_t)outputs_health(a->outputs, s->sinks, SNAP_SINKS);
	snapshot_detectors(a, s);
}
