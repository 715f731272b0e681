/*
 * policy/record.c - an alert as the record that rules look at.
 */
#include <string.h>

#include "private.h"

static void put(struct event_log *log, struct event_str *s, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	if (len)
		event_log_str(log, s, text, len, len);
}

static void put_list(struct buf *out, const char *word)
{
	buf_printf(out, "%s%s", out->len ? ", " : "", word);
}

static void put_buf(struct event_log *log, struct event_str *s, struct buf *list)
{
	if (list->len)
		event_log_str(log, s, list->data, list->len, list->len);
	buf_reset(list);
}

static uint8_t direction_of(const char *name)
{
	static const char *const names[] = { "unknown", "outbound", "internal", "inbound",
					     "external" };
	for (uint8_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return ALERT_UNKNOWN;
}

static void put_roles(struct event_log *log, struct event_str *s, const struct context *c,
		      const struct finding_end *end, struct buf *list)
{
	static const char *const names[] = { "resolver", "proxy",      "nat",    "server",
					     "gateway",  "controller", "manager" };
	uint32_t roles = c && end->has_ip ? context_roles(c, &end->ip) : 0;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (roles >> i & 1)
			put_list(list, names[i]);
	put_buf(log, s, list);
}

/* Of the zone of this name, as configured. */
static void put_tags(struct event_log *log, struct event_str *s, const struct config *config,
		     const char *zone, struct buf *list)
{
	for (size_t i = 0; config && *zone && i < config->zone_count; i++)
		for (size_t k = 0;
		     strcmp(config->zones[i].name, zone) == 0 && k < config->zones[i].tag_count;
		     k++)
			put_list(list, config->zones[i].tags[k]);
	put_buf(log, s, list);
}

static void put_zones(struct event_log *log, struct event_alert *e, const struct alert *a,
		      const struct context *c)
{
	const struct finding *f = &a->finding;
	const struct context_zone *z =
		c && f->subject.has_ip ? context_zone(c, &f->subject.ip, f->tunnel_id, f->vlan) :
					 NULL;
	put(log, &e->source_zone, a->source_zone);
	put(log, &e->source_owner, z ? z->owner : "");
	put(log, &e->source_model, z ? z->model : "");
	put(log, &e->source_data, z ? z->data : "");
	z = c && f->peer.has_ip ? context_zone(c, &f->peer.ip, f->tunnel_id, f->vlan) : NULL;
	put(log, &e->destination_zone, a->destination_zone);
	put(log, &e->destination_owner, z ? z->owner : "");
	put(log, &e->destination_model, z ? z->model : "");
	put(log, &e->destination_data, z ? z->data : "");
}

/* What was found in the clear are features of its detector; of a connection it is a fact. */
static uint32_t content_of(const struct finding *f)
{
	uint32_t kinds = 0;
	for (unsigned i = 0; i < f->feature_count && i < FINDING_FEATURES; i++)
		for (unsigned k = 0; k < CONTENT__COUNT; k++)
			if (strcmp(f->features[i].name, content_kind_name((enum content_kind)k)) ==
				    0 &&
			    f->features[i].value > 0)
				kinds |= 1u << k;
	return kinds;
}

static void put_content(struct event_log *log, struct event_alert *e, const struct finding *f,
			const struct policy_facts *facts, struct buf *list)
{
	uint32_t kinds = facts->content | content_of(f);
	for (unsigned k = 0; k < CONTENT__COUNT; k++)
		if (kinds >> k & 1)
			put_list(list, content_kind_name((enum content_kind)k));
	put_buf(log, &e->content, list);
	put(log, &e->content_label, facts->labels);
}

static void put_facts(struct event_alert *e, const struct policy_facts *facts)
{
	e->about = (uint8_t)facts->about;
	e->proof = (uint8_t)facts->proof;
	e->moved = facts->moved;
	e->outcome = (uint8_t)facts->outcome;
	e->duration = facts->duration_s;
	e->bytes_out_hour = facts->to_target.out_hour;
	e->bytes_in_hour = facts->to_target.in_hour;
	e->bytes_out_day = facts->to_target.out_day;
	e->bytes_in_day = facts->to_target.in_day;
	e->flows_hour = facts->to_target.flows_hour;
	e->flows_day = facts->to_target.flows_day;
	e->total_out_hour = facts->to_all.out_hour;
	e->total_out_day = facts->to_all.out_day;
}

static const char *calendar_of(const struct config *config, const char *zone)
{
	for (size_t i = 0; config && *zone && i < config->zone_count; i++)
		if (strcmp(config->zones[i].name, zone) == 0)
			return config->zones[i].calendar;
	return "";
}

/* Of the end that is outside: where data goes to, or who comes in. */
static const struct geo *geo_of(const struct alert *a)
{
	const struct geo *to = &a->destination_geo;
	return to->country[0] || to->as_number ? to : &a->source_geo;
}

static void put_texts(struct event_log *log, struct event_alert *e, const struct alert *a)
{
	static const char *const seen[] = { "clear", "name", "opaque" };
	const struct finding *f = &a->finding;
	put(log, &e->id, a->alert_id);
	put(log, &e->rule, f->rule);
	put(log, &e->title, f->title);
	put(log, &e->detector, f->detector);
	put(log, &e->category, finding_class_name(f->class));
	put(log, &e->visibility, (unsigned)f->visibility < 3 ? seen[f->visibility] : "");
	put(log, &e->object, f->object);
	put(log, &e->source_name, a->source_name);
	put(log, &e->destination_name, a->destination_name);
	put(log, &e->user, a->source_user);
	put(log, &e->country, geo_of(a)->country);
	put(log, &e->as_name, geo_of(a)->as_name);
	put(log, &e->domain, f->domain[0] ? f->domain : a->destination_name);
	put(log, &e->intel_feed, f->indicator.feed);
	put(log, &e->intel_type, f->indicator.type);
	put(log, &e->intel_value, f->indicator.value);
	put(log, &e->intel_marking, f->indicator.marking);
}

/* As the alert has it (alert/place.h); a tenant that the wire does not show is none. */
static void put_service(struct event_log *log, struct event_alert *e, const struct alert *a)
{
	const struct finding *f = &a->finding;
	const struct service *s = a->service;
	char countries[SERVICE_RESIDENCY_MAX];
	put(log, &e->service, f->service);
	put(log, &e->service_category, f->service_category);
	if (strcmp(f->service_tenant, SERVICE_TENANT_UNKNOWN) != 0)
		put(log, &e->tenant, f->service_tenant);
	put(log, &e->service_by, f->service_by);
	put(log, &e->sanction, f->service_sanction);
	if (!s)
		return;
	/* what only looks like a cloud is nobody's shelter */
	bool is_shown = strcmp(f->service_by, service_evidence_name(SERVICE_BY_NDPI)) != 0;
	e->shared = is_shown && (s->class == SERVICE_CDN || s->class == SERVICE_IAAS);
	put(log, &e->service_risk, service_risk_name((enum service_risk)s->risk));
	if (s->country_count)
		put(log, &e->residency, service_residency(s, countries));
}

static void put_numbers(struct event_alert *e, const struct alert *a)
{
	const struct finding *f = &a->finding;
	e->e.time_ns = f->time_ns;
	e->e.flow = f->flow;
	e->e.src = f->subject.ip;
	e->e.dst = f->peer.ip;
	e->e.sport = f->subject.port;
	e->e.dport = f->peer.port;
	e->e.proto = f->proto;
	e->e.app = f->app;
	e->e.vlan = f->vlan;
	e->e.tunnel_id = f->tunnel_id;
	e->has_src = f->subject.has_ip;
	e->has_dst = f->peer.has_ip;
	e->bytes_out = f->subject.bytes;
	e->bytes_in = f->peer.bytes;
	e->events = f->count;
	e->count = a->count;
	e->score = (float)f->score;
	e->confidence = (float)f->confidence;
	e->risk = (float)a->risk_score;
	e->revision = a->revision;
	e->as_number = geo_of(a)->as_number;
	e->severity = (uint8_t)f->severity;
	e->direction = direction_of(a->direction);
	e->sanctioned = f->service_sanctioned;
	e->learning = f->learning;
	e->drill = f->is_drill;
	e->intel_confidence = f->indicator.confidence;
}

const struct event_alert *policy_record(const struct policy *p, struct event_log *log,
					const struct alert *a, const struct context *c,
					const struct policy_facts *facts)
{
	struct buf list;
	struct event_alert *e = event_log_begin(log, EVENT_ALERT, sizeof(*e), a->sequence);
	buf_init(&list, 512);
	put_numbers(e, a);
	put_facts(e, facts);
	calendar_set(p, facts->config, calendar_of(facts->config, a->source_zone), e);
	put_texts(log, e, a);
	put_service(log, e, a);
	put_zones(log, e, a, c);
	put_tags(log, &e->source_tags, facts->config, a->source_zone, &list);
	put_tags(log, &e->destination_tags, facts->config, a->destination_zone, &list);
	put_roles(log, &e->source_roles, c, &a->finding.subject, &list);
	put_roles(log, &e->destination_roles, c, &a->finding.peer, &list);
	put_content(log, e, &a->finding, facts, &list);
	for (size_t i = 0; i < a->chain_count && i < FUSION_LINKS; i++)
		if (a->chain[i].llr >= FUSION_COMPANY_LLR) /* what has faded says nothing */
			put_list(&list, finding_class_name(a->chain[i].class));
	put_buf(log, &e->stages, &list);
	buf_deinit(&list);
	event_log_commit(log);
	return e;
}
