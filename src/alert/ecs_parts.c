/*
 * alert/ecs_parts.c - source, destination, network, dns, related and exfild.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ecs.h"
#include "words.h"

#define SCHEMA_VERSION 1
#define NUMBER_MAX     1e308

static void put_geo(struct ecs *e, const struct geo *g)
{
	if (g->country[0]) {
		json_open_object(&e->j, "geo");
		json_string(&e->j, "country_iso_code", g->country);
		json_close_object(&e->j);
	}
	if (!g->as_number)
		return;
	json_open_object(&e->j, "as");
	json_uint(&e->j, "number", g->as_number);
	if (g->as_name[0]) {
		json_open_object(&e->j, "organization");
		ecs_text(e, "name", g->as_name);
		json_close_object(&e->j);
	}
	json_close_object(&e->j);
}

static void put_end(struct ecs *e, const char *key, const struct finding_end *end,
		    const char *domain, const struct geo *g)
{
	if (!end->has_ip && !end->has_mac && !domain[0])
		return;
	json_open_object(&e->j, key);
	if (end->has_ip)
		json_ip(&e->j, "ip", &end->ip);
	if (end->port)
		json_uint(&e->j, "port", end->port);
	if (end->has_mac) { /* ECS: RFC 7042, upper case with hyphens */
		char mac[18];
		snprintf(mac, sizeof(mac), "%02X-%02X-%02X-%02X-%02X-%02X", end->mac[0],
			 end->mac[1], end->mac[2], end->mac[3], end->mac[4], end->mac[5]);
		json_string(&e->j, "mac", mac);
	}
	ecs_text(e, "domain", domain);
	if (end->bytes)
		json_uint(&e->j, "bytes", end->bytes);
	if (end->packets)
		json_uint(&e->j, "packets", end->packets);
	put_geo(e, g);
	json_close_object(&e->j);
}

void ecs_ends(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	put_end(e, "source", &f->subject, e->a->source_name, &e->a->source_geo);
	put_end(e, "destination", &f->peer, f->domain[0] ? f->domain : e->a->destination_name,
		&e->a->destination_geo);
	if (e->a->source_user[0]) {
		json_open_object(&e->j, "user");
		ecs_text(e, "name", e->a->source_user);
		json_close_object(&e->j);
	}
	if (f->dns_question[0]) {
		const char *type = words_dns_type(f->dns_type);
		char text[16];
		snprintf(text, sizeof(text), "TYPE%u", f->dns_type); /* RFC 3597 */
		json_open_object(&e->j, "dns");
		json_open_object(&e->j, "question");
		ecs_text(e, "name", f->dns_question);
		if (f->dns_type)
			json_string(&e->j, "type", type ? type : text);
		json_close_object(&e->j);
		json_close_object(&e->j);
	}
}

void ecs_network(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	const char *transport = words_transport(f->proto);

	json_open_object(&e->j, "network");
	if (transport)
		json_string(&e->j, "transport", transport);
	if (f->subject.has_ip)
		json_string(&e->j, "type", ipaddr_is_v4(&f->subject.ip) ? "ipv4" : "ipv6");
	if (f->app > APP_OTHER && f->app < APP__COUNT)
		json_string(&e->j, "protocol", app_name((enum app)f->app));
	ecs_text(e, "application", f->service);
	json_string(&e->j, "direction", e->a->direction ? e->a->direction : "unknown");
	ecs_text(e, "community_id",
		 e->a->community_id[0] && e->cut < ECS_CUT_SHORT ? e->a->community_id : NULL);
	if (f->vlan) {
		char vlan[8];
		snprintf(vlan, sizeof(vlan), "%u", f->vlan);
		json_open_object(&e->j, "vlan");
		json_string(&e->j, "id", vlan);
		json_close_object(&e->j);
	}
	json_close_object(&e->j);
}

/* The addresses of an alert, each once, in the order in which people ask for them. */
static unsigned collect_addresses(const struct finding *f, struct ipaddr ret[FINDING_RELATED + 4])
{
	struct ipaddr all[FINDING_RELATED + 4];
	unsigned n = 0, count = 0;

	if (f->subject.has_ip)
		all[n++] = f->subject.ip;
	if (f->peer.has_ip)
		all[n++] = f->peer.ip;
	if (f->flow) {
		all[n++] = f->flow_src;
		all[n++] = f->flow_dst;
	}
	for (unsigned i = 0; i < f->related_count && i < FINDING_RELATED; i++)
		all[n++] = f->related[i];
	for (unsigned i = 0; i < n; i++) {
		bool is_known = false;
		for (unsigned k = 0; k < count; k++)
			is_known = is_known || ipaddr_equal(&ret[k], &all[i]);
		if (!is_known)
			ret[count++] = all[i];
	}
	return count;
}

static void put_users(struct ecs *e)
{
	const char *source = e->a->source_user, *destination = e->a->destination_user;
	if (!source[0] && !destination[0])
		return;
	json_open_array(&e->j, "user");
	ecs_text(e, NULL, source);
	if (strcmp(source, destination) != 0)
		ecs_text(e, NULL, destination);
	json_close_array(&e->j);
}

void ecs_related(struct ecs *e)
{
	const struct alert *a = e->a;
	const char *hosts[3] = { a->source_name, a->finding.domain, a->destination_name };
	struct ipaddr ips[FINDING_RELATED + 4];
	unsigned count = collect_addresses(&a->finding, ips);
	bool has_host = hosts[0][0] || hosts[1][0] || hosts[2][0];

	if (e->cut >= ECS_CUT_RELATED || (!count && !has_host))
		return;
	json_open_object(&e->j, "related");
	if (count) {
		json_open_array(&e->j, "ip");
		for (unsigned i = 0; i < count; i++)
			json_ip(&e->j, NULL, &ips[i]);
		json_close_array(&e->j);
	}
	put_users(e);
	if (has_host) {
		json_open_array(&e->j, "hosts");
		for (unsigned i = 0; i < 3; i++) {
			if (i == 2 && strcmp(hosts[1], hosts[2]) == 0)
				continue;
			ecs_text(e, NULL, hosts[i]);
		}
		json_close_array(&e->j);
	}
	json_close_object(&e->j);
}

/* JSON has no infinities; what rounds past the largest double would be read as one. */
static double number(double v)
{
	if (isnan(v))
		return 0;
	return fabs(v) > NUMBER_MAX ? copysign(NUMBER_MAX, v) : v;
}

static void put_explain(struct ecs *e)
{
	const struct finding *f = &e->a->finding;

	json_open_array(&e->j, "explain");
	for (unsigned i = 0; i < f->feature_count && i < FINDING_FEATURES; i++) {
		const struct finding_feature *x = &f->features[i];
		json_open_object(&e->j, NULL);
		ecs_text(e, "feature", x->name[0] ? x->name : "unnamed");
		json_double(&e->j, "value", number(x->value));
		if (e->cut < ECS_CUT_TEXT)
			ecs_text(e, "text", x->text);
		if (!isnan(x->baseline))
			json_double(&e->j, "baseline", number(x->baseline));
		if (!isnan(x->limit))
			json_double(&e->j, "limit", number(x->limit));
		json_double(&e->j, "weight", number(x->weight));
		json_double(&e->j, "contribution", number(x->contribution));
		json_close_object(&e->j);
	}
	json_close_array(&e->j);
}

static void put_evidence(struct ecs *e)
{
	const struct finding *f = &e->a->finding;

	json_open_object(&e->j, "evidence");
	json_uint(&e->j, "events", f->count);
	ecs_text(e, "object", f->object);
	if (f->packet_count && e->cut < ECS_CUT_PACKETS) {
		json_open_array(&e->j, "packets");
		for (unsigned i = 0; i < f->packet_count && i < FINDING_PACKETS; i++)
			json_uint(&e->j, NULL, f->packets[i]);
		json_close_array(&e->j);
	}
	json_close_object(&e->j);
}

static void put_pair(struct ecs *e, const char *key, const char *source, const char *destination)
{
	if (!source[0] && !destination[0])
		return;
	json_open_object(&e->j, key);
	ecs_text(e, "source", source);
	ecs_text(e, "destination", destination);
	json_close_object(&e->j);
}

static void put_policy(struct ecs *e)
{
	const struct alert_policy *p = &e->a->policy;

	if (!p->rule[0])
		return;
	json_open_object(&e->j, "policy");
	ecs_text(e, "rule", p->rule);
	json_string(&e->j, "action", p->action);
	if (e->cut < ECS_CUT_PROSE)
		ecs_text(e, "why", p->why);
	if (p->mode) {
		json_string(&e->j, "target", p->target);
		json_string(&e->j, "mode", p->mode);
		ecs_text(e, "outcome", p->outcome);
	}
	if (p->mode && p->ttl_s)
		json_uint(&e->j, "ttl", p->ttl_s);
	if (p->step)
		json_uint(&e->j, "step", p->step);
	json_close_object(&e->j);
}

static void put_surroundings(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	const char *tunnel = words_tunnel(f->tunnel_type);

	if (tunnel) {
		json_open_object(&e->j, "tunnel");
		json_string(&e->j, "type", tunnel);
		json_uint(&e->j, "id", f->tunnel_id);
		json_close_object(&e->j);
	}
	if (f->service[0]) {
		json_open_object(&e->j, "service");
		ecs_text(e, "name", f->service);
		ecs_text(e, "category", f->service_category);
		ecs_text(e, "told_by", f->service_by);
		ecs_text(e, "tenant", f->service_tenant);
		json_bool(&e->j, "sanctioned", f->service_sanctioned);
		ecs_text(e, "sanction", f->service_sanction);
		json_close_object(&e->j);
	}
	put_pair(e, "zone", e->a->source_zone, e->a->destination_zone);
	ecs_text(e, "responsibility", e->a->responsibility);
	put_policy(e);
	if (e->a->incident_id[0]) {
		json_open_object(&e->j, "incident");
		json_string(&e->j, "id", e->a->incident_id);
		json_string(&e->j, "stage", finding_class_name(f->class));
		json_close_object(&e->j);
	}
	if (e->a->chain_count == 0 || e->cut >= ECS_CUT_PROSE)
		return;
	json_open_array(&e->j, "chain");
	for (size_t i = 0; i < e->a->chain_count && i < FUSION_LINKS; i++) {
		const struct fusion_link *l = &e->a->chain[i];
		json_open_object(&e->j, NULL);
		json_string(&e->j, "stage", finding_class_name(l->class));
		ecs_text(e, "rule", l->rule);
		json_time(&e->j, "time", l->time_ns);
		json_double(&e->j, "llr", number(l->llr));
		json_close_object(&e->j);
	}
	json_close_array(&e->j);
}

/* What a person does with it. */
static void put_action(struct ecs *e)
{
	const struct finding *f = &e->a->finding;

	if (e->cut < ECS_CUT_PROSE)
		ecs_text(e, "filter", f->filter);
	if (f->step_count && e->cut < ECS_CUT_STEPS) {
		json_open_array(&e->j, "next_steps");
		for (unsigned i = 0; i < f->step_count && i < FINDING_STEPS; i++)
			ecs_text(e, NULL, f->next_steps[i]);
		json_close_array(&e->j);
	}
	if (e->cut < ECS_CUT_PROSE)
		ecs_words(e, "silence", words_silence);
}

static void put_cut(struct ecs *e)
{
	static const char *const names[ECS_CUT__COUNT] = {
		[ECS_CUT_STEPS] = "next_steps", [ECS_CUT_RELATED] = "related",
		[ECS_CUT_PACKETS] = "packets",  [ECS_CUT_TEXT] = "explain.text",
		[ECS_CUT_PROSE] = "prose",      [ECS_CUT_STRINGS] = "strings",
		[ECS_CUT_SHORT] = "short",
	};
	if (e->cut == ECS_CUT_NOTHING)
		return;
	json_open_array(&e->j, "cut");
	for (unsigned i = 1; i <= (unsigned)e->cut; i++)
		json_string(&e->j, NULL, names[i]);
	json_close_array(&e->j);
}

void ecs_exfild(struct ecs *e)
{
	const struct finding *f = &e->a->finding;

	json_open_object(&e->j, "exfild");
	json_uint(&e->j, "schema", SCHEMA_VERSION);
	ecs_text(e, "mode", f->is_drill ? "drill" : e->o->mode ? e->o->mode : "replay");
	json_string(&e->j, "session", e->o->session ? e->o->session : "replay");
	json_string(&e->j, "alert_id", e->a->alert_id);
	json_uint(&e->j, "revision", e->a->revision);
	ecs_text(e, "detector", f->detector);
	json_double(&e->j, "score", number(f->score));
	json_double(&e->j, "confidence", number(f->confidence));
	json_uint(&e->j, "count", e->a->count);
	uint64_t drops = e->o->drops ? e->o->drops(e->o->drops_arg, f->start_ns, f->end_ns) : 0;
	if (drops)
		json_uint(&e->j, "drops", drops);
	put_explain(e);
	ecs_text(e, "counterfactual", f->counterfactual);
	ecs_text(e, "not_harmless", f->not_harmless);
	json_string(&e->j, "visibility", words_visibility(f->visibility));
	ecs_text(e, "unseen", f->unseen);
	json_bool(&e->j, "learning", f->learning);
	put_evidence(e);
	put_surroundings(e);
	put_action(e);
	put_cut(e);
	json_close_object(&e->j);
}
