/*
 * detect/dns_tunnel/spread.c - see spread.h.
 */
#include "spread.h"

#include <math.h>
#include <string.h>

#include "exfild/base/str.h"

#define DAY_NS             (86400ull * 1000000000ull)
#define FREE_BYTES         96.0 /* of each (client, domain): an ordinary site's names */
#define RARE_CLIENTS       3    /* a domain with fewer clients is rare */
#define CLIENTS_KNOWN      4
#define SPREAD_DOMAINS_MIN 40

struct domain { /* key: hash */
	uint64_t hash;
	uint32_t client[CLIENTS_KNOWN]; /* hashes of the first clients */
	uint8_t client_count;
	bool raised;
};

struct client { /* key: address, tunnel */
	struct ipaddr ip;
	uint32_t tunnel_key, pad;
	uint64_t window_ns;
	double info;
	uint32_t domains;
	bool raised;
};

int spread_init(struct spread *s, const struct detect_env *env)
{
	struct table_config clients = { .capacity = env->max_hosts,
					.entry_size = sizeof(struct client),
					.key_size = 24,
					.key = env->key };
	struct table_config domains = { .capacity = 65536,
					.entry_size = sizeof(struct domain),
					.key_size = 8,
					.key = env->key };
	int err = table_init(&s->clients, &clients);
	if (!err)
		err = table_init(&s->domains, &domains);
	if (!err && !(s->heavy = heavy_new(&env->key)))
		err = -EXF_E_NOMEM;
	return err;
}

void spread_deinit(struct spread *s)
{
	heavy_free(s->heavy);
	table_deinit(&s->clients);
	table_deinit(&s->domains);
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

static void fill_common(struct finding *f, const struct spread_item *it,
			const struct detect_env *env, uint64_t start_ns)
{
	f->class = FINDING_EXFIL;
	f->tactic = "TA0010";
	finding_technique(f, "T1071.004");
	finding_technique(f, "T1048.003");
	finding_from_event(f, it->event);
	f->app = APP_DNS;
	f->subject.ip = it->client;
	f->subject.has_ip = true;
	f->subject.port = 0;
	f->start_ns = start_ns;
	f->end_ns = env->now_ns;
	f->time_ns = env->now_ns;
	f->visibility = VISIBILITY_NAME;
	finding_packet(f, it->event->packet);
}

static void raise_domain(const struct dns_params *params, const struct detect_env *env,
			 const struct spread_item *it, double info, unsigned clients)
{
	struct finding f;
	char bytes[32];
	double limit = (double)params->domain_daily_bytes;
	finding_init(&f, "dns_tunnel", "dns_tunnel_many", "Data in DNS names of many clients");
	fill_common(&f, it, env, env->now_ns);
	f.severity = SEVERITY_MEDIUM;
	f.score = fmin(1, 0.6 + 0.1 * log2(info / limit + 1));
	f.llr = 8 * f.score;
	f.confidence = f.score;
	f.count = clients;
	finding_text(f.object, sizeof(f.object), "%s", it->domain);
	finding_text(f.domain, sizeof(f.domain), "%s", it->domain);
	str_bytes(bytes, sizeof(bytes), info);
	finding_feature(&f, "new_information", info, NAN, limit, 1, f.score,
			"%s of new information from %u or more clients together", bytes, clients);
	finding_text(f.message, sizeof(f.message),
		     "%u or more clients together sent %s of new information in DNS names under %s "
		     "within a day",
		     clients, bytes, it->domain);
	finding_text(f.counterfactual, sizeof(f.counterfactual), "silent below %llu B a day",
		     (unsigned long long)params->domain_daily_bytes);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"no known service is behind the domain, and its names carry data at a rate that no "
		"ordinary site needs");
	finding_text(f.unseen, sizeof(f.unseen),
		     "what the data was, and clients behind a resolver");
	finding_step(&f, "List the clients that ask for %s: what do they have in common?",
		     it->domain);
	finding_text(f.filter, sizeof(f.filter), "dns.qry.name contains \"%s\"", it->domain);
	env->raise(env->arg, &f);
}

static void raise_client(const struct dns_params *params, const struct detect_env *env,
			 const struct spread_item *it, const struct client *c)
{
	struct finding f;
	char bytes[32], who[IPADDR_TEXT_MAX];
	double limit = (double)params->spread_daily_bytes;
	finding_init(&f, "dns_tunnel", "dns_tunnel_spread", "Data in DNS names of many domains");
	fill_common(&f, it, env, env->now_ns);
	f.severity = SEVERITY_MEDIUM;
	f.score = fmin(1, 0.6 + 0.1 * log2(c->info / limit + 1));
	f.llr = 8 * f.score;
	f.confidence = f.score;
	f.count = c->domains;
	finding_text(f.object, sizeof(f.object), "many domains");
	str_bytes(bytes, sizeof(bytes), c->info);
	ipaddr_print(&c->ip, who, sizeof(who));
	finding_feature(&f, "spread_information", c->info, NAN, limit, 1, f.score,
			"%s of new information beyond %.0f B a domain, over %u rare domains", bytes,
			FREE_BYTES, c->domains);
	finding_text(
		f.message, sizeof(f.message),
		"%s sent %s of new information in DNS names spread over %u domains that hardly "
		"anybody else asks for",
		who, bytes, c->domains);
	finding_text(f.counterfactual, sizeof(f.counterfactual), "silent below %llu B a day",
		     (unsigned long long)params->spread_daily_bytes);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"each domain got more than the %.0f B that an ordinary site's names need, and fewer "
		"than %d clients know it",
		FREE_BYTES, RARE_CLIENTS);
	finding_text(f.unseen, sizeof(f.unseen), "what the data was");
	finding_step(&f, "On %s: find the process that asks for these names", who);
	finding_text(f.filter, sizeof(f.filter), "ip.addr == %s && dns", who);
	env->raise(env->arg, &f);
}

static void add_client(struct spread *s, const struct dns_params *params,
		       const struct detect_env *env, const struct spread_item *it, double weight)
{
	struct client key = { .ip = it->client, .tunnel_key = it->tunnel_key };
	bool is_new;
	double before = it->before;
	struct client *c = table_get(&s->clients, &key, &is_new);
	if (!c)
		return;
	if (is_new || env->steady_ns - c->window_ns >= DAY_NS) {
		c->window_ns = env->steady_ns;
		c->info = 0;
		c->domains = 0;
		c->raised = false;
	}
	if (before < FREE_BYTES && before + weight >= FREE_BYTES)
		c->domains++;
	if (before + weight > FREE_BYTES)
		c->info += before >= FREE_BYTES ? weight : before + weight - FREE_BYTES;
	if (c->raised || c->info < (double)params->spread_daily_bytes ||
	    c->domains < SPREAD_DOMAINS_MIN)
		return;
	c->raised = true;
	raise_client(params, env, it, c);
}

void spread_add(struct spread *s, const struct dns_params *params, const struct detect_env *env,
		const struct spread_item *it, uint64_t name_hash, double weight)
{
	bool is_new;
	struct domain *d = table_get(&s->domains, &it->domain_hash, &is_new);
	if (!d)
		return;
	note_client(d, &it->client);
	if (weight < 1 || context_service_by_name(env->context, it->domain, strlen(it->domain)))
		return;
	if (env->steady_ns - s->window_ns >= DAY_NS) {
		s->window_ns = env->steady_ns;
		heavy_reset(s->heavy);
	}
	heavy_add(s->heavy, it->domain_hash, name_hash, (unsigned)(weight + 0.5));
	/* an estimate costs as much as a hundred names: one name in sixteen asks for it */
	bool is_asked = !d->raised && d->client_count >= RARE_CLIENTS && name_hash % 16 == 0;
	double info = is_asked ? heavy_estimate(s->heavy, it->domain_hash) : 0;
	if (info >= (double)params->domain_daily_bytes) {
		d->raised = true;
		raise_domain(params, env, it, info, d->client_count);
	}
	if (d->client_count < RARE_CLIENTS &&
	    !(context_roles(env->context, &it->client) & ROLE_RESOLVER))
		add_client(s, params, env, it, weight);
}

void spread_prefetch(const struct spread *s, uint64_t domain_hash)
{
	table_prefetch_entry(&s->domains, table_hash(&s->domains, &domain_hash));
}

size_t spread_bytes(const struct spread *s)
{
	return heavy_bytes() + table_worst_case(s->clients.stats.capacity, sizeof(struct client)) +
	       table_worst_case(s->domains.stats.capacity, sizeof(struct domain));
}
