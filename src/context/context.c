/*
 * context/context.c - builds a context and answers what it knows.
 *
 * The parts are zones.c (inside and outside), suffix.c (registered domains), services.c (services
 * by name and prefix), names.c and hosts.c (what learn.c takes from events).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

#define ENTRIES_MAX    65536u
#define IDENTITY_TTL_S 28800

static uint32_t capped(uint32_t wanted)
{
	return wanted == 0 || wanted > ENTRIES_MAX ? ENTRIES_MAX : wanted;
}

static void set_identities(struct identities *s, const struct context_options *o)
{
	const char *users = o->users ? o->users : "pseudonym";
	s->users = strcmp(users, "clear") == 0 ? USERS_CLEAR :
		   strcmp(users, "off") == 0   ? USERS_OFF :
						 USERS_PSEUDONYM;
	s->ttl_s = o->identity_ttl_s ? o->identity_ttl_s : IDENTITY_TTL_S;
}

static int start_configured(struct context *c, const struct context_options *o, char *ret_why,
			    size_t why_size)
{
	if (!o->services_path) {
		snprintf(ret_why, why_size, "no services.yaml was named");
		return -EXF_E_INVALID;
	}
	set_identities(&c->identities, o);
	int r = zones_init(c, o, ret_why, why_size);
	if (r < 0)
		return r;
	c->services.app_number = o->app_number;
	r = services_load(&c->services, o->services_path, ret_why, why_size);
	for (size_t i = 0; r == 0 && i < o->services_file_count; i++)
		r = services_load(&c->services, o->services_files[i], ret_why, why_size);
	if (r < 0)
		return r;
	services_seal(&c->services);
	return services_sanction(&c->services, o, ret_why, why_size);
}

static int start(struct context *c, const struct context_options *o, char *ret_why, size_t why_size)
{
	int r = start_configured(c, o, ret_why, why_size);
	if (r < 0)
		return r;
	r = suffix_new(o->suffix_path, &o->key, &c->suffix, ret_why, why_size);
	if (r < 0)
		return r;
	r = names_init(&c->names, &c->services, &o->key, capped(o->max_names));
	if (r == 0)
		r = flow_names_init(&c->flow_names);
	if (r == 0)
		r = hosts_init(&c->hosts, &o->key, &o->sketch_key, capped(o->max_hosts));
	if (r == 0)
		r = identities_init(&c->identities, &o->key, &o->sketch_key,
				    capped(o->max_hosts) / 2);
	if (r == 0)
		r = managers_init(&c->managers, &o->key, &o->sketch_key, capped(o->max_hosts) / 16);
	if (r == 0)
		r = baseline_init(&c->baseline, &o->key, &o->sketch_key, capped(o->max_hosts) / 2,
				  capped(o->max_names));
	if (r < 0)
		snprintf(ret_why, why_size, "tables of names and hosts: %s", exf_strerror(r));
	return r;
}

typedef int (*start_fn)(struct context *c, const struct context_options *o, char *ret_why,
			size_t why_size);

static int make(const struct context_options *o, start_fn fn, struct context **ret, char *ret_why,
		size_t why_size)
{
	struct context *c = calloc(1, sizeof(*c));
	if (!c) {
		snprintf(ret_why, why_size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	int r = fn(c, o, ret_why, why_size);
	if (r < 0) {
		context_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

int context_new(const struct context_options *o, struct context **ret, char *ret_why,
		size_t why_size)
{
	return make(o, start, ret, ret_why, why_size);
}

int context_prepare(const struct context_options *o, struct context **ret, char *ret_why,
		    size_t why_size)
{
	return make(o, start_configured, ret, ret_why, why_size);
}

static void exchange_services(struct context *a, struct context *b)
{
	struct services keep = a->services;
	a->services = b->services;
	b->services = keep;
}

void context_take(struct context *c, struct context *fresh)
{
	zones_take(c, fresh);
	exchange_services(c, fresh);
	names_follow(&c->names, &c->services);
	c->identities.ttl_s = fresh->identities.ttl_s;
}

void context_free(struct context *c)
{
	if (!c)
		return;
	baseline_deinit(&c->baseline);
	managers_deinit(&c->managers);
	geo_close(c->geo);
	identities_deinit(&c->identities);
	hosts_deinit(&c->hosts);
	flow_names_deinit(&c->flow_names);
	names_deinit(&c->names);
	suffix_free(c->suffix);
	services_deinit(&c->services);
	zones_deinit(c);
	free(c);
}

size_t context_registered(const struct context *c, const char *name, size_t len,
			  const char **ret_registered, size_t *ret_len)
{
	return suffix_split(c->suffix, name, len, ret_registered, ret_len);
}

const struct service *context_service_by_name(const struct context *c, const char *name, size_t len)
{
	return services_by_name(&c->services, name, len);
}

enum service_evidence context_name_evidence(const struct context *c, const char *name, size_t len)
{
	struct service_hit hit = services_hit(&c->services, name, len);
	return !hit.service   ? SERVICE_BY_NOTHING :
	       hit.by_pattern ? SERVICE_BY_SNI :
				SERVICE_BY_DOMAIN;
}

const struct service *context_service_by_flow(const struct context *c, uint64_t flow)
{
	const struct flow_app *a = flow_names_app(&c->flow_names, flow);
	return a ? services_by_app(&c->services, a->master, a->app) : NULL;
}

bool context_tenant_of(const struct context *c, const struct service *s, const char *name,
		       size_t len, char dst[SERVICE_TENANT_MAX])
{
	if (s && len && services_tenant(&c->services, s, name, len, dst))
		return true;
	str_copy(dst, SERVICE_TENANT_MAX, SERVICE_TENANT_UNKNOWN);
	return false;
}

const struct service *context_service_by_ip(const struct context *c, const struct ipaddr *a)
{
	const struct service *service = services_by_prefix(&c->services, a);
	if (service)
		return service;
	const struct name_entry *name = names_find(&c->names, a, c->now_ns);
	return name ? name->service : NULL;
}

const char *context_name_of(const struct context *c, const struct ipaddr *a)
{
	const struct name_entry *name = names_find(&c->names, a, c->now_ns);
	return name ? name->text : NULL;
}

const char *context_flow_name(const struct context *c, uint64_t flow)
{
	return flow_names_find(&c->flow_names, flow);
}

const char *context_host_name(const struct context *c, const struct ipaddr *a)
{
	const struct identity_entry *e = identities_find(&c->identities, a, c->now_ns);
	const struct host *h = e && e->host[0] ? NULL : hosts_find(&c->hosts, a);
	return h ? (h->name[0] ? h->name : NULL) : e && e->host[0] ? e->host : NULL;
}

bool context_mac_of(const struct context *c, const struct ipaddr *a, uint8_t ret_mac[6])
{
	return hosts_mac_of(&c->hosts, a, ret_mac);
}

struct geo_set *context_geo(struct context *c, struct geo_set *fresh)
{
	struct geo_set *old = c->geo;
	c->geo = fresh;
	return old;
}

void context_geo_describe(const struct context *c, char *dst, size_t size)
{
	geo_describe(c->geo, dst, size);
}

bool context_geo_of(const struct context *c, const struct ipaddr *a, uint32_t tunnel_id,
		    struct geo *ret)
{
	memset(ret, 0, sizeof(*ret));
	return c->geo && !context_is_inside(c, a, tunnel_id) && geo_find(c->geo, a, ret);
}

uint32_t context_roles(const struct context *c, const struct ipaddr *a)
{
	const struct host *h = hosts_find(&c->hosts, a);
	return h ? h->roles : 0;
}

void context_stats(const struct context *c, struct context_stats *ret)
{
	ret->names = c->names.table.stats.entries;
	ret->name_evictions = c->names.table.stats.evictions;
	ret->hosts = c->hosts.table.stats.entries;
	ret->host_evictions = c->hosts.table.stats.evictions;
	ret->identities = c->identities.table.stats.entries;
	ret->identity_evictions = c->identities.table.stats.evictions;
	ret->identity_capacity = c->identities.table.stats.capacity;
	ret->baselines = c->baseline.hosts.stats.entries;
	ret->destinations = c->baseline.dests.stats.entries;
	ret->services = c->services.count;
	ret->zones = c->zone_count;
}
