/*
 * detect/dns_tunnel/spread.c - see spread.h.
 */
#include "spread.h"

#include <math.h>
#include <string.h>

#include "exfild/event/keep.h"

#define DAY_NS        (86400ull * 1000000000ull)
#define CLIENTS_KNOWN 4
#define TOLD_MAX      256

struct domain { /* key: hash */
	uint64_t hash;
	uint32_t client[CLIENTS_KNOWN]; /* hashes of the first clients */
	uint8_t client_count;
	uint32_t raised; /* number of the window in which it was told */
	uint64_t first_ns;
};

struct client { /* key: address, tunnel */
	struct ipaddr ip;
	uint32_t tunnel_key, pad;
	uint64_t window_ns;
	uint64_t first_ns;
	double info;
	uint32_t domains;
	bool raised;
};

struct told { /* key: kind, address, number */
	uint64_t kind;
	struct ipaddr ip; /* of a client */
	uint64_t number;  /* hash of a domain; tunnel of a client */
	struct spread_sum sum;
	bool is_grown; /* since it was told */
};

static void tell(struct spread *s, struct told *told)
{
	if (!told->is_grown)
		return;
	told->is_grown = false;
	if (told->kind == SPREAD_DOMAIN) {
		double info = heavy_estimate(s->heavy, told->number);
		if (info > told->sum.info) /* else it has left the cache, or the sketch wavers */
			told->sum.info = info;
	}
	told->sum.is_update = true;
	spread_explain(&told->sum, s->params, s->env);
}

static void on_evict(void *arg, void *entry)
{
	tell(arg, entry);
}

int spread_init(struct spread *s, const struct dns_params *params, const struct detect_env *env)
{
	s->params = params;
	s->env = env;
	s->window = 1;
	struct table_config clients = { .capacity = env->max_hosts,
					.entry_size = sizeof(struct client),
					.key_size = 24,
					.key = env->key };
	struct table_config domains = { .capacity = 65536,
					.entry_size = sizeof(struct domain),
					.key_size = 8,
					.key = env->key };
	struct table_config told = { .capacity = TOLD_MAX,
				     .entry_size = sizeof(struct told),
				     .key_size = offsetof(struct told, sum),
				     .key = env->key,
				     .on_evict = on_evict,
				     .arg = s };
	int err = table_init(&s->clients, &clients);
	if (!err)
		err = table_init(&s->domains, &domains);
	if (!err)
		err = table_init(&s->told, &told);
	if (!err && !(s->heavy = heavy_new(&env->key)))
		err = -EXF_E_NOMEM;
	return err;
}

void spread_deinit(struct spread *s)
{
	heavy_free(s->heavy);
	table_deinit(&s->clients);
	table_deinit(&s->domains);
	table_deinit(&s->told);
}

static uint32_t client_hash(const struct ipaddr *ip)
{
	uint64_t h = hash_mix(hash_mix(1, ip->u.q[0]), ip->u.q[1]);
	return (uint32_t)h | 1;
}

static void note_client(struct domain *d, const struct ipaddr *ip)
{
	uint32_t hash = client_hash(ip);
	for (unsigned i = 0; i < d->client_count; i++)
		if (d->client[i] == hash)
			return;
	if (d->client_count < CLIENTS_KNOWN)
		d->client[d->client_count++] = hash;
}

bool spread_has_other_client(const struct spread *s, uint64_t domain_hash,
			     const struct ipaddr *client)
{
	const struct domain *d = table_find(&s->domains, &domain_hash);
	uint32_t own = client_hash(client);
	for (unsigned i = 0; d && i < d->client_count; i++)
		if (d->client[i] != own)
			return true;
	return false;
}

static struct told told_key(const struct spread_sum *sum)
{
	if (sum->kind == SPREAD_DOMAIN)
		return (struct told){ .kind = SPREAD_DOMAIN, .number = sum->domain_hash };
	return (struct told){ .kind = SPREAD_CLIENT,
			      .ip = sum->client,
			      .number = sum->event.tunnel_key };
}

static void raise(struct spread *s, const struct spread_sum *sum)
{
	struct told key = told_key(sum);
	bool is_new;
	struct told *told = table_get(&s->told, &key, &is_new);
	if (told) {
		told->sum = *sum;
		told->is_grown = false;
	}
	s->findings++;
	spread_explain(sum, s->params, s->env);
}

/* What was raised goes on. */
static void grow(struct spread *s, const struct spread_sum *sum)
{
	struct told key = told_key(sum);
	struct told *told = table_find(&s->told, &key);
	if (!told)
		return;
	told->sum.last_ns = sum->last_ns;
	told->sum.count = sum->count;
	if (sum->info > told->sum.info)
		told->sum.info = sum->info;
	told->is_grown = true;
}

static void forget(struct spread *s, const struct spread_sum *sum)
{
	struct told key = told_key(sum);
	struct told *told = table_find(&s->told, &key);
	if (!told)
		return;
	tell(s, told);
	table_remove(&s->told, told);
}

static struct spread_sum sum_of(const struct spread_item *it, enum spread_kind kind,
				uint64_t first_ns, uint64_t last_ns)
{
	struct spread_sum sum = { .kind = kind,
				  .client = it->client,
				  .domain_hash = it->domain_hash,
				  .event = *it->event,
				  .first_ns = first_ns,
				  .last_ns = last_ns };
	sum.event.tunnel_key = it->tunnel_key;
	if (kind == SPREAD_DOMAIN)
		finding_text(sum.domain, sizeof(sum.domain), "%s", it->domain);
	return sum;
}

double spread_limit(const struct dns_params *params, unsigned domains)
{
	double limit = (double)params->spread_daily_bytes;
	if (domains < SPREAD_DOMAINS_MIN)
		return INFINITY;
	return domains < SPREAD_DOMAINS_MANY ? limit * sqrt(SPREAD_DOMAINS_MANY / (double)domains) :
					       limit;
}

static void add_client(struct spread *s, const struct spread_item *it, double weight)
{
	struct client key = { .ip = it->client, .tunnel_key = it->tunnel_key };
	bool is_new;
	double before = it->before;
	struct client *c = table_get(&s->clients, &key, &is_new);
	if (!c)
		return;
	if (is_new || s->env->steady_ns - c->window_ns >= DAY_NS) {
		struct spread_sum sum = sum_of(it, SPREAD_CLIENT, 0, 0);
		if (c->raised)
			forget(s, &sum);
		c->window_ns = s->env->steady_ns;
		c->first_ns = s->env->now_ns;
		c->info = 0;
		c->domains = 0;
		c->raised = false;
	}
	if (before < SPREAD_FREE_BYTES && before + weight >= SPREAD_FREE_BYTES)
		c->domains++;
	if (before + weight > SPREAD_FREE_BYTES)
		c->info +=
			before >= SPREAD_FREE_BYTES ? weight : before + weight - SPREAD_FREE_BYTES;
	if (c->info < spread_limit(s->params, c->domains))
		return;
	struct spread_sum sum = sum_of(it, SPREAD_CLIENT, c->first_ns, s->env->now_ns);
	sum.info = c->info;
	sum.count = c->domains;
	if (c->raised)
		grow(s, &sum);
	else
		raise(s, &sum);
	c->raised = true;
}

static void roll_window(struct spread *s)
{
	if (s->env->steady_ns - s->window_ns < DAY_NS)
		return;
	for (struct told *told = table_next(&s->told, NULL); told;
	     told = table_next(&s->told, told)) {
		if (told->kind != SPREAD_DOMAIN)
			continue;
		tell(s, told);
		table_remove(&s->told, told);
	}
	s->window_ns = s->env->steady_ns;
	s->window_first_ns = s->env->now_ns;
	s->window++;
	heavy_reset(s->heavy);
}

static void add_domain(struct spread *s, struct domain *d, const struct spread_item *it,
		       uint64_t name_hash)
{
	uint64_t first_ns = d->first_ns > s->window_first_ns ? d->first_ns : s->window_first_ns;
	struct spread_sum sum;
	if (d->raised == s->window) {
		sum = sum_of(it, SPREAD_DOMAIN, first_ns, s->env->now_ns);
		sum.count = d->client_count;
		grow(s, &sum);
		return;
	}
	/* an estimate costs as much as a hundred names: one name in sixteen asks for it */
	if (d->client_count < SPREAD_RARE_CLIENTS || name_hash % 16 != 0)
		return;
	double info = heavy_estimate(s->heavy, it->domain_hash);
	if (info < (double)s->params->domain_daily_bytes)
		return;
	d->raised = s->window;
	sum = sum_of(it, SPREAD_DOMAIN, first_ns, s->env->now_ns);
	sum.info = info;
	sum.count = d->client_count;
	raise(s, &sum);
}

void spread_add(struct spread *s, const struct spread_item *it, uint64_t name_hash, double weight)
{
	bool is_new;
	struct domain *d = table_get(&s->domains, &it->domain_hash, &is_new);
	if (!d)
		return;
	if (is_new)
		d->first_ns = s->env->now_ns;
	note_client(d, &it->client);
	if (weight < 1 || context_service_by_name(s->env->context, it->domain, strlen(it->domain)))
		return;
	roll_window(s);
	heavy_add(s->heavy, it->domain_hash, name_hash, (unsigned)(weight + 0.5));
	add_domain(s, d, it, name_hash);
	if (d->client_count < SPREAD_RARE_CLIENTS &&
	    !(context_roles(s->env->context, &it->client) & ROLE_RESOLVER))
		add_client(s, it, weight);
}

void spread_tell(struct spread *s)
{
	for (struct told *told = table_next(&s->told, NULL); told;
	     told = table_next(&s->told, told))
		tell(s, told);
}

void spread_prefetch(const struct spread *s, uint64_t domain_hash)
{
	table_prefetch_entry(&s->domains, table_hash(&s->domains, &domain_hash));
}

size_t spread_bytes(const struct spread *s)
{
	return heavy_bytes() + table_worst_case(s->clients.stats.capacity, sizeof(struct client)) +
	       table_worst_case(s->domains.stats.capacity, sizeof(struct domain)) +
	       table_worst_case(s->told.stats.capacity, sizeof(struct told));
}

static const struct keep_field client_fields[] = {
	KEEP(U8, struct client, ip),         KEEP(U32, struct client, tunnel_key),
	KEEP(U64, struct client, window_ns), KEEP(U64, struct client, first_ns),
	KEEP(F64, struct client, info),      KEEP(U32, struct client, domains),
	KEEP(BOOL, struct client, raised),   KEEP_LAST,
};

static const struct keep_field domain_fields[] = {
	KEEP(U64, struct domain, hash),
	KEEP(U32, struct domain, client),
	KEEP_TO(U8, struct domain, client_count, CLIENTS_KNOWN),
	KEEP(U32, struct domain, raised),
	KEEP(U64, struct domain, first_ns),
	KEEP_LAST,
};

static const struct keep_field told_fields[] = {
	KEEP_TO(U64, struct told, kind, SPREAD_CLIENT),
	KEEP(U8, struct told, ip),
	KEEP(U64, struct told, number),
	KEEP_TO(U32, struct told, sum.kind, SPREAD_CLIENT),
	KEEP(U8, struct told, sum.client),
	KEEP(U64, struct told, sum.domain_hash),
	KEEP(TEXT, struct told, sum.domain),
	KEEP_EVENT(struct told, sum.event),
	KEEP(U64, struct told, sum.first_ns),
	KEEP(U64, struct told, sum.last_ns),
	KEEP(F64, struct told, sum.info),
	KEEP(U32, struct told, sum.count),
	KEEP(BOOL, struct told, is_grown),
	KEEP_LAST,
};

static const struct keep_field window_fields[] = {
	KEEP(U32, struct spread, window),
	KEEP(U64, struct spread, window_ns),
	KEEP(U64, struct spread, window_first_ns),
	KEEP_LAST,
};

/* Window 0 is that of domains that were never told. */
static bool took_window(void *owner, void *entry)
{
	struct spread *s = owner;
	(void)entry;
	s->window += s->window == 0;
	return true;
}

void spread_keep(struct spread *s, struct keep_list *list)
{
	const struct keep_part parts[] = {
		{ .name = "dns_tunnel.clients",
		  .version = 1,
		  .table = &s->clients,
		  .fields = client_fields },
		{ .name = "dns_tunnel.domains",
		  .version = 1,
		  .table = &s->domains,
		  .fields = domain_fields },
		{ .name = "dns_tunnel.told",
		  .version = 1,
		  .table = &s->told,
		  .fields = told_fields },
		{ .name = "dns_tunnel.window",
		  .version = 1,
		  .owner = s,
		  .fields = window_fields,
		  .took = took_window },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		keep_add(list, &parts[i]);
	heavy_keep(s->heavy, list);
}
