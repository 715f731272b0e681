/*
 * signature/build.c - from documents to instances, code and who wakes whom.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* --- instances ------------------------------------------------------------------------------ */

static bool filter_applies(struct signatures *s, const struct filter *f, const struct rule *rule)
{
	const struct yaml_node *filter = yaml_get(f->document, "filter");
	const struct yaml_node *rules = yaml_get(filter, "rules");
	bool same =
		(!f->product || (rule->product && strcmp(f->product, rule->product) == 0)) &&
		(!f->category || (rule->category && strcmp(f->category, rule->category) == 0)) &&
		(!f->service || (rule->service && strcmp(f->service, rule->service) == 0));
	(void)s;
	if (!same || !rules)
		return false;
	if (rules->type == YAML_SCALAR)
		return strcmp(rules->text, "any") == 0 ||
		       strcmp(rules->text, rule->about.id) == 0 ||
		       strcmp(rules->text, rule->about.name) == 0;
	for (const struct yaml_node *k = rules->first; k; k = k->next)
		if (k->type == YAML_SCALAR && k->text[0] &&
		    (strcmp(k->text, rule->about.id) == 0 ||
		     strcmp(k->text, rule->about.name) == 0))
			return true;
	return false;
}

/* The rule's tree, and with it those of the filters that go with the rule. */
static struct node *whole_tree(struct compile *c, const struct rule *rule)
{
	c->is_counted = rule->is_counted;
	struct node *tree = detection_tree(c, yaml_get(rule->document, "detection"));
	struct signatures *s = c->s;
	c->is_counted = false;
	for (size_t i = 0; tree && i < s->filter_vec.count; i++) {
		if (!filter_applies(s, &s->filters[i], rule))
			continue;
		struct node *both = node_new(c, NODE_AND);
		struct node *more = detection_tree(c, yaml_get(s->filters[i].document, "filter"));
		if (!both || !more)
			return NULL;
		node_add_child(both, tree);
		node_add_child(both, more);
		tree = both;
	}
	return tree;
}

static bool uses_request(const struct signatures *s, const struct source *source,
			 const struct node *n)
{
	if (n->kind == NODE_PREDICATE) {
		uint32_t column = s->predicates[n->index].column; /* NONE: a keyword */
		return column == NONE ? source_is_paired(source) : s->columns[column].is_paired;
	}
	if (n->kind == NODE_TEST && s->columns[s->tests[n->index].column].is_paired)
		return true;
	for (const struct node *k = n->first; k; k = k->next)
		if (uses_request(s, source, k))
			return true;
	return false;
}

static bool add_instance(struct signatures *s, uint32_t rule, const struct source *source,
			 const struct node *root)
{
	struct rule *r = &s->rules[rule];
	if (!vec_room(&s->instances, &s->instance_vec, sizeof(*s->instances)) ||
	    !vec_room(&r->instances, &r->instance_vec, sizeof(*r->instances)))
		return false;
	struct instance *i = &s->instances[s->instance_vec.count];
	const struct event_field *guard =
		source->guard ? event_field_named(source->kind, source->guard) : NULL;
	*i = (struct instance){ .rule = rule,
				.guard_offset = guard ? guard->offset : 0,
				.allowed = source->allowed,
				.source = *source,
				.root = root };
	i->needs_request = uses_request(s, source, root);
	r->instances[r->instance_vec.count++] = (uint32_t)s->instance_vec.count++;
	if (source->kind < EVENT__COUNT) {
		r->about.kinds |= 1ull << source->kind;
		s->wants |= 1ull << source->kind;
	}
	if (i->needs_request && !s->has_requests)
		return requests_begin(s);
	return true;
}

/* A part of this tree that can never hold keeps all of it from holding. */
static bool is_never(const struct node *n)
{
	unsigned can = 0, count = 0;
	for (const struct node *k = n->first; k; k = k->next) {
		bool never = is_never(k);
		if (never && n->kind == NODE_AND)
			return true;
		can += !never;
		count++;
	}
	bool is_or = n->kind == NODE_OR || n->kind == NODE_COUNT;
	return n->is_never || (is_or && count && can < (n->kind == NODE_OR ? 1 : n->index));
}

/* Why no row of a log source serves a rule. */
struct refusal {
	char why[768];  /* of the first row that lacks what all lack, else of the first */
	bool is_common; /* it is of what all lack */
	unsigned group; /* its row's: of one group the last row has the most fields */
};

static bool is_known_elsewhere(const struct source *rows, size_t count, const char *name)
{
	struct source_field f;
	for (size_t i = 0; i < count; i++)
		if (source_field(&rows[i], name, &f))
			return true;
	return false;
}

static void refuse_row(struct refusal *r, const struct compile *c, const struct source *rows,
		       size_t count)
{
	bool is_common = c->missing && !is_known_elsewhere(rows, count, c->missing);
	unsigned group = c->source->group;
	bool is_better = is_common && !r->is_common;
	bool is_richer = is_common == r->is_common && group && group == r->group;
	if (r->why[0] && !is_better && !is_richer)
		return;
	r->is_common = is_common;
	r->group = group;
	memcpy(r->why, c->why, sizeof(r->why));
}

static void break_rule(struct signatures *s, struct rule *r, const char *why)
{
	problem_text(s, why);
	r->is_broken = true;
	r->about.why = arena_strdup(&s->memory, why);
}

/* Instances of a rule in those rows that have its fields and, strict, those that it is grouped and
 * summed by.  False: memory. */
static bool build_rows(struct signatures *s, uint32_t index, const struct source *rows,
		       size_t count, bool is_strict, struct refusal *refusal)
{
	unsigned taken = 0;
	for (size_t i = 0; i < count; i++) {
		struct compile c = { .s = s, .source = &rows[i] };
		if ((rows[i].group && rows[i].group == taken) ||
		    (is_strict && correlation_lacks(s, index, &rows[i])))
			continue;
		const struct node *tree = whole_tree(&c, &s->rules[index]);
		if (tree && source_is_for_asked(&rows[i]) && !c.has_asked)
			continue;
		if (tree && is_never(tree)) {
			c.missing = NULL;
			memcpy(c.why, c.never, sizeof(c.never));
			refuse_row(refusal, &c, rows, count);
		} else if (tree) {
			taken = rows[i].group;
			if (!add_instance(s, index, &rows[i], tree))
				return false;
		} else if (c.is_unmapped) {
			refuse_row(refusal, &c, rows, count);
		} else {
			break_rule(s, &s->rules[index], c.why[0] ? c.why : "memory is exhausted");
			return c.why[0] != '\0';
		}
	}
	return true;
}

static void refuse_source(struct signatures *s, struct rule *r)
{
	const struct yaml_node *logsource = yaml_get(r->document, "logsource");
	struct buf alike;
	char why[768];
	buf_init(&alike, 300);
	sources_alike(r->product, r->category, &alike);
	yaml_why(logsource ? logsource : r->document, why, sizeof(why),
		 "the log source '%s' is not seen on the network%s%s", r->about.logsource,
		 alike.len ? "; seen are of it " : "", alike.len ? alike.data : "");
	buf_deinit(&alike);
	break_rule(s, r, why);
}

static bool build_rule(struct signatures *s, uint32_t index)
{
	struct source rows[SOURCES_MAX];
	struct refusal refusal = { .why = "" };
	struct rule *r = &s->rules[index];
	size_t count = sources_find(r->product, r->category, r->service, rows);
	if (!count) {
		refuse_source(s, r);
		return true;
	}
	for (unsigned i = 0; i < 2 && !s->rules[index].instance_vec.count; i++)
		if (!s->rules[index].is_broken &&
		    !build_rows(s, index, rows, count, i == 0, &refusal))
			return false;
	r = &s->rules[index];
	if (!r->instance_vec.count && !r->is_broken)
		break_rule(s, r, refusal.why);
	return true;
}

/* --- code ----------------------------------------------------------------------------------- */

static bool emit(struct signatures *s, enum op op, uint32_t arg)
{
	if (!vec_room(&s->code, &s->code_vec, sizeof(*s->code)))
		return false;
	s->code[s->code_vec.count++] = (struct insn){ op, arg };
	return true;
}

static bool emit_tree(struct signatures *s, const struct node *n, uint32_t start);

/* All children, with a way out to the end once the result is known. */
static bool emit_list(struct signatures *s, const struct node *n, uint32_t start)
{
	enum op out = n->kind == NODE_AND ? OP_IF_FALSE : OP_IF_TRUE;
	uint32_t last = NONE;
	for (const struct node *k = n->first; k; k = k->next) {
		if (!emit_tree(s, k, start))
			return false;
		if (!k->next)
			break;
		if (!emit(s, out, last)) /* a chain of those to be given their end below */
			return false;
		last = (uint32_t)s->code_vec.count - 1;
	}
	uint32_t end = (uint32_t)s->code_vec.count - start;
	while (last != NONE) {
		uint32_t before = s->code[last].arg;
		s->code[last].arg = end;
		last = before;
	}
	return true;
}

static bool emit_count(struct signatures *s, const struct node *n, uint32_t start)
{
	bool ok = emit(s, OP_PUSH, 0);
	for (const struct node *k = n->first; ok && k; k = k->next)
		ok = emit_tree(s, k, start) && emit(s, OP_COUNT, 0);
	return ok && emit(s, OP_POP, n->index);
}

static bool emit_tree(struct signatures *s, const struct node *n, uint32_t start)
{
	switch (n->kind) {
	case NODE_PREDICATE:
		return emit(s, OP_PREDICATE, n->index);
	case NODE_TEST:
		return emit(s, OP_TEST, n->index);
	case NODE_NOT:
		return emit_tree(s, n->first, start) && emit(s, OP_NOT, 0);
	case NODE_COUNT:
		return emit_count(s, n, start);
	case NODE_AND:
	case NODE_OR:
		return emit_list(s, n, start);
	}
	return false;
}

/* --- who wakes whom ------------------------------------------------------------------------- */

#define NEVER UINT64_MAX

/*
 * What it costs to wait for this part: the sum over predicates, one of which must hold, of how
 * often that is to be expected; NEVER: it can hold without any.
 */
static uint64_t cover_cost(const struct signatures *s, const struct node *n)
{
	uint64_t sum = 0, best = NEVER;
	switch (n->kind) {
	case NODE_PREDICATE: {
		uint32_t weight = s->predicates[n->index].weight;
		return 1 + (4096u >> (weight > 12 ? 12 : weight));
	}
	case NODE_TEST:
	case NODE_NOT:
		return NEVER;
	case NODE_AND:
		for (const struct node *k = n->first; k; k = k->next) {
			uint64_t cost = cover_cost(s, k);
			best = cost < best ? cost : best;
		}
		return best;
	case NODE_OR:
	case NODE_COUNT:
		for (const struct node *k = n->first; k; k = k->next) {
			uint64_t cost = cover_cost(s, k);
			if (cost == NEVER)
				return NEVER;
			sum += cost;
		}
		return sum;
	}
	return NEVER;
}

struct wake {
	uint32_t predicate, instance;
};

struct wakes {
	struct wake *list;
	struct vec vec;
};

/* The column wakes this instance, which looks at events that its guard allows. */
static void guard_column(struct column *c, const struct instance *i)
{
	bool is_first = !c->is_eager;
	c->is_eager = true;
	c->is_guarded = (is_first || c->is_guarded) && i->guard_offset &&
			(is_first || c->guard_offset == i->guard_offset);
	c->guard_offset = c->is_guarded ? i->guard_offset : 0;
	c->allowed |= i->allowed;
}

static bool cover(struct signatures *s, const struct node *n, uint32_t instance, struct wakes *w)
{
	const struct node *best = NULL;
	if (n->kind == NODE_PREDICATE) {
		uint32_t column = s->predicates[n->index].column;
		if (!vec_room(&w->list, &w->vec, sizeof(*w->list)))
			return false;
		w->list[w->vec.count++] = (struct wake){ n->index, instance };
		if (column != NONE)
			guard_column(&s->columns[column], &s->instances[instance]);
		return true;
	}
	for (const struct node *k = n->first; k; k = k->next) {
		if (n->kind == NODE_AND)
			best = !best || cover_cost(s, k) < cover_cost(s, best) ? k : best;
		else if (!cover(s, k, instance, w))
			return false;
	}
	return !best || cover(s, best, instance, w);
}

static bool always(struct signatures *s, uint32_t instance)
{
	struct kind_plan *p = &s->kinds[s->instances[instance].source.kind];
	if (!vec_room(&p->always, &p->always_vec, sizeof(*p->always)))
		return false;
	p->always[p->always_vec.count++] = instance;
	return true;
}

static int wake_cmp(const void *a, const void *b)
{
	const struct wake *x = a, *y = b;
	if (x->predicate != y->predicate)
		return x->predicate < y->predicate ? -1 : 1;
	return x->instance < y->instance ? -1 : x->instance > y->instance;
}

static bool index_wakes(struct signatures *s, struct wakes *w)
{
	if (w->vec.count)
		qsort(w->list, w->vec.count, sizeof(*w->list), wake_cmp);
	s->wakes = calloc(w->vec.count ? w->vec.count : 1, sizeof(*s->wakes));
	s->woken = calloc(s->instance_vec.count ? s->instance_vec.count : 1, sizeof(*s->woken));
	for (size_t i = 0; s->wakes && i < w->vec.count; i++) {
		struct predicate *p = &s->predicates[w->list[i].predicate];
		p->first = p->count ? p->first : (uint32_t)i;
		p->count++;
		s->wakes[i] = w->list[i].instance;
	}
	return s->wakes && s->woken;
}

static bool plan_columns(struct signatures *s)
{
	for (size_t i = 0; i < s->column_vec.count; i++) {
		const struct column *c = &s->columns[i];
		struct kind_plan *p = &s->kinds[c->kind];
		if (!c->is_eager)
			continue;
		if (!vec_room(&p->eager, &p->eager_vec, sizeof(*p->eager)))
			return false;
		p->eager[p->eager_vec.count++] = (uint32_t)i;
	}
	return true;
}

static bool build_code(struct signatures *s, struct wakes *w)
{
	for (uint32_t i = 0; i < s->instance_vec.count; i++) {
		struct instance *in = &s->instances[i];
		if (s->rules[in->rule].is_broken) /* nobody counts it: it costs nothing */
			continue;
		in->code = (uint32_t)s->code_vec.count;
		if (!emit_tree(s, in->root, in->code))
			return false;
		in->code_len = (uint32_t)s->code_vec.count - in->code;
		bool ok =
			cover_cost(s, in->root) == NEVER ? always(s, i) : cover(s, in->root, i, w);
		if (!ok)
			return false;
	}
	return true;
}

bool build(struct signatures *s)
{
	struct wakes w = { .list = NULL };
	bool ok = true;
	correlations_find(s);
	for (uint32_t i = 0; ok && i < s->rule_vec.count; i++)
		if (s->rules[i].correlation == NONE && !s->rules[i].is_broken)
			ok = build_rule(s, i);
	if (ok)
		correlations_link(s);
	ok = ok && build_code(s, &w) && index_wakes(s, &w) && plan_columns(s) && columns_finish(s);
	free(w.list);
	s->quiet = calloc(QUIET_VALUES, sizeof(*s->quiet));
	return ok && s->quiet;
}
