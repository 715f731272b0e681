/*
 * signature/explain.c - which parts of a rule an event fulfils, and what is asked one by one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/str.h"
#include "private.h"

/* --- tests ---------------------------------------------------------------------------------- */

/* In UTC; a week as ISO 8601 counts it. */
static double time_part(uint64_t time_ns, enum time_part part)
{
	time_t t = (time_t)(time_ns / 1000000000ull);
	struct tm tm;
	char week[8];
	if (!gmtime_r(&t, &tm))
		return 0;
	switch (part) {
	case PART_MINUTE:
		return tm.tm_min;
	case PART_HOUR:
		return tm.tm_hour;
	case PART_DAY:
		return tm.tm_mday;
	case PART_WEEK:
		(void)strftime(week, sizeof(week), "%V", &tm);
		return strtod(week, NULL);
	case PART_MONTH:
		return tm.tm_mon + 1;
	case PART_YEAR:
		return tm.tm_year + 1900;
	case PART_NONE:
		break;
	}
	return 0;
}

static bool number_in(struct column *c, double *ret)
{
	char copy[40], *end;
	if (c->v.has_number) {
		*ret = c->v.number;
		return true;
	}
	if (!c->v.has || !c->v.text || !c->v.len || c->v.len >= sizeof(copy))
		return false;
	memcpy(copy, c->v.text, c->v.len);
	copy[c->v.len] = '\0';
	*ret = strtod(copy, &end);
	return *end == '\0';
}

static bool compares(const struct test *t, struct column *c)
{
	double v;
	if (!number_in(c, &v))
		return false;
	if (t->part)
		v = time_part((uint64_t)c->v.number, t->part);
	switch (t->compare) {
	case COMPARE_EQ:
		return !(v < t->number) && !(v > t->number);
	case COMPARE_GT:
		return v > t->number;
	case COMPARE_GTE:
		return v >= t->number;
	case COMPARE_LT:
		return v < t->number;
	case COMPARE_LTE:
		return v <= t->number;
	}
	return false;
}

static bool equals(const uint8_t *a, const uint8_t *b, size_t len, bool is_cased)
{
	if (is_cased)
		return memcmp(a, b, len) == 0;
	for (size_t i = 0; i < len; i++) {
		uint8_t x = a[i] >= 'A' && a[i] <= 'Z' ? a[i] | 0x20 : a[i];
		uint8_t y = b[i] >= 'A' && b[i] <= 'Z' ? b[i] | 0x20 : b[i];
		if (x != y)
			return false;
	}
	return true;
}

/* Does the field hold what the other field has? */
static bool is_same(const struct test *t, struct column *a, struct column *b)
{
	value_print(a);
	value_print(b);
	if (!a->v.has || !b->v.has || b->v.len > a->v.len)
		return false;
	size_t extra = a->v.len - b->v.len;
	size_t from = t->front && !t->behind ? extra : 0, to = t->front ? extra : 0;
	if (!t->behind && !t->front && extra)
		return false;
	for (size_t at = from; at <= to; at++)
		if (equals(a->v.text + at, b->v.text, b->v.len, t->is_cased))
			return true;
	return false;
}

bool test_holds(struct signatures *s, const struct test *t, const struct event *e)
{
	struct column *c = column_read(s, t->column, e);
	switch (t->kind) {
	case TEST_ABSENT:
		return !c->v.has;
	case TEST_EMPTY:
		value_print(c);
		return c->v.has && c->v.len == 0;
	case TEST_HAS:
		value_print(c);
		return c->v.has && memchr(c->v.text, t->has, c->v.len);
	case TEST_COMPARE:
		return compares(t, c);
	case TEST_SAME:
		return is_same(t, c, column_read(s, t->other, e));
	}
	return false;
}

/* --- parts ---------------------------------------------------------------------------------- */

static bool node_holds(struct signatures *s, const struct node *n, const struct event *e)
{
	uint32_t count = 0;
	switch (n->kind) {
	case NODE_PREDICATE:
		return predicate_holds(s, n->index, e);
	case NODE_TEST:
		return test_holds(s, &s->tests[n->index], e);
	case NODE_NOT:
		return !node_holds(s, n->first, e);
	case NODE_AND:
		for (const struct node *k = n->first; k; k = k->next)
			if (!node_holds(s, k, e))
				return false;
		return true;
	case NODE_OR:
		for (const struct node *k = n->first; k; k = k->next)
			if (node_holds(s, k, e))
				return true;
		return false;
	case NODE_COUNT:
		for (const struct node *k = n->first; k; k = k->next)
			count += node_holds(s, k, e);
		return count >= n->index;
	}
	return false;
}

static uint32_t column_of(const struct signatures *s, const struct node *n)
{
	return n->kind == NODE_TEST      ? s->tests[n->index].column :
	       n->kind == NODE_PREDICATE ? s->predicates[n->index].column :
					   NONE;
}

/* What the event has there; of paths not what is behind the '?', of cookies nothing. */
static void put_value(struct signatures *s, const struct node *n, const struct event *e, char *dst,
		      size_t size)
{
	uint32_t column = column_of(s, n);
	dst[0] = '\0';
	if (column == NONE)
		return;
	struct column *c = column_read(s, column, e);
	const char *name = c->field ? c->field->name : "";
	value_print(c);
	if (!c->v.has || strcmp(name, "cookie") == 0 || c->view == VIEW_QUERY)
		return;
	size_t len = c->v.len < 48 ? c->v.len : 48;
	const uint8_t *query = strcmp(name, "uri") == 0 ? memchr(c->v.text, '?', len) : NULL;
	if (query)
		len = (size_t)(query - c->v.text);
	str_escape(dst, size, c->v.text, len);
}

static void add_part(struct signatures *s, const struct node *n, const struct event *e,
		     struct signature_hit *hit)
{
	for (unsigned i = 0; i < hit->part_count; i++)
		if (hit->parts[i].field == n->part->field)
			return;
	if (hit->part_count == SIGNATURE_PARTS)
		return;
	struct signature_part *p = &hit->parts[hit->part_count++];
	p->search = n->part->search;
	p->field = n->part->field;
	p->text = n->part->text;
	put_value(s, n, e, p->value, sizeof(p->value));
}

/* Leaves that hold and are not below a "not" that turns them round. */
static void collect(struct signatures *s, const struct node *n, const struct event *e,
		    struct signature_hit *hit)
{
	bool is_leaf = n->kind == NODE_PREDICATE || n->kind == NODE_TEST;
	if (n->part && (is_leaf || n->kind == NODE_NOT)) {
		if (node_holds(s, n, e))
			add_part(s, n, e, hit);
		return;
	}
	for (const struct node *k = n->kind == NODE_NOT ? NULL : n->first; k; k = k->next)
		collect(s, k, e, hit);
}

void explain_parts(struct signatures *s, const struct instance *i, const struct event *e,
		   struct signature_hit *hit)
{
	collect(s, i->root, e, hit);
}

/* --- for people ----------------------------------------------------------------------------- */

struct verdicts {
	struct signatures *s;
	const struct event *e;
	struct buf *out;
	unsigned held, all;
};

static void say(struct verdicts *v, const struct node *n, bool is_inverted)
{
	bool is_leaf = n->kind == NODE_PREDICATE || n->kind == NODE_TEST;
	if (n->part && (is_leaf || n->kind == NODE_NOT)) {
		char value[64];
		bool holds = node_holds(v->s, n, v->e);
		put_value(v->s, n, v->e, value, sizeof(value));
		v->all++;
		v->held += holds != is_inverted;
		buf_printf(v->out, "  %s %s%s: %s: %s%s%s%s\n", holds ? "yes" : "no ",
			   is_inverted ? "(not) " : "", n->part->search, n->part->field,
			   n->part->text, value[0] ? "    here: '" : "", value,
			   value[0] ? "'" : "");
		return;
	}
	for (const struct node *k = n->first; k; k = k->next)
		say(v, k, is_inverted != (n->kind == NODE_NOT));
}

unsigned signatures_why(struct signatures *s, size_t rule, const struct event *e, unsigned *ret_of,
			struct buf *ret)
{
	const struct rule *r = &s->rules[rule];
	struct verdicts v = { .s = s, .e = e, .out = ret };
	s->serial++;
	s->woken_count = 0;
	for (size_t i = 0; i < r->instance_vec.count; i++) {
		const struct instance *in = &s->instances[r->instances[i]];
		if ((unsigned)in->source.kind != e->kind ||
		    !guard_allows(in->guard_offset, in->allowed, e))
			continue;
		say(&v, in->root, false);
		break;
	}
	s->woken_count = 0;
	*ret_of = v.all;
	return v.held;
}

void signatures_measure(struct signatures *s)
{
	s->is_measured = true;
	for (size_t i = 0; i < s->rule_vec.count; i++)
		memset(&s->rules[i].cost, 0, sizeof(s->rules[i].cost));
	for (size_t i = 0; i < s->column_vec.count; i++)
		s->columns[i].ns = s->columns[i].scans = 0;
}

static uint64_t share_of(const struct signatures *s, const struct node *n)
{
	uint64_t sum = 0;
	if (n->kind == NODE_PREDICATE) {
		uint32_t column = s->predicates[n->index].column;
		const struct column *c = column == NONE ? NULL : &s->columns[column];
		return c && c->users ? c->ns / c->users : 0;
	}
	for (const struct node *k = n->first; k; k = k->next)
		sum += share_of(s, k);
	return sum;
}

struct signature_cost signatures_cost(const struct signatures *s, size_t rule)
{
	const struct rule *r = &s->rules[rule];
	struct signature_cost cost = r->cost;
	for (size_t i = 0; i < r->instance_vec.count; i++)
		cost.shared_ns += share_of(s, s->instances[r->instances[i]].root);
	return cost;
}
