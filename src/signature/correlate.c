/*
 * signature/correlate.c - counting over time, on packet time.
 *
 * A group keeps slots in order of time.  Up to its slots a count is exact; when they are full the
 * two neighbours that lie nearest together become one with the later time, so that a count over a
 * span is off by what lies within a small part of it, and never grows the group.  A correlation
 * that has held says so once, and again when it has not held in between or a span has passed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

struct slot {
	uint64_t time_ns;
	union {
		double value;
		uint64_t hash;
	} u;
	uint32_t count, pad;
};

struct group {
	uint64_t key[2];
	uint64_t fired_ns; /* 0: not, or it has not held since */
	uint32_t used, pad;
	uint64_t pad2[2];
	struct slot slots[];
};

_Static_assert(sizeof(struct group) == 48 && sizeof(struct slot) == 24, "as begin_table() reckons");

static bool compare(enum compare how, double a, double b)
{
	switch (how) {
	case COMPARE_EQ:
		return !(a < b) && !(a > b);
	case COMPARE_GT:
		return a > b;
	case COMPARE_GTE:
		return a >= b;
	case COMPARE_LT:
		return a < b;
	case COMPARE_LTE:
		return a <= b;
	}
	return false;
}

bool bounds_hold(const struct correlation *c, double value)
{
	for (unsigned i = 0; i < c->bound_count; i++)
		if (compare(c->bounds[i].compare, value, c->bounds[i].value) == c->bounds[i].is_not)
			return false;
	return true;
}

/* --- keys ----------------------------------------------------------------------------------- */

static void hash_value(struct signatures *s, uint32_t column, const struct event *e,
		       uint64_t key[2], struct buf *text)
{
	struct column *c = column_read(s, column, e);
	value_print(c);
	uint64_t h = c->v.has ? hash_bytes(&hash_key_fixed, c->v.text, c->v.len) : 1;
	key[0] = hash_mix(key[0], h);
	key[1] = hash_mix(key[1], ~h);
	if (!text)
		return;
	buf_printf(text, "%s%.*s", text->len ? ", " : "", c->v.has ? (int)c->v.len : 0,
		   c->v.has ? (const char *)c->v.text : "");
}

static double number_of(struct signatures *s, uint32_t column, const struct event *e)
{
	struct column *c = column_read(s, column, e);
	char copy[40];
	if (c->v.has_number)
		return c->v.number;
	if (!c->v.has || !c->v.text || c->v.len >= sizeof(copy))
		return 0;
	memcpy(copy, c->v.text, c->v.len);
	copy[c->v.len] = '\0';
	return strtod(copy, NULL);
}

/* --- slots ---------------------------------------------------------------------------------- */

static void drop_slot(struct group *g, uint32_t at)
{
	memmove(&g->slots[at], &g->slots[at + 1], (g->used - at - 1) * sizeof(struct slot));
	g->used--;
}

static void expire(struct group *g, uint64_t oldest_ns)
{
	uint32_t gone = 0;
	while (gone < g->used && g->slots[gone].time_ns < oldest_ns)
		gone++;
	memmove(g->slots, &g->slots[gone], (g->used - gone) * sizeof(struct slot));
	g->used -= gone;
}

static void join_nearest(struct group *g)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i + 1 < g->used; i++)
		if (g->slots[i + 1].time_ns - g->slots[i].time_ns <
		    g->slots[best + 1].time_ns - g->slots[best].time_ns)
			best = i;
	g->slots[best + 1].count += g->slots[best].count;
	g->slots[best + 1].u.value += g->slots[best].u.value;
	drop_slot(g, best);
}

static void append(struct group *g, struct slot slot)
{
	g->slots[g->used++] = slot;
}

static void add_count(const struct correlation *c, struct group *g, double value)
{
	if (g->used == c->slots)
		join_nearest(g);
	append(g, (struct slot){ .time_ns = c->now_ns, .u.value = value, .count = 1 });
}

static void add_distinct(const struct correlation *c, struct group *g, uint64_t hash)
{
	for (uint32_t i = 0; i < g->used; i++)
		if (g->slots[i].u.hash == hash) {
			drop_slot(g, i);
			break;
		}
	if (g->used == c->slots)
		drop_slot(g, 0);
	append(g, (struct slot){ .time_ns = c->now_ns, .u.hash = hash, .count = 1 });
}

static void add_newest(const struct correlation *c, struct group *g, double value)
{
	if (g->used == c->slots)
		drop_slot(g, 0);
	append(g, (struct slot){ .time_ns = c->now_ns, .u.value = value, .count = 1 });
}

/* --- measures ------------------------------------------------------------------------------- */

static int double_cmp(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* The nearest rank. */
static double percentile(const struct group *g, double p)
{
	double sorted[256] = { 0 };
	uint32_t n = g->used < 256 ? g->used : 256;
	for (uint32_t i = 0; i < n; i++)
		sorted[i] = g->slots[i].u.value;
	qsort(sorted, n, sizeof(*sorted), double_cmp);
	double rank = p / 100 * n;
	uint32_t at = (uint32_t)rank;
	if (at > 0 && (double)at >= rank)
		at--;
	return n ? sorted[at < n ? at : n - 1] : 0;
}

static double measure(const struct correlation *c, const struct group *g)
{
	double count = 0, sum = 0;
	if (c->type == CORRELATION_VALUE_COUNT)
		return g->used;
	if (c->type == CORRELATION_PERCENTILE)
		return percentile(g, c->percentile);
	for (uint32_t i = 0; i < g->used; i++) {
		count += g->slots[i].count;
		sum += g->slots[i].u.value;
	}
	return c->type == CORRELATION_EVENT_COUNT ? count :
	       c->type == CORRELATION_SUM         ? sum :
	       count > 0                          ? sum / count :
						    0;
}

static bool take(struct signatures *s, struct correlation *c, const struct link *l, struct group *g,
		 const struct event *e, double *ret_value)
{
	uint64_t key[2] = { 0, 0 };
	expire(g, c->now_ns > c->span_ns ? c->now_ns - c->span_ns : 0);
	if (c->type == CORRELATION_EVENT_COUNT) {
		add_count(c, g, 0);
	} else if (c->type == CORRELATION_VALUE_COUNT) {
		for (unsigned i = 0; i < c->value_count; i++)
			hash_value(s, l->values[i], e, key, NULL);
		add_distinct(c, g, key[0]);
	} else if (c->type == CORRELATION_PERCENTILE) {
		add_newest(c, g, number_of(s, l->values[0], e));
	} else {
		add_count(c, g, number_of(s, l->values[0], e));
	}
	*ret_value = measure(c, g);
	return bounds_hold(c, *ret_value);
}

/* Slot i: when rule i was last seen; ordered: when the latest chain that has come to i began. */
static bool take_temporal(struct correlation *c, const struct link *l, struct group *g,
			  double *ret_value)
{
	uint64_t oldest = c->now_ns > c->span_ns ? c->now_ns - c->span_ns : 0;
	bool is_ordered = c->type == CORRELATION_ORDERED;
	g->used = c->member_count;
	for (unsigned i = c->member_count; i-- > 0;) {
		if (c->members[i] != c->members[l->member])
			continue;
		uint64_t began = !is_ordered || i == 0 ? c->now_ns : g->slots[i - 1].time_ns;
		if (began > g->slots[i].time_ns)
			g->slots[i].time_ns = began;
	}
	unsigned seen = 0;
	for (unsigned i = 0; i < c->member_count; i++)
		seen += g->slots[i].time_ns && g->slots[i].time_ns >= oldest;
	if (is_ordered) {
		uint64_t began = g->slots[c->member_count - 1].time_ns;
		seen = began && began >= oldest ? c->member_count : 0;
	}
	*ret_value = seen;
	bool holds = c->bound_count ? bounds_hold(c, seen) : seen == c->member_count;
	return holds && seen;
}

/* --- hits ----------------------------------------------------------------------------------- */

static const char *measure_name(enum correlation_type type)
{
	static const char *const names[] = { "events",    "different values",
					     "rules",     "rules in order",
					     "sum",       "average",
					     "percentile" };
	return names[type];
}

static uint64_t began_at(const struct correlation *c, const struct group *g)
{
	uint64_t first = c->now_ns;
	for (uint32_t i = 0; i < g->used; i++)
		if (g->slots[i].time_ns && g->slots[i].time_ns < first &&
		    c->now_ns - g->slots[i].time_ns <= c->span_ns)
			first = g->slots[i].time_ns;
	return first;
}

static void tell(struct signatures *s, const struct correlation *c, const struct link *l,
		 const struct group *g, const struct event *e, double value, const char *text)
{
	const struct rule *rule = &s->rules[c->rule];
	struct signature_hit hit = { .rule = &rule->about,
				     .event = e,
				     .has_peer = l->has_dst || !c->group_count,
				     .start_ns = began_at(c, g),
				     .value = value,
				     .limit = c->bound_count ? c->bounds[0].value : c->member_count,
				     .measure = measure_name(c->type) };
	str_escape(hit.group, sizeof(hit.group), text, strlen(text));
	explain_parts(s, &s->instances[l->instance], e, &hit);
	s->hit(s->arg, &hit);
}

static void count_event(struct signatures *s, uint32_t index, const struct link *l,
			const struct event *e)
{
	struct correlation *c = &s->correlations[index];
	uint64_t key[2] = { 0x5167, index };
	struct buf text;
	bool is_new;
	double value;
	buf_init(&text, SIGNATURE_GROUP_TEXT - 1);
	for (unsigned i = 0; i < c->group_count; i++)
		hash_value(s, l->columns[i], e, key, &text);
	struct group *g = table_get(&c->table, key, &is_new);
	if (e->time_ns > c->now_ns)
		c->now_ns = e->time_ns;
	bool is_temporal = c->type == CORRELATION_TEMPORAL || c->type == CORRELATION_ORDERED;
	bool holds =
		g && (is_temporal ? take_temporal(c, l, g, &value) : take(s, c, l, g, e, &value));
	if (g && !holds)
		g->fired_ns = 0;
	if (holds && (!g->fired_ns || c->now_ns - g->fired_ns > c->span_ns)) {
		g->fired_ns = c->now_ns;
		s->rules[c->rule].cost.hits++;
		if (!s->rules[c->rule].about.is_silent)
			tell(s, c, l, g, e, value, text.data ? text.data : "");
		correlate(s, c->rule, l->instance, e);
	}
	buf_deinit(&text);
}

void correlate(struct signatures *s, uint32_t rule, uint32_t instance, const struct event *e)
{
	const struct rule *r = &s->rules[rule];
	for (size_t i = 0; i < r->correlation_vec.count; i++) {
		const struct correlation *c = &s->correlations[r->correlations[i]];
		for (size_t k = 0; k < c->link_vec.count; k++) {
			const struct link *l = &c->links[k];
			if (l->instance != instance || c->members[l->member] != rule)
				continue;
			count_event(s, r->correlations[i], l, e);
			break;
		}
	}
}
