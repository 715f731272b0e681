/*
 * engine/activity.c - see activity.h.
 */
#include "activity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/table.h"

struct talker {
	struct ipaddr address; /* key; of a service: its name's first bytes */
	uint64_t sent, received, flows, last_ns;
	char name[64]; /* service */
};

struct running_flow {
	uint64_t id; /* key */
	struct ipaddr src, dst;
	uint16_t sport, dport;
	uint16_t app;
	uint8_t proto;
	bool is_counted;
	uint64_t told[2]; /* bytes counted so far */
	uint64_t first_ns, last_ns;
};

struct ranked {
	uint64_t weight;
	const void *entry;
};

struct activity {
	struct table hosts, destinations, services, flows;
	struct snap_share share;
	struct ranked ranked[ACTIVITY_FLOWS];
};

static uint32_t capped(uint64_t bytes)
{
	return bytes >> 10 > UINT32_MAX ? UINT32_MAX : (uint32_t)(bytes >> 10);
}

static uint32_t talker_evidence(const void *entry)
{
	const struct talker *t = entry;
	return capped(t->sent);
}

static uint32_t flow_evidence(const void *entry)
{
	const struct running_flow *f = entry;
	return capped(f->told[0] + f->told[1]);
}

static int make_table(struct table *t, uint32_t capacity, size_t size, size_t key_size,
		      table_evidence_fn evidence, const struct hash_key *key)
{
	struct table_config config = {
		.capacity = capacity,
		.entry_size = size,
		.key_size = key_size,
		.key = *key,
		.evidence = evidence,
	};
	return table_init(t, &config);
}

static int make_talkers(struct table *t, uint32_t capacity, const struct hash_key *key)
{
	return make_table(t, capacity, sizeof(struct talker), sizeof(struct ipaddr),
			  talker_evidence, key);
}

struct activity *activity_new(const struct hash_key *key)
{
	struct activity *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	int err = make_talkers(&a->hosts, ACTIVITY_HOSTS, key);
	if (!err)
		err = make_talkers(&a->destinations, ACTIVITY_DESTINATIONS, key);
	if (!err)
		err = make_talkers(&a->services, ACTIVITY_SERVICES, key);
	if (!err)
		err = make_table(&a->flows, ACTIVITY_FLOWS, sizeof(struct running_flow),
				 sizeof(uint64_t), flow_evidence, key);
	if (!err)
		return a;
	activity_free(a);
	return NULL;
}

void activity_free(struct activity *a)
{
	if (!a)
		return;
	table_deinit(&a->hosts);
	table_deinit(&a->destinations);
	table_deinit(&a->services);
	table_deinit(&a->flows);
	free(a);
}

/* --- counting ---------------------------------------------------------------------------- */

struct growth {
	uint64_t bytes[2];
	uint64_t flows; /* 1: it is counted for the first time */
	uint64_t now_ns;
};

static void add(struct talker *t, uint64_t sent, uint64_t received, const struct growth *g)
{
	if (!t)
		return;
	t->sent += sent;
	t->received += received;
	t->flows += g->flows;
	t->last_ns = g->now_ns;
}

static void add_to(struct table *table, const struct ipaddr *address, uint64_t sent,
		   uint64_t received, const struct growth *g)
{
	bool is_new;
	add(table_get(table, address, &is_new), sent, received, g);
}

static const struct service *service_of(const struct context *c, const struct event *e)
{
	const char *name = context_name_of(c, &e->dst);
	const struct service *s = name ? context_service_by_name(c, name, strlen(name)) : NULL;
	if (!s)
		s = context_service_by_ip(c, &e->dst);
	return s ? s : context_service_by_flow(c, e->flow);
}

static void add_service(struct activity *a, const struct context *c, const struct event *e,
			uint64_t sent, uint64_t received, const struct growth *g)
{
	const struct service *s = service_of(c, e);
	struct ipaddr key = { 0 };
	bool is_new;
	if (!s)
		return;
	memcpy(key.u.b, s->name, strnlen(s->name, sizeof(key.u.b)));
	struct talker *t = table_get(&a->services, &key, &is_new);
	if (t && is_new)
		(void)snprintf(t->name, sizeof(t->name), "%s", s->title);
	add(t, sent, received, g);
}

static void add_share(struct activity *a, const struct context *c, const struct event *e,
		      bool from_inside, bool to_inside, const struct growth *g)
{
	struct snap_share *s = &a->share;
	uint64_t both = g->bytes[0] + g->bytes[1];
	if (from_inside && to_inside) {
		s->east_west += both;
	} else if (!from_inside && !to_inside) {
		s->transit += both;
	} else {
		s->outward += g->bytes[from_inside ? 0 : 1];
		s->inward += g->bytes[from_inside ? 1 : 0];
	}
	if (app_is_clear((enum app)e->app))
		s->clear += both;
	else if ((e->app == APP_TLS || e->app == APP_QUIC) && context_name_of(c, &e->dst))
		s->named += both;
	else
		s->opaque += both;
}

static void count(struct activity *a, const struct context *c, const struct event *e,
		  const struct growth *g)
{
	bool from_inside = context_is_inside(c, &e->src, e->tunnel_id);
	bool to_inside = context_is_inside(c, &e->dst, e->tunnel_id);
	add_share(a, c, e, from_inside, to_inside, g);
	if (from_inside)
		add_to(&a->hosts, &e->src, g->bytes[0], g->bytes[1], g);
	if (to_inside)
		add_to(&a->hosts, &e->dst, g->bytes[1], g->bytes[0], g);
	if (from_inside && !to_inside) {
		add_to(&a->destinations, &e->dst, g->bytes[0], g->bytes[1], g);
		add_service(a, c, e, g->bytes[0], g->bytes[1], g);
	} else if (to_inside && !from_inside) {
		add_to(&a->destinations, &e->src, g->bytes[1], g->bytes[0], g);
	}
}

static void show(struct running_flow *f, const struct event *e, const struct event_flow *now)
{
	f->src = e->src;
	f->dst = e->dst;
	f->sport = e->sport;
	f->dport = e->dport;
	f->proto = e->proto;
	f->app = e->app;
	f->first_ns = now->first_ns;
	f->last_ns = now->last_ns;
}

void activity_event(struct activity *a, const struct context *c, const struct event *e)
{
	if (e->kind != EVENT_FLOW_START && e->kind != EVENT_FLOW_PROGRESS &&
	    e->kind != EVENT_FLOW_END)
		return;
	const struct event_flow *now = (const struct event_flow *)e;
	bool is_new;
	struct running_flow *f = table_get(&a->flows, &e->flow, &is_new);
	if (!f)
		return;
	show(f, e, now);
	/* its first packet is told of with those that follow: half of all flows are one question */
	if (e->kind == EVENT_FLOW_START)
		return;
	struct growth g = { .flows = !f->is_counted, .now_ns = e->time_ns };
	for (size_t i = 0; i < 2; i++) {
		g.bytes[i] = now->bytes[i] > f->told[i] ? now->bytes[i] - f->told[i] : 0;
		f->told[i] = now->bytes[i];
	}
	f->is_counted = true;
	count(a, c, e, &g);
	if (e->kind == EVENT_FLOW_END)
		table_remove(&a->flows, f);
}

/* --- telling ----------------------------------------------------------------------------- */

static void put_table(struct snapshot *s, const char *name, const struct table *t)
{
	struct snap_table *to = snap_add_table(s, name);
	if (!to)
		return;
	to->entries = t->stats.entries;
	to->capacity = t->stats.capacity;
	to->evictions = t->stats.evictions;
	to->worst_case_bytes = table_worst_case(t->stats.capacity, t->entry_size);
}

static void put_roles(const struct activity *a, const struct context *c, struct snap_roles *ret)
{
	const struct talker *t = NULL;
	*ret = (struct snap_roles){ 0 };
	while ((t = table_next(&a->hosts, t))) {
		uint32_t roles = context_roles(c, &t->address);
		ret->resolvers += (roles & ROLE_RESOLVER) != 0;
		ret->proxies += (roles & ROLE_PROXY) != 0;
		ret->nats += (roles & ROLE_NAT) != 0;
		ret->servers += (roles & ROLE_SERVER) != 0;
		ret->gateways += (roles & ROLE_GATEWAY) != 0;
	}
}

void activity_snapshot(const struct activity *a, const struct context *c, struct snapshot *s)
{
	s->share = a->share;
	put_roles(a, c, &s->roles);
	put_table(s, "talking_hosts", &a->hosts);
	put_table(s, "talking_destinations", &a->destinations);
	put_table(s, "talking_services", &a->services);
	put_table(s, "shown_flows", &a->flows);
}

static int ranked_cmp(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return a->entry < b->entry ? -1 : a->entry > b->entry;
}

/* Entries by weight into a->ranked; how many there are. */
static size_t rank(struct activity *a, const struct table *t, bool is_flow)
{
	const void *entry = NULL;
	size_t found = 0;
	while ((entry = table_next(t, entry)) && found < ACTIVITY_FLOWS) {
		const struct running_flow *f = entry;
		const struct talker *k = entry;
		a->ranked[found++] = (struct ranked){ is_flow ? f->told[0] : k->sent, entry };
	}
	qsort(a->ranked, found, sizeof(a->ranked[0]), ranked_cmp);
	return found;
}

static uint32_t list_talkers(struct activity *a, const struct context *c, const struct table *t,
			     struct snap_talker *list)
{
	size_t found = rank(a, t, false);
	size_t most = found < SNAP_TALKERS ? found : SNAP_TALKERS;
	for (size_t i = 0; i < most; i++) {
		const struct talker *k = a->ranked[i].entry;
		struct snap_talker *to = &list[i];
		*to = (struct snap_talker){ .sent = k->sent,
					    .received = k->received,
					    .flows = k->flows,
					    .last_ns = k->last_ns };
		const char *name = k->name;
		if (t != &a->services) {
			to->has_address = true;
			to->address = k->address;
			to->roles = context_roles(c, &k->address);
			name = context_host_name(c, &k->address);
			name = name ? name : context_name_of(c, &k->address);
		}
		(void)snprintf(to->name, sizeof(to->name), "%s", name ? name : "");
	}
	return (uint32_t)most;
}

void activity_lists(struct activity *a, const struct context *c, struct snap_lists *ret)
{
	ret->host_count = list_talkers(a, c, &a->hosts, ret->hosts);
	ret->destination_count = list_talkers(a, c, &a->destinations, ret->destinations);
	ret->service_count = list_talkers(a, c, &a->services, ret->services);
	ret->host_total = a->hosts.stats.entries;
	ret->destination_total = a->destinations.stats.entries;
	ret->service_total = a->services.stats.entries;
	ret->flow_total = a->flows.stats.entries;
	size_t found = rank(a, &a->flows, true);
	ret->flow_count = (uint32_t)(found < SNAP_FLOWS ? found : SNAP_FLOWS);
	for (size_t i = 0; i < ret->flow_count; i++) {
		const struct running_flow *f = a->ranked[i].entry;
		ret->flows[i] = (struct snap_flow){ .src = f->src,
						    .dst = f->dst,
						    .sport = f->sport,
						    .dport = f->dport,
						    .proto = f->proto,
						    .app = app_name((enum app)f->app),
						    .sent = f->told[0],
						    .received = f->told[1],
						    .first_ns = f->first_ns,
						    .last_ns = f->last_ns };
	}
}
