/*
 * detect/dns_tunnel/heavy.c - see heavy.h.
 *
 * On (name, domain) with u = H(name) in (0,1) and weight w: score = -ln(1 - u) / w.  A domain in
 * the cache keeps its smallest score; another enters when its score is below the threshold; when
 * the cache is full the domain with the largest score leaves and that score becomes the threshold.
 */
#include "heavy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct domain { /* key: hash */
	uint64_t hash;
	double score;
	uint32_t at; /* in the heap */
	uint32_t pad;
	struct hll info;
};

struct heavy {
	struct table domains;
	struct domain *heap[HEAVY_DOMAINS + 1]; /* the largest score on top, from 1 */
	uint32_t count;
	double threshold; /* NAN: none, anything enters */
};

struct heavy *heavy_new(const struct hash_key *key)
{
	struct heavy *h = calloc(1, sizeof(*h));
	struct table_config config = { .capacity = HEAVY_DOMAINS,
				       .entry_size = sizeof(struct domain),
				       .key_size = 8,
				       .key = *key };
	if (!h || table_init(&h->domains, &config)) {
		free(h);
		return NULL;
	}
	h->threshold = NAN;
	return h;
}

void heavy_free(struct heavy *h)
{
	if (!h)
		return;
	table_deinit(&h->domains);
	free(h);
}

static void put(struct heavy *h, uint32_t at, struct domain *d)
{
	h->heap[at] = d;
	d->at = at;
}

static void sift_down(struct heavy *h, uint32_t at)
{
	struct domain *d = h->heap[at];
	for (;;) {
		uint32_t child = at * 2;
		if (child > h->count)
			break;
		if (child < h->count && h->heap[child + 1]->score > h->heap[child]->score)
			child++;
		if (h->heap[child]->score <= d->score)
			break;
		put(h, at, h->heap[child]);
		at = child;
	}
	put(h, at, d);
}

static void sift_up(struct heavy *h, uint32_t at)
{
	struct domain *d = h->heap[at];
	while (at > 1 && h->heap[at / 2]->score < d->score) {
		put(h, at, h->heap[at / 2]);
		at /= 2;
	}
	put(h, at, d);
}

static void evict_top(struct heavy *h)
{
	struct domain *top = h->heap[1];
	h->threshold = top->score;
	struct domain *last = h->heap[h->count--];
	if (h->count > 0) {
		put(h, 1, last);
		sift_down(h, 1);
	}
	table_remove(&h->domains, top);
}

static struct domain *enter(struct heavy *h, uint64_t hash, double score)
{
	if (score >= h->threshold)
		return NULL;
	if (h->count == HEAVY_DOMAINS)
		evict_top(h);
	bool is_new;
	struct domain *d = table_get(&h->domains, &hash, &is_new);
	d->score = score;
	put(h, ++h->count, d);
	sift_up(h, h->count);
	return d;
}

void heavy_add(struct heavy *h, uint64_t domain_hash, uint64_t name_hash, unsigned weight)
{
	double u = (double)(name_hash >> 11) * 0x1p-53;
	double score = -log1p(-u) / (weight ? weight : 1);
	struct domain *d = table_find(&h->domains, &domain_hash);
	if (d && score < d->score) {
		d->score = score;
		sift_down(h, d->at);
	} else if (!d && !(d = enter(h, domain_hash, score))) {
		return;
	}
	hll_add_weighted(&d->info, name_hash, weight);
}

double heavy_estimate(const struct heavy *h, uint64_t domain_hash)
{
	const struct domain *d = table_find(&h->domains, &domain_hash);
	return d ? hll_count(&d->info) : 0;
}

void heavy_reset(struct heavy *h)
{
	for (void *d = table_next(&h->domains, NULL); d; d = table_next(&h->domains, d))
		table_remove(&h->domains, d);
	h->count = 0;
	h->threshold = NAN;
}

size_t heavy_bytes(void)
{
	return sizeof(struct heavy) + table_worst_case(HEAVY_DOMAINS, sizeof(struct domain));
}

static const struct keep_field domain_fields[] = {
	KEEP(U64, struct domain, hash),
	KEEP(F64, struct domain, score),
	KEEP(U8, struct domain, info),
	KEEP_LAST,
};

static const struct keep_field heavy_fields[] = {
	KEEP(MAYBE, struct heavy, threshold),
	KEEP_LAST,
};

static bool took_domain(void *owner, void *entry)
{
	struct heavy *h = owner;
	struct domain *d = entry;
	put(h, ++h->count, d);
	sift_up(h, h->count);
	return true;
}

void heavy_keep(struct heavy *h, struct keep_list *list)
{
	const struct keep_part domains = { .name = "dns_tunnel.heavy",
					   .version = 1,
					   .owner = h,
					   .table = &h->domains,
					   .fields = domain_fields,
					   .took = took_domain };
	const struct keep_part threshold = { .name = "dns_tunnel.heavy_threshold",
					     .version = 1,
					     .owner = h,
					     .fields = heavy_fields };
	keep_add(list, &domains);
	keep_add(list, &threshold);
}
