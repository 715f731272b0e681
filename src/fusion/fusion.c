/*
 * fusion/fusion.c - see include/exfild/fusion/fusion.h
 *
 * risk = 100 / (1 + exp(-(ln prior odds + sum over classes of max llr * 2^(-age / half-life))))
 *
 * The half-lives are those after which an analyst would no longer join two sightings of a class
 * into one story: a scan is forgotten soon, a command channel is not.
 */
#include "exfild/fusion/fusion.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static const double half_life_s[CLASSES] = {
	[FINDING_EXFIL] = 24 * 3600.0,
	[FINDING_C2] = 72 * 3600.0,
	[FINDING_RECON] = 12 * 3600.0,
	[FINDING_LATERAL] = 48 * 3600.0,
};

static uint32_t evidence_weight(const struct evidence *e, size_t count)
{
	double strongest = 0;
	for (size_t i = 0; i < count; i++)
		strongest = fmax(strongest, e[i].llr);
	return (uint32_t)(strongest * 16);
}

static uint32_t host_weight(const void *entry)
{
	const struct host *h = entry;
	return evidence_weight(h->by_class, CLASSES);
}

static uint32_t pair_weight(const void *entry)
{
	const struct pair *p = entry;
	return evidence_weight(p->witness, WITNESSES);
}

struct fusion *fusion_new(uint32_t max_hosts, const struct hash_key *key)
{
	struct fusion *f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	struct table_config hosts = {
		.capacity = max_hosts ? max_hosts : 1,
		.entry_size = sizeof(struct host),
		.key_size = sizeof(struct host_key),
		.key = *key,
		.evidence = host_weight,
	};
	struct table_config pairs = hosts;
	pairs.entry_size = sizeof(struct pair);
	pairs.key_size = sizeof(struct pair_key);
	pairs.evidence = pair_weight;
	if (table_init(&f->hosts, &hosts) < 0) {
		free(f);
		return NULL;
	}
	if (table_init(&f->pairs, &pairs) < 0) {
		table_deinit(&f->hosts);
		free(f);
		return NULL;
	}
	return f;
}

void fusion_free(struct fusion *f)
{
	if (!f)
		return;
	table_deinit(&f->pairs);
	table_deinit(&f->hosts);
	pool_deinit(&f->names);
	free(f);
}

struct host_key host_key_of(const struct ipaddr *ip, uint32_t tunnel_key)
{
	struct host_key k;
	memset(&k, 0, sizeof(k));
	k.ip = *ip;
	k.tunnel_key = tunnel_key;
	return k;
}

static struct pair_key pair_key_of(const struct finding *x)
{
	struct pair_key k;
	memset(&k, 0, sizeof(k));
	k.subject = host_key_of(&x->subject.ip, x->tunnel_key);
	k.peer = x->peer.ip;
	return k;
}

static bool is_evidence(const struct finding *x)
{
	return x->subject.has_ip && (unsigned)x->class < CLASSES;
}

static double llr_of(const struct finding *x)
{
	if (!(x->llr > 0)) /* also not a number */
		return 0;
	return fmin(x->llr, FUSION_LLR_MAX);
}

static double llr_at(const struct evidence *e, uint64_t now_ns)
{
	if (e->llr <= 0 || now_ns <= e->time_ns)
		return e->llr;
	double age_s = (double)(now_ns - e->time_ns) / 1e9;
	return e->llr * exp2(-age_s / half_life_s[e->class]);
}

/* The strongest stays; what is as strong as what is left of the old takes its place. */
static void evidence_add(struct evidence *e, double llr, uint32_t class, const char *who,
			 uint64_t now_ns)
{
	if (llr < llr_at(e, now_ns))
		return;
	e->llr = llr;
	e->time_ns = now_ns;
	e->class = class;
	e->rule = who;
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void pair_add(struct pair *p, const struct finding *x, double llr, uint64_t now_ns)
{
	struct evidence *weakest = &p->witness[0];
	for (size_t i = 0; i < WITNESSES; i++) {
		struct evidence *w = &p->witness[i];
		if (w->rule && same_name(w->rule, x->detector)) {
			evidence_add(w, llr, (uint32_t)x->class, x->detector, now_ns);
			return;
		}
		if (llr_at(w, now_ns) < llr_at(weakest, now_ns))
			weakest = w;
	}
	evidence_add(weakest, llr, (uint32_t)x->class, x->detector, now_ns);
}

static double risk_of(const struct host *h, uint64_t now_ns)
{
	double sum = log(FUSION_PRIOR / (1 - FUSION_PRIOR));
	for (size_t i = 0; h && i < CLASSES; i++)
		sum += llr_at(&h->by_class[i], now_ns);
	return 100 / (1 + exp(-sum));
}

double fusion_add(struct fusion *f, const struct finding *x)
{
	if (x->time_ns > f->now_ns)
		f->now_ns = x->time_ns;
	struct host_key key = host_key_of(&x->subject.ip, x->tunnel_key);
	double llr = llr_of(x);
	if (!is_evidence(x) || llr <= 0)
		return risk_of(x->subject.has_ip ? table_find(&f->hosts, &key) : NULL, f->now_ns);
	bool is_new;
	struct host *h = table_get(&f->hosts, &key, &is_new);
	if (h) {
		evidence_add(&h->by_class[x->class], llr, (uint32_t)x->class, x->rule, f->now_ns);
		incident_add(f, h, x);
		h = table_find(&f->hosts, &key); /* the peer's entry may have taken its place */
	}
	if (x->peer.has_ip) {
		struct pair_key pair_key = pair_key_of(x);
		struct pair *p = table_get(&f->pairs, &pair_key, &is_new);
		if (p)
			pair_add(p, x, llr, f->now_ns);
	}
	return risk_of(h, f->now_ns);
}

bool fusion_knows(const struct fusion *f, const struct ipaddr *host, uint32_t tunnel_key)
{
	struct host_key key = host_key_of(host, tunnel_key);
	return table_find(&f->hosts, &key) != NULL;
}

double fusion_risk_of_nobody(void)
{
	return risk_of(NULL, 0);
}

enum severity fusion_severity(const struct fusion *f, const struct finding *x)
{
	if (x->severity != SEVERITY_LOW || !(x->llr > 0) || !is_evidence(x) || !x->peer.has_ip)
		return x->severity;
	struct pair_key key = pair_key_of(x);
	const struct pair *p = table_find(&f->pairs, &key);
	uint64_t now_ns = x->time_ns > f->now_ns ? x->time_ns : f->now_ns;
	for (size_t i = 0; p && i < WITNESSES; i++) {
		const struct evidence *w = &p->witness[i];
		if (w->rule && !same_name(w->rule, x->detector) &&
		    llr_at(w, now_ns) >= FUSION_COMPANY_LLR)
			return SEVERITY_MEDIUM;
	}
	return x->severity;
}

size_t fusion_chain(const struct fusion *f, const struct finding *x,
		    struct fusion_link ret[FUSION_LINKS])
{
	struct host_key key = host_key_of(&x->subject.ip, x->tunnel_key);
	const struct host *h = x->subject.has_ip ? table_find(&f->hosts, &key) : NULL;
	size_t count = 0;
	for (unsigned i = 0; h && i < CLASSES && count < FUSION_LINKS; i++) {
		const struct evidence *e = &h->by_class[i];
		if (e->llr <= 0 || i == (unsigned)x->class)
			continue;
		size_t at = count++;
		for (; at > 0 && ret[at - 1].time_ns > e->time_ns; at--)
			ret[at] = ret[at - 1];
		ret[at] = (struct fusion_link){ .class = (enum finding_class)i,
						.rule = e->rule,
						.time_ns = e->time_ns,
						.llr = llr_at(e, f->now_ns) };
	}
	return count;
}

void fusion_stats(const struct fusion *f, struct fusion_stats *ret)
{
	ret->hosts = f->hosts.stats.entries;
	ret->host_evictions = f->hosts.stats.evictions;
	ret->pairs = f->pairs.stats.entries;
	ret->pair_evictions = f->pairs.stats.evictions;
}
