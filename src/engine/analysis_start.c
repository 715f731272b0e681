/*
 * engine/analysis_start.c - the analysis plane from the configuration, and its end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/classify/classify.h"
#include "exfild/context/geo.h"
#include "exfild/sink/sink.h"
#include "analysis_parts.h"
#include "identities.h"
#include "indicators.h"

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

const struct config_section *analysis_section(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->section_count; i++)
		if (strcmp(config->sections[i].name, name) == 0)
			return &config->sections[i];
	return NULL;
}

void analysis_seat(struct analysis *a)
{
	struct seat *next = a->seats;
	a->next_tick_ns = 0;
	for (unsigned kind = 0; kind < EVENT__COUNT; kind++) {
		struct audience *u = &a->audience[kind];
		*u = (struct audience){ .seats = next, .ahead = next + a->running_count };
		next += 2 * a->running_count;
		for (size_t i = 0; i < a->running_count; i++) {
			const struct running *r = &a->running[i];
			const struct detector *d = r->enabled ? r->detector : NULL;
			if (!d || !(d->wants & 1ull << kind))
				continue;
			const struct seat seat = { r->state, d->on_event, d->ahead };
			u->seats[u->count++] = seat;
			if (d->ahead)
				u->ahead[u->ahead_count++] = seat;
		}
	}
}

/* The parameters are a copy: a reload changes them in their place. */
static int start_detector(struct analysis *a, const struct detector *d,
			  const struct config_section *section)
{
	struct running *r = &a->running[a->running_count];
	r->detector = d;
	r->enabled = section->enabled;
	r->state = calloc(1, d->state_size ? d->state_size : 1);
	r->params = calloc(1, d->params_size ? d->params_size : 1);
	if (!r->state || !r->params) {
		free(r->state);
		free(r->params);
		return -EXF_E_NOMEM;
	}
	a->running_count++;
	if (d->params_size)
		memcpy(r->params, section->target, d->params_size);
	return d->init ? d->init(r->state, r->params, &a->env) : 0;
}

static int start_detectors(struct analysis *a, const struct config *config)
{
	const struct detector *const *list = detector_list();
	size_t count = 0;
	int err = 0;
	while (list[count])
		count++;
	a->running = calloc(count ? count : 1, sizeof(*a->running));
	a->seats = calloc(2 * EVENT__COUNT * (count ? count : 1), sizeof(*a->seats));
	if (!a->running || !a->seats)
		return -EXF_E_NOMEM;
	for (size_t i = 0; i < count && !err; i++) {
		const struct config_section *section = analysis_section(config, list[i]->name);
		if (section && (section->enabled || a->is_live))
			err = start_detector(a, list[i], section);
	}
	analysis_seat(a);
	return err;
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
			out->vlan = (uint16_t)z->vlan;
			out->tags = z->tags;
			out->tag_count = z->tag_count;
		}
	}
	return zones;
}

static const struct hash_key *key_of(const struct analysis_options *o)
{
	return o->key ? o->key : &hash_key_fixed;
}

static const struct hash_key *sketch_key_of(const struct analysis_options *o)
{
	return o->sketch_key ? o->sketch_key : key_of(o);
}

uint32_t analysis_lookback(const struct analysis_options *o, const struct config *config)
{
	bool is_kept = o->is_live || o->options->state_path;
	return is_kept ? (uint32_t)config->privacy.lookback_days : 0;
}

int analysis_make_context(const struct analysis_options *o, make_context_fn make,
			  struct context **ret, char *why, size_t size)
{
	char services[512];
	size_t zone_count;
	struct context_zone *zones = make_zones(o->config, &zone_count);
	if (!zones)
		return -EXF_E_NOMEM;
	(void)snprintf(services, sizeof(services), "%s/services.yaml", o->data_dir);
	struct context_options options = {
		.key = *key_of(o),
		.sketch_key = *sketch_key_of(o),
		.zones = zones,
		.zone_count = zone_count,
		.inside = o->options->inside,
		.inside_count = o->options->inside_count,
		.services_path = services,
		.app_number = classify_app_number,
		.services_files = o->config->services.files,
		.services_file_count = o->config->services.file_count,
		.sanctioned = o->config->services.sanctioned,
		.sanctioned_count = o->config->services.sanctioned_count,
		.tolerated = o->config->services.tolerated,
		.tolerated_count = o->config->services.tolerated_count,
		.tenants = o->config->services.tenants,
		.tenant_count = o->config->services.tenant_count,
		.users = o->config->privacy.users,
		.identity_ttl_s = o->config->identity.ttl_s,
		.max_hosts = o->max_hosts,
		.max_names = o->max_names,
	};
	int err = make(&options, ret, why, size);
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

enum severity analysis_minimum(const struct options *o, const struct config *c)
{
	enum severity named = severity_of(o->minimum);
	return named ? named : (enum severity)c->alerts.minimum;
}

enum alert_form analysis_form(const struct config *c)
{
	const char *name = c->alerts.format;
	return strcmp(name, "ocsf") == 0 ? ALERT_OCSF :
	       strcmp(name, "eve") == 0  ? ALERT_EVE :
					   ALERT_ECS;
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
	make_session(a);
	a->alert_options = (struct alert_options){
		.sensor_name = sensor_name(a, o),
		.form = analysis_form(o->config),
		.mode = o->is_live ? "live" : "replay",
		.session = o->is_live ? a->session : "replay",
		.rate_per_minute = o->tap ? 0 : o->config->alerts.rate_per_minute,
		.rule_per_minute = o->tap ? 0 : o->config->alerts.rule_per_minute,
		.merge_ns = o->config->alerts.merge_s * 1000000000ull,
		.minimum = o->tap ? SEVERITY_NONE : analysis_minimum(o->options, o->config),
		.max_open = o->max_open,
		.context = a->context,
		.drops = o->is_live ? drops_of : NULL,
		.drops_arg = &a->drops,
		.decide = policies_decide,
		.decide_arg = a->policies,
	};
	a->alert_options.fusion = a->fusion;
	a->store = alert_store_new(&a->alert_options, analysis_alert, a);
	if (!a->store)
		return -EXF_E_NOMEM;
	return analysis_make_outputs(a, o->config, NULL, &a->outputs, why, size);
}

/* A self-test counts nothing. */
static int start_books(struct analysis *a, const struct analysis_options *o, char *why, size_t size)
{
	char path[BOOKS_PATH_MAX];
	bool has_path = books_path(o->options, o->config, path);
	const struct books_options b = { .context = a->context,
					 .config = o->config,
					 .key = *key_of(o),
					 .max_hosts = o->max_hosts,
					 .max_pairs = o->max_pairs,
					 .max_bytes = o->usage_bytes,
					 .path = has_path ? path : NULL,
					 .is_live = o->is_live };
	if (o->tap || !*o->config->usage.database || (o->is_live && !has_path))
		return 0;
	return books_open(&b, &a->books, why, size);
}

static int start_signatures(struct analysis *a, const struct analysis_options *o, char *why,
			    size_t size)
{
	struct signatures *s;
	int err = signatures_from(o->config, o->data_dir, &s, why, size);
	if (err)
		return err;
	if (o->is_live)
		(void)signatures_compile(s);
	signatures_report(s);
	(void)analysis_take_signatures(a, s);
	return 0;
}

/*
 * A replay wants them sound.  A daemon starts without those that are broken, since nobody is cut
 * off by it, and says so.
 */
static int start_policies(struct analysis *a, const struct analysis_options *o, char *why,
			  size_t size)
{
	struct policy *set = NULL;
	a->fusion = fusion_new(o->max_hosts, key_of(o));
	const struct policies_options p = { .config = o->config,
					    .context = a->context,
					    .names = &a->rule_names,
					    .key = key_of(o),
					    .lasting = sketch_key_of(o),
					    .fusion = a->fusion,
					    .decisions = o->decisions,
					    .annals = o->annals,
					    .is_live = o->is_live };
	int err = a->fusion ? policies_from(o->config, o->is_live, &set, why, size) : -EXF_E_NOMEM;
	if (err && err != -EXF_E_NOMEM && o->is_live) {
		log_errorx("policy", "%s", why);
		log_errorx("policy", "no policy is in effect, traffic flows");
		analysis_tell_sensor(a, SENSOR_CONFIGURATION, "policy", 1, 0,
				     "no policy is in effect: %.200s", why);
		err = policy_parse("none", "", 0, "UTC", &set, why, size);
	}
	return err ? err : policies_new(&p, set, &a->policies, why, size);
}

/* Likewise: a daemon with a broken file knows nobody's name, and says so. */
static int start_identities(struct analysis *a, const struct analysis_options *o, char *why,
			    size_t size)
{
	struct identity_list *list = NULL;
	int err = identities_from(o->config, &list, why, size);
	if (err && err != -EXF_E_NOMEM && o->is_live) {
		log_errorx("identity", "%s; no entry of it is in effect", why);
		analysis_tell_sensor(a, SENSOR_CONFIGURATION, "identity", 1, 0,
				     "no entry of identity.file is in effect: %.180s", why);
		err = 0;
	}
	if (!err)
		(void)context_identities(a->context, list);
	return err;
}

/* Likewise. */
static int start_geo(struct analysis *a, const struct analysis_options *o, char *why, size_t size)
{
	struct geo_set *set = NULL;
	int err = geo_open(o->config->geo.country, o->config->geo.as, &set, why, size);
	if (err && err != -EXF_E_NOMEM && o->is_live) {
		log_errorx("geo", "%s; countries and operators are not known", why);
		analysis_tell_sensor(a, SENSOR_CONFIGURATION, "geo", 1, 0, "%.250s", why);
		err = 0;
	}
	if (!err)
		(void)context_geo(a->context, set);
	return err;
}

int analysis_new(const struct analysis_options *o, struct analysis **ret, char *why, size_t size)
{
	struct analysis *a = calloc(1, sizeof(*a));
	if (!a)
		return -EXF_E_NOMEM;
	a->evidence = o->evidence;
	a->collector = o->collector;
	a->publisher = o->publisher;
	a->drills = o->publisher ? publisher_drills(o->publisher) : NULL;
	a->is_live = o->is_live;
	a->max_names = o->max_names;
	a->tap = o->tap;
	a->made_with = *o;
	pthread_mutex_init(&a->news.lock, NULL);
	pthread_cond_init(&a->news.taken, NULL);
	a->config = o->config;
	a->sensor.raise = analysis_finding;
	a->sensor.arg = a;
	a->own_events = event_log_new();
	if (!a->own_events) {
		(void)snprintf(why, size, "memory is exhausted");
		analysis_free(a);
		return -EXF_E_NOMEM;
	}
	int err = open_events(a, o->options->events_path, why, size);
	if (!err)
		err = analysis_make_context(o, context_new, &a->context, why, size);
	if (!err)
		err = start_identities(a, o, why, size);
	if (!err)
		err = start_geo(a, o, why, size);
	if (!err)
		err = start_books(a, o, why, size);
	if (!err)
		err = indicators_build(o, o->config, INDICATORS_ALL, NULL, &a->intel, why, size);
	if (!err)
		err = start_signatures(a, o, why, size);
	if (!err)
		err = start_policies(a, o, why, size);
	if (!err)
		err = start_alerts(a, o, why, size);
	if (!err) {
		a->env = (struct detect_env){
			.context = a->context,
			.intel = a->intel,
			.key = *key_of(o),
			.sketch_key = *sketch_key_of(o),
			.max_hosts = o->max_hosts,
			.max_pairs = o->max_pairs,
			.lookback_days = analysis_lookback(o, o->config),
			.raise = analysis_finding,
			.arg = a,
		};
		err = start_detectors(a, o->config);
		indicators_log(a->intel);
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
		const struct detector *d = a->running[i].detector;
		if (d && d->deinit)
			d->deinit(a->running[i].state);
		free(a->running[i].state);
		free(a->running[i].params);
	}
	free(a->running);
	free(a->seats);
	signatures_free(a->signatures);
	books_close(a->books);
	outputs_close(a->outputs);
	alert_store_free(a->store);
	policies_free(a->policies);
	fusion_free(a->fusion);
	context_free(a->context);
	intel_drop(a->intel);
	event_log_free(a->own_events);
	if (a->events && a->events != stdout && fclose(a->events) != 0)
		log_warn("events", "the last events could not be written");
	buf_deinit(&a->line);
	rule_names_deinit(&a->rule_names);
	pthread_cond_destroy(&a->news.taken);
	pthread_mutex_destroy(&a->news.lock);
	free(a->news.inside);
	free(a);
}
