/*
 * signature/bound.c - how much there must be before a rule can hold.
 *
 * Whoever shows very many events to rules that few of them fulfil asks here first: of some fields
 * the values are known, of some it is known how large they can be at most, of the rest nothing.
 */
#include <math.h>
#include <string.h>

#include "private.h"

static bool is_among(const struct signatures *s, uint32_t column, const char *const *names)
{
	const struct event_field *f = column != NONE ? s->columns[column].field : NULL;
	for (; f && *names; names++)
		if (strcmp(f->name, *names) == 0)
			return true;
	return false;
}

static bool is_known(const struct signatures *s, const struct node *n,
		     const struct signature_view *v)
{
	if (!v->event)
		return false;
	if (n->kind == NODE_PREDICATE)
		return is_among(s, s->predicates[n->index].column, v->known);
	const struct test *t = &s->tests[n->index];
	return is_among(s, t->column, v->known) &&
	       (t->kind != TEST_SAME || is_among(s, t->other, v->known));
}

static bool holds(struct signatures *s, const struct node *n, const struct signature_view *v)
{
	return n->kind == NODE_PREDICATE ? predicate_holds(s, n->index, v->event) :
					   test_holds(s, &s->tests[n->index], v->event);
}

static bool is_leaf(const struct node *n)
{
	return n->kind == NODE_PREDICATE || n->kind == NODE_TEST;
}

/* The amount that a comparison asks for at least; 0: it asks for none. */
static double asked(const struct signatures *s, const struct node *n,
		    const struct signature_view *v)
{
	const struct test *t = n->kind == NODE_TEST ? &s->tests[n->index] : NULL;
	bool is_least = t && t->kind == TEST_COMPARE && t->part == PART_NONE &&
			(t->compare == COMPARE_GT || t->compare == COMPARE_GTE) &&
			is_among(s, t->column, v->amounts);
	return is_least ? t->number : 0;
}

static bool can_fail(struct signatures *s, const struct node *n, const struct signature_view *v)
{
	if (is_leaf(n))
		return !is_known(s, n, v) || !holds(s, n, v);
	if (n->kind != NODE_OR && n->kind != NODE_AND)
		return true;
	for (const struct node *k = n->first; k; k = k->next)
		if (can_fail(s, k, v) == (n->kind == NODE_AND))
			return n->kind == NODE_AND;
	return n->kind == NODE_OR;
}

static double least(struct signatures *s, const struct node *n, const struct signature_view *v)
{
	if (is_leaf(n)) {
		if (is_known(s, n, v))
			return holds(s, n, v) ? 0 : (double)INFINITY;
		return asked(s, n, v);
	}
	if (n->kind == NODE_NOT)
		return n->first && !can_fail(s, n->first, v) ? (double)INFINITY : 0;
	if (n->kind == NODE_COUNT && !n->index)
		return 0;
	bool is_all = n->kind == NODE_AND;
	double ret = is_all ? 0 : (double)INFINITY;
	for (const struct node *k = n->first; k; k = k->next) {
		double one = least(s, k, v);
		ret = is_all == (one > ret) ? one : ret;
	}
	return ret;
}

double signatures_least(struct signatures *s, size_t rule, const struct signature_view *v)
{
	const struct rule *r = &s->rules[rule];
	double ret = (double)INFINITY;
	s->serial++;
	s->woken_count = 0;
	for (size_t i = 0; i < r->instance_vec.count; i++) {
		double one = least(s, s->instances[r->instances[i]].root, v);
		ret = one < ret ? one : ret;
	}
	return ret;
}
