/*
 * report/sums.c - what the alerts of a report add up to, for pairs and for hosts.
 */
#include <stdlib.h>
#include <string.h>

#include "gather.h"

static int compare_count(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_pair_and_rule(const void *x, const void *y)
{
	const struct entry *a = *(const struct entry *const *)x,
			   *b = *(const struct entry *const *)y;
	int order = strcmp(a->source, b->source);
	if (!order)
		order = strcmp(a->destination, b->destination);
	if (!order)
		order = strcmp(a->rule, b->rule);
	if (!order)
		order = compare_count(a->start_ns, b->start_ns);
	return order ? order : strcmp(a->id, b->id);
}

/* Within a host: the worst first. */
static int by_host_and_risk(const void *x, const void *y)
{
	const struct entry *a = *(const struct entry *const *)x,
			   *b = *(const struct entry *const *)y;
	int order = strcmp(a->source, b->source);
	if (!order)
		order = compare_count(b->level, a->level);
	if (!order)
		order = (a->risk < b->risk) - (a->risk > b->risk);
	if (!order)
		order = compare_count(a->start_ns, b->start_ns);
	return order ? order : strcmp(a->id, b->id);
}

/* Below medium it is context, and nobody says that data left. */
static bool is_theft(const struct sum_pair *p)
{
	return p->worst->level >= LEVEL_MEDIUM;
}

/* What is held for theft before what is too weak for that. */
static int by_bytes(const void *x, const void *y)
{
	const struct sum_pair *a = x, *b = y;
	int order = is_theft(b) - is_theft(a);
	if (!order)
		order = compare_count(b->bytes, a->bytes);
	if (!order)
		order = compare_count(b->worst->level, a->worst->level);
	return order ? order : by_pair_and_rule(&a->worst, &b->worst);
}

static int by_risk(const void *x, const void *y)
{
	const struct sum_host *a = x, *b = y;
	int order = compare_count(b->worst->level, a->worst->level);
	if (!order)
		order = (a->risk < b->risk) - (a->risk > b->risk);
	return order ? order : strcmp(a->worst->source, b->worst->source);
}

static bool is_worse(const struct entry *a, const struct entry *b)
{
	return a->level > b->level || (a->level == b->level && a->risk > b->risk);
}

/* list is sorted by pair and rule; entries [from, until) are one pair's. */
static struct sum_pair sum_pair_of(const struct entry *const *list, size_t from, size_t until)
{
	struct sum_pair p = { .worst = list[from],
			      .since_ns = list[from]->start_ns,
			      .alerts = until - from };
	uint64_t of_rule = 0;
	for (size_t i = from; i < until; i++) {
		const struct entry *e = list[i];
		of_rule = i > from && strcmp(list[i - 1]->rule, e->rule) == 0 ? of_rule + e->bytes :
										e->bytes;
		if (of_rule > p.bytes)
			p.bytes = of_rule;
		if (e->start_ns < p.since_ns)
			p.since_ns = e->start_ns;
		if (is_worse(e, p.worst))
			p.worst = e;
	}
	return p;
}

static bool is_same_pair(const struct entry *a, const struct entry *b)
{
	return strcmp(a->source, b->source) == 0 && strcmp(a->destination, b->destination) == 0;
}

static void sum_pairs(const struct report *r, struct sums *s)
{
	const struct entry **list = s->by_host; /* it is filled anew for the hosts */
	const char *last = NULL;                /* source of a theft */
	size_t n = 0;
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->entries[i].category, "exfil") == 0)
			list[n++] = &r->entries[i];
	if (n)
		qsort(list, n, sizeof(*list), by_pair_and_rule);
	for (size_t from = 0, until; from < n; from = until) {
		for (until = from + 1; until < n && is_same_pair(list[from], list[until]);)
			until++;
		struct sum_pair p = sum_pair_of(list, from, until);
		s->pairs[s->pair_count++] = p;
		if (!is_theft(&p))
			continue;
		s->theft++;
		s->bytes += p.bytes;
		s->sources += !last || strcmp(last, p.worst->source) != 0;
		last = p.worst->source;
	}
	if (s->pair_count)
		qsort(s->pairs, s->pair_count, sizeof(*s->pairs), by_bytes);
	for (size_t i = 0; i < s->theft; i++) {
		size_t k = 0;
		while (strcmp(s->pairs[k].worst->destination, s->pairs[i].worst->destination) != 0)
			k++;
		s->destinations += k == i;
	}
}

static void sum_hosts(const struct report *r, struct sums *s)
{
	for (size_t i = 0; i < r->count; i++)
		s->by_host[i] = &r->entries[i];
	if (r->count)
		qsort(s->by_host, r->count, sizeof(*s->by_host), by_host_and_risk);
	for (size_t i = 0; i < r->count; i++) {
		const struct entry *e = s->by_host[i];
		if (!e->source[0])
			continue; /* the sensor's own */
		if (i == 0 || strcmp(s->by_host[i - 1]->source, e->source) != 0)
			s->hosts[s->host_count++] = (struct sum_host){ .worst = e,
								       .first = i,
								       .since_ns = e->start_ns };
		struct sum_host *h = &s->hosts[s->host_count - 1];
		h->count++;
		h->levels[e->level]++;
		if (e->risk > h->risk)
			h->risk = e->risk;
		if (e->start_ns < h->since_ns)
			h->since_ns = e->start_ns;
		if (e->end_ns > h->until_ns)
			h->until_ns = e->end_ns;
	}
	if (s->host_count)
		qsort(s->hosts, s->host_count, sizeof(*s->hosts), by_risk);
}

int sums_make(const struct report *r, struct sums *ret)
{
	size_t n = r->count + 1;
	*ret = (struct sums){ .pairs = calloc(n, sizeof(*ret->pairs)),
			      .hosts = calloc(n, sizeof(*ret->hosts)),
			      .by_host = calloc(n, sizeof(*ret->by_host)) };
	if (!ret->pairs || !ret->hosts || !ret->by_host) {
		sums_free(ret);
		return -EXF_E_NOMEM;
	}
	sum_pairs(r, ret);
	sum_hosts(r, ret);
	return 0;
}

void sums_free(struct sums *s)
{
	free(s->pairs);
	free(s->hosts);
	free(s->by_host);
	*s = (struct sums){ 0 };
}
