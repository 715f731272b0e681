/*
 * usage/usage.c - see include/exfild/usage/usage.h.
 *
 * Three tables stand above each other: rows by host and service, what has no place there by host,
 * and what has none there by zone.  An entry that is evicted from one is added to the next, so
 * that nothing is lost on the way; the last has no more keys than hours, zones and directions, and
 * what even it cannot hold is one row.
 */
#include "exfild/usage/usage.h"

#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

#define HOUR_NS   3600000000000ull
#define SETTLE_NS 120000000000ull /* a connection tells of an hour so late */
#define OTHERS_OF 2u              /* rows by host: so many times fewer */
#define SUMS      8192u

/* ---- counters that have no place ---- */

/* What was alerted on goes last. */
static uint32_t evidence(const void *entry)
{
	const struct usage_counts *n = &((const struct counter *)entry)->n;
	uint64_t kb = (n->up + n->down) >> 10;
	return n->alerts || n->verdicts ? UINT32_MAX :
	       kb > UINT32_MAX / 2      ? UINT32_MAX / 2 :
					  (uint32_t)kb;
}

uint32_t usage_zone_of(const struct usage *u, uint32_t host)
{
	return host & HOST_ZONE ? host & ~HOST_ZONE : u->host_list[host].zone;
}

static void to_rest(void *arg, void *entry)
{
	struct usage *u = arg;
	const struct counter *c = entry;
	u->folded++;
	if (!u->rest.key.hour) {
		u->rest.key = c->key;
		u->rest.key.host = HOST_ZONE;
	}
	usage_counts_add(&u->rest.n, &c->n);
}

static void add_to(struct table *t, const struct counter_key *key, const struct usage_counts *n)
{
	bool is_new;
	struct counter *to = table_get(t, key, &is_new);
	if (to)
		usage_counts_add(&to->n, n);
}

static void to_sums(void *arg, void *entry)
{
	struct usage *u = arg;
	const struct counter *c = entry;
	struct counter_key key = c->key;
	u->folded++;
	key.host = HOST_ZONE | usage_zone_of(u, c->key.host);
	add_to(&u->sums, &key, &c->n);
}

static void to_others(void *arg, void *entry)
{
	struct usage *u = arg;
	const struct counter *c = entry;
	struct counter_key key = c->key;
	u->folded++;
	key.service = NAMED_OTHER;
	key.place = 0;
	add_to(&u->others, &key, &c->n);
}

/* ---- life ---- */

static int make_counters(struct usage *u, struct table *t, uint32_t capacity,
			 const struct hash_key *key, table_evict_fn on_evict)
{
	const struct table_config config = {
		.capacity = capacity,
		.entry_size = sizeof(struct counter),
		.key_size = sizeof(struct counter_key),
		.key = *key,
		.evidence = evidence,
		.on_evict = on_evict,
		.arg = u,
	};
	return table_init(t, &config);
}

static int make_tables(struct usage *u, const struct usage_options *o)
{
	const struct table_config hosts = { .capacity = o->max_hosts,
					    .entry_size = sizeof(struct host),
					    .key_size = sizeof(struct host_key),
					    .key = o->key };
	int err = labels_init(&u->labels, o->context, &o->key, o->max_rows);
	if (!err)
		err = places_init(&u->places, o->context, &o->key);
	if (!err)
		err = users_init(&u->users, &o->key, o->per_user);
	if (!err)
		err = table_init(&u->hosts, &hosts);
	if (!err)
		err = make_counters(u, &u->rows, o->max_rows, &o->key, to_others);
	if (!err)
		err = make_counters(u, &u->others, o->max_rows / OTHERS_OF, &o->key, to_sums);
	if (!err)
		err = make_counters(u, &u->sums, SUMS, &o->key, to_rest);
	return err;
}

struct usage *usage_new(const struct usage_options *o)
{
	struct usage *u = calloc(1, sizeof(*u));
	if (!u)
		return NULL;
	u->context = o->context;
	u->max_hosts = o->max_hosts;
	u->zone_count = 1;
	u->host_list = calloc(o->max_hosts ? o->max_hosts : 1, sizeof(*u->host_list));
	if (!u->host_list || make_tables(u, o)) {
		usage_free(u);
		return NULL;
	}
	return u;
}

void usage_free(struct usage *u)
{
	if (!u)
		return;
	labels_deinit(&u->labels);
	places_deinit(&u->places);
	users_deinit(&u->users);
	table_deinit(&u->hosts);
	table_deinit(&u->rows);
	table_deinit(&u->others);
	table_deinit(&u->sums);
	free(u->host_list);
	free(u);
}

uint64_t usage_bytes(uint32_t max_rows, uint32_t max_hosts)
{
	return sizeof(struct usage) + labels_bytes(max_rows) + places_bytes() + users_bytes() +
	       table_worst_case(max_rows, sizeof(struct counter)) +
	       table_worst_case(max_rows / OTHERS_OF, sizeof(struct counter)) +
	       table_worst_case(SUMS, sizeof(struct counter)) +
	       table_worst_case(max_hosts, sizeof(struct host)) +
	       (uint64_t)max_hosts * sizeof(struct host_text);
}

/* ---- counting ---- */

static uint32_t zone_number(struct usage *u, const struct ipaddr *a, uint32_t tunnel_id,
			    uint16_t vlan)
{
	const struct context_zone *z = context_zone(u->context, a, tunnel_id, vlan);
	if (!z)
		return 0;
	for (uint32_t i = 1; i < u->zone_count; i++)
		if (strcmp(u->zones[i], z->name) == 0)
			return i;
	if (u->zone_count == ZONES_MAX)
		return 0;
	(void)str_copy(u->zones[u->zone_count], sizeof(u->zones[0]), z->name);
	return u->zone_count++;
}

static uint32_t host_number(struct usage *u, const struct ipaddr *a, uint32_t tunnel_id,
			    uint16_t vlan)
{
	const char *user = u->users.list ? context_user_of(u->context, a) : NULL;
	const struct host_key key = { .address = *a,
				      .tunnel_id = tunnel_id,
				      .user = users_number(&u->users, user) };
	bool is_new;
	const struct host *known = table_find(&u->hosts, &key);
	if (known)
		return known->number;
	uint32_t zone = zone_number(u, a, tunnel_id, vlan);
	if (u->host_count == u->max_hosts)
		return HOST_ZONE | zone;
	struct host *h = table_get(&u->hosts, &key, &is_new);
	if (!h)
		return HOST_ZONE | zone;
	h->number = u->host_count++;
	h->zone = zone;
	u->host_list[h->number] =
		(struct host_text){ .address = *a, .zone = zone, .user = key.user };
	return h->number;
}

static void count(struct usage *u, const struct counter_key *key, const struct usage_counts *n)
{
	add_to(&u->rows, key, n);
	if (!u->oldest_hour || key->hour < u->oldest_hour)
		u->oldest_hour = key->hour;
}

/* Whom it is about, which of its ends is that (0: src), and which way it goes. */
struct side {
	enum usage_direction direction;
	const struct ipaddr *host, *peer;
	unsigned end;
};

static bool is_everybody(const struct ipaddr *a)
{
	return ipaddr_is_multicast(a) || ipaddr_is_unspecified(a) || ipaddr_is_link_local(a);
}

static struct side side_of(const struct usage *u, const struct event *e)
{
	bool from = context_is_inside(u->context, &e->src, e->tunnel_id);
	bool to = context_is_inside(u->context, &e->dst, e->tunnel_id) || is_everybody(&e->dst);
	if (from || is_everybody(&e->src))
		return (struct side){ to ? USAGE_LATERAL : USAGE_OUT, &e->src, &e->dst, 0 };
	if (to)
		return (struct side){ USAGE_IN, &e->dst, &e->src, 1 };
	return (struct side){ USAGE_TRANSIT, &e->src, &e->dst, 0 };
}

/* Bytes of a flow that passed within one hour. */
struct part {
	const uint64_t *bytes; /* from src, from dst */
	uint64_t first_ns, last_ns;
	bool is_first; /* nothing of the flow was told before */
};

static void count_part(struct usage *u, const struct event *e, const struct side *s,
		       const struct label *l, const struct part *p)
{
	const struct ipaddr *outside = s->direction == USAGE_LATERAL ? NULL : s->peer;
	uint16_t place = (uint16_t)places_number(&u->places, outside, e->tunnel_id, l->tls);
	uint64_t both = p->bytes[0] + p->bytes[1];
	const struct counter_key key = { .hour = (uint32_t)(p->last_ns / HOUR_NS),
					 .host = host_number(u, s->host, e->tunnel_id, e->vlan),
					 .service = l->number,
					 .direction = (uint16_t)s->direction,
					 .place = place };
	struct usage_counts n = { .up = p->bytes[s->end],
				  .down = p->bytes[!s->end],
				  .flows = p->is_first,
				  .first_ns = p->first_ns,
				  .last_ns = p->last_ns };
	if (app_is_clear((enum app)e->app))
		n.clear = both;
	else if (l->is_named)
		n.named = both;
	else
		n.opaque = both;
	count(u, &key, &n);
}

static void count_flow(struct usage *u, const struct event_flow *f)
{
	const struct event *e = &f->e;
	const struct side s = side_of(u, e);
	bool is_within = s.direction == USAGE_LATERAL || s.direction == USAGE_IN;
	const struct label l =
		is_within ? labels_inside(&u->labels, e) : labels_outside(&u->labels, e);
	bool has_earlier = f->earlier[0] || f->earlier[1];
	uint64_t told = f->fresh[0] + f->fresh[1] + f->earlier[0] + f->earlier[1];
	bool is_first =
		told == f->bytes[0] + f->bytes[1] + f->retransmitted[0] + f->retransmitted[1];
	uint64_t hour_ns = f->last_ns - f->last_ns % HOUR_NS;
	if (has_earlier) {
		const struct part p = { .bytes = f->earlier,
					.first_ns = is_first ? f->first_ns : hour_ns - 1,
					.last_ns = hour_ns - 1,
					.is_first = is_first };
		count_part(u, e, &s, &l, &p);
	}
	const struct part p = { .bytes = f->fresh,
				.first_ns = has_earlier ? hour_ns :
					    is_first    ? f->first_ns :
							  f->last_ns,
				.last_ns = f->last_ns,
				.is_first = is_first && !has_earlier };
	if (f->fresh[0] || f->fresh[1])
		count_part(u, e, &s, &l, &p);
}

void usage_event(struct usage *u, const struct event *e)
{
	if (e->kind != EVENT_FLOW_PROGRESS && e->kind != EVENT_FLOW_END) {
		labels_note(&u->labels, e);
		return;
	}
	const struct event_flow *f = (const struct event_flow *)e;
	if (f->fresh[0] || f->fresh[1] || f->earlier[0] || f->earlier[1])
		count_flow(u, f);
	if (e->kind == EVENT_FLOW_END)
		labels_end_flow(&u->labels, e);
}

void usage_alert(struct usage *u, const struct usage_counts *told, uint64_t time_ns,
		 const struct ipaddr *host, const struct ipaddr *peer, uint32_t tunnel_id)
{
	bool is_ours = context_is_inside(u->context, host, tunnel_id);
	bool is_within = !peer || context_is_inside(u->context, peer, tunnel_id);
	/* about an attacker outside: it is the attacked one's */
	bool is_in = !is_ours && peer && is_within;
	const struct ipaddr *far = is_in ? host : is_within ? NULL : peer;
	const struct counter_key key = {
		.hour = (uint32_t)(time_ns / HOUR_NS),
		.host = host_number(u, is_in ? peer : host, tunnel_id, 0),
		.place = (uint16_t)places_number(&u->places, far, tunnel_id, 0),
		.service =
			peer && !is_within ? labels_address(&u->labels, peer).number : NAMED_NONE,
		.direction = is_in                ? USAGE_IN :
			     peer && is_within    ? USAGE_LATERAL :
			     is_ours || is_within ? USAGE_OUT :
						    USAGE_TRANSIT,
	};
	const struct usage_counts n = { .alerts = told->alerts,
					.verdicts = told->verdicts,
					.score = told->score,
					.first_ns = time_ns,
					.last_ns = time_ns };
	count(u, &key, &n);
}

/* ---- showing ---- */

bool usage_is_due(const struct usage *u, uint64_t now_ns)
{
	return u->oldest_hour && now_ns > SETTLE_NS &&
	       u->oldest_hour < (now_ns - SETTLE_NS) / HOUR_NS;
}

static void empty(struct table *t)
{
	for (void *e = table_next(t, NULL); e; e = table_next(t, e))
		table_remove(t, e);
}

void usage_clear(struct usage *u)
{
	empty(&u->rows);
	empty(&u->others);
	empty(&u->sums);
	memset(&u->rest, 0, sizeof(u->rest));
	u->oldest_hour = 0;
	empty(&u->hosts);
	u->host_count = 0;
	u->zone_count = 1;
	users_begin(&u->users);
	labels_begin(&u->labels);
}

void usage_stats(const struct usage *u, struct usage_stats *ret)
{
	*ret = (struct usage_stats){ .rows = u->rows.stats.entries + u->others.stats.entries +
					     u->sums.stats.entries,
				     .hosts = u->host_count,
				     .services = u->labels.count - NAMED__FIRST,
				     .folded = u->folded };
}
