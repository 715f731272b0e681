/*
 * store/usage_groups.c - rows added up, and the first of them found.
 *
 * Groups stand in a list; a table of places in it finds them.  Ten thousand hosts with hundreds of
 * services each are millions: where the first rows alone are wanted, each group goes through a heap
 * of as many when its host has been read, and is forgotten.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/base/hash.h"
#include "usage_db.h"

#define SET_FIRST (1u << 10)
#define HEAP_MAX  10000u /* beyond, all are put in order, by usage_runs.h if they are many */

/* ---- a set ---- */

static inline uint32_t slot_of(const struct group_set *s, const struct group *key)
{
	uint64_t hash = hash_mix(hash_mix(hash_key_fixed.k[0], key->other),
				 (uint64_t)key->service << 32 | key->host);
	return (uint32_t)(hash >> 20) & s->mask;
}

static bool grow_slots(struct group_set *s)
{
	uint32_t count = s->slots ? 2 * (s->mask + 1) : 2 * SET_FIRST;
	uint32_t *more = calloc(count, sizeof(*more));
	if (!more)
		return false;
	free(s->slots);
	s->slots = more;
	s->mask = count - 1;
	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t at = slot_of(s, &s->list[i]);
		while (s->slots[at])
			at = (at + 1) & s->mask;
		s->slots[at] = i + 1;
	}
	return true;
}

static bool grow_list(struct group_set *s)
{
	uint32_t room = s->room ? s->room * 2 : SET_FIRST;
	struct group *more =
		s->count < USAGE_ROWS_MAX ? realloc(s->list, room * sizeof(*more)) : NULL;
	if (!more)
		return false;
	s->list = more;
	s->room = room;
	return true;
}

static inline bool is_same(const struct group *a, const struct group *b)
{
	return a->host == b->host && a->service == b->service && a->other == b->other;
}

/* The slot of a key; what stands there is it, or nothing. */
static inline uint32_t find_slot(const struct group_set *s, const struct group *key)
{
	uint32_t at = slot_of(s, key);
	for (; s->slots[at]; at = (at + 1) & s->mask) {
		if (is_same(&s->list[s->slots[at] - 1], key))
			break;
	}
	return at;
}

static void add_to(struct group *to, const struct group *from)
{
	usage_counts_add(&to->n, &from->n);
	if (from->seen_ns < to->seen_ns)
		to->seen_ns = from->seen_ns;
}

struct group *groups_add(struct group_set *s, const struct group *row)
{
	/* rows of a pack are in the order of services: most belong to the one before */
	if (s->last < s->count && is_same(&s->list[s->last], row)) {
		add_to(&s->list[s->last], row);
		return &s->list[s->last];
	}
	if ((s->count == s->room && !grow_list(s)) || (s->count >= s->mask / 2 && !grow_slots(s)))
		return NULL;
	uint32_t at = find_slot(s, row);
	if (s->slots[at]) {
		s->last = s->slots[at] - 1;
		add_to(&s->list[s->last], row);
		return &s->list[s->last];
	}
	s->slots[at] = s->count + 1;
	s->list[s->count] = *row;
	s->last = s->count++;
	return &s->list[s->last];
}

static void clear(struct group_set *s)
{
	if (s->count)
		memset(s->slots, 0, (s->mask + 1) * sizeof(*s->slots));
	s->count = 0;
}

void groups_init(struct groups *g, const struct usage_query *q)
{
	*g = (struct groups){ .q = q, .limit = q->limit <= HEAP_MAX ? q->limit : 0 };
}

void groups_free(struct groups *g)
{
	struct group_set *const sets[] = { &g->all, &g->own };
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		free(sets[i]->list);
		free(sets[i]->slots);
	}
	free(g->order.begin);
	free(g->order.places);
	free(g->has_gone);
	free(g->best);
	runs_free(&g->runs);
}

/* ---- order ---- */

static uint64_t value_of(const struct group *g, enum usage_order order)
{
	const struct usage_counts *n = &g->n;
	switch (order) {
	case USAGE_ORDER_DOWN:
		return n->down;
	case USAGE_ORDER_BOTH:
		return n->up + n->down;
	case USAGE_ORDER_FLOWS:
		return n->flows;
	case USAGE_ORDER_ALERTS:
		return n->alerts;
	case USAGE_ORDER_CLEAR:
		return n->clear;
	case USAGE_ORDER_OPAQUE:
		return n->opaque;
	case USAGE_ORDER_SCORE:
		return n->score;
	case USAGE_ORDER_FIRST:
		return n->first_ns;
	case USAGE_ORDER_LAST:
		return n->last_ns;
	case USAGE_ORDER_SEEN:
		return g->seen_ns;
	default:
		return n->up;
	}
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* By time, host, service, place, direction: words are numbered in their order. */
static int compare_keys(const struct group *a, const struct group *b)
{
	int order = compare_numbers(group_time(a), group_time(b));
	if (!order)
		order = compare_numbers(a->host, b->host);
	if (!order)
		order = compare_numbers(a->service, b->service);
	return order ? order : compare_numbers(a->other, b->other);
}

int groups_compare(const struct group *a, const struct group *b, const struct usage_query *q)
{
	int order;
	if (q->order == USAGE_ORDER_KEY)
		return q->is_rising ? compare_keys(b, a) : compare_keys(a, b);
	order = compare_numbers(value_of(b, q->order), value_of(a, q->order));
	if (q->is_rising)
		order = -order;
	return order ? order : compare_keys(a, b);
}

static int compare_best(const void *a, const void *b, void *q)
{
	return groups_compare(a, b, q);
}

static void sink(struct groups *g, uint32_t at)
{
	for (;;) {
		uint32_t last = at, left = 2 * at + 1;
		for (uint32_t i = left; i < left + 2 && i < g->best_count; i++)
			if (groups_compare(&g->best[i], &g->best[last], g->q) > 0)
				last = i;
		if (last == at)
			return;
		struct group other = g->best[at];
		g->best[at] = g->best[last];
		g->best[last] = other;
		at = last;
	}
}

static void order_best(struct groups *g)
{
	if (g->best_count)
		qsort_r(g->best, g->best_count, sizeof(*g->best), compare_best,
			(void *)(uintptr_t)g->q);
}

static bool write_run(struct groups *g)
{
	order_best(g);
	bool is_written = runs_write(&g->runs, g->best, g->best_count);
	g->best_count = 0;
	return is_written;
}

/* For one more. */
static bool make_room(struct groups *g)
{
	uint32_t room = g->best_room ? g->best_room * 2 : SET_FIRST;
	if (room > RUN_ROWS)
		return write_run(g);
	struct group *more = realloc(g->best, room * sizeof(*more));
	if (!more)
		return false;
	g->best = more;
	g->best_room = room;
	return true;
}

static bool offer(struct groups *g, const struct group *group)
{
	bool is_old = group->seen_ns < g->q->new_since_s * 1000000000u;
	if (g->q->total)
		usage_counts_add(g->q->total, &group->n);
	if (g->q->by && (is_old || (g->q->is_alerted && !group->n.alerts)))
		return true;
	if (!g->limit || g->best_count < g->limit) {
		if (g->best_count == g->best_room && !make_room(g))
			return false;
		g->best[g->best_count++] = *group;
		for (uint32_t k = g->best_count / 2; g->best_count == g->limit && k-- > 0;)
			sink(g, k);
	} else if (groups_compare(group, &g->best[0], g->q) < 0) {
		g->best[0] = *group;
		sink(g, 0);
	}
	return true;
}

/* ---- the end ---- */

bool groups_order(struct groups *g, uint32_t hosts)
{
	const struct group_set *all = &g->all;
	struct host_order *o = &g->order;
	o->hosts = hosts;
	o->count = all->count;
	o->begin = calloc((size_t)hosts + 2, sizeof(*o->begin));
	o->places = calloc((size_t)all->count + 1, sizeof(*o->places));
	g->has_gone = calloc((size_t)all->count + 1, 1);
	if (!o->begin || !o->places || !g->has_gone)
		return false;
	for (uint32_t i = 0; i < all->count; i++)
		o->begin[all->list[i].host + 1]++;
	for (uint32_t host = 0; host <= hosts; host++)
		o->begin[host + 1] += o->begin[host];
	for (uint32_t i = all->count; i-- > 0;)
		o->places[--o->begin[all->list[i].host + 1]] = i;
	return true;
}

/* After groups_order() a host's places begin at begin[host + 1]. */
bool groups_begin_host(struct groups *g, uint32_t host)
{
	const struct host_order *o = &g->order;
	uint32_t at = o->begin[host + 1];
	uint32_t end = host < o->hosts ? o->begin[host + 2] : o->count;
	for (; at < end; at++) {
		g->has_gone[o->places[at]] = 1;
		if (!groups_add(&g->own, &g->all.list[o->places[at]]))
			return false;
	}
	return true;
}

bool groups_end_own(struct groups *g)
{
	bool is_good = true;
	for (uint32_t i = 0; i < g->own.count && is_good; i++)
		is_good = offer(g, &g->own.list[i]);
	clear(&g->own);
	return is_good;
}

bool groups_finish(struct groups *g)
{
	bool is_good = true;
	for (uint32_t i = 0; i < g->all.count && is_good; i++)
		if (i >= g->order.count || !g->has_gone[i])
			is_good = offer(g, &g->all.list[i]);
	if (is_good && g->runs.count)
		return write_run(g);
	order_best(g);
	return is_good;
}

bool groups_next(struct groups *g, struct group *ret)
{
	if (g->runs.count)
		return runs_next(&g->runs, g->q, ret);
	if (g->next == g->best_count)
		return false;
	*ret = g->best[g->next++];
	return true;
}
