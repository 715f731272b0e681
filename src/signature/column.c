/*
 * signature/column.c - what is looked for in a field of a kind of event.
 *
 * Exact texts lie in a hash table, by the hash of their folded bytes; numbers and networks in
 * sorted arrays, of networks the lengths that occur are walked; what remains is Hyperscan's
 * (database.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

bool vec_room(void *array, struct vec *v, size_t element)
{
	void **at = array;
	if (v->count < v->cap)
		return true;
	size_t cap = v->cap ? v->cap * 2 : 8;
	void *more = realloc(*at, cap * element);
	if (!more)
		return false;
	memset((char *)more + v->cap * element, 0, (cap - v->cap) * element);
	*at = more;
	v->cap = cap;
	return true;
}

static enum column_type type_of(const struct event_field *f, enum view v)
{
	if (!f || v == VIEW_UUID)
		return COLUMN_TEXT;
	switch (f->type) {
	case FIELD_IP:
		return COLUMN_IP;
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_FLOAT:
	case FIELD_TIME:
	case FIELD_ETYPE:
	case FIELD_BOOL:
		return COLUMN_NUMBER;
	default:
		return COLUMN_TEXT;
	}
}

uint32_t column_for(struct signatures *s, const struct source *source, const struct source_field *f)
{
	bool is_constant = f->view == VIEW_CONSTANT;
	const struct event_field *field =
		is_constant ? NULL : event_field_named(source->kind, f->field);
	for (size_t i = 0; i < s->column_vec.count; i++) {
		const struct column *c = &s->columns[i];
		if (c->kind == source->kind && c->field == field && c->view == f->view &&
		    c->is_paired == f->is_paired &&
		    (!is_constant || strcmp(c->constant, f->field) == 0))
			return (uint32_t)i;
	}
	if ((!field && !is_constant) || !vec_room(&s->columns, &s->column_vec, sizeof(*s->columns)))
		return NONE;
	struct column *c = &s->columns[s->column_vec.count];
	c->space = malloc(VALUE_SPACE);
	if (!c->space)
		return NONE;
	c->field = field;
	c->constant = is_constant ? f->field : NULL;
	c->kind = source->kind;
	c->view = f->view;
	c->is_paired = f->is_paired;
	c->is_list = f->view == VIEW_LIST || f->view == VIEW_APP || f->view == VIEW_SUCCESS ||
		     (is_constant && strchr(f->field, ',')) ||
		     (field && field->type == FIELD_ETYPES);
	c->type = type_of(field, f->view);
	return (uint32_t)s->column_vec.count++;
}

uint32_t predicate_new(struct signatures *s, uint32_t column)
{
	if (!vec_room(&s->predicates, &s->predicate_vec, sizeof(*s->predicates)))
		return NONE;
	s->predicates[s->predicate_vec.count] =
		(struct predicate){ .column = column, .weight = 255 };
	if (column != NONE)
		s->columns[column].users++;
	return (uint32_t)s->predicate_vec.count++;
}

bool text_set_add(struct text_set *set, const char *text, size_t len, bool is_cased,
		  uint32_t predicate)
{
	if (!vec_room(&set->list, &set->vec, sizeof(*set->list)))
		return false;
	set->list[set->vec.count++] = (struct exact){ .text = text,
						      .len = (uint32_t)len,
						      .predicate = predicate,
						      .is_cased = is_cased };
	return true;
}

bool column_add_number(struct signatures *s, uint32_t column, double v, uint32_t predicate)
{
	struct column *c = &s->columns[column];
	if (!vec_room(&c->numbers, &c->number_vec, sizeof(*c->numbers)))
		return false;
	c->numbers[c->number_vec.count++] = (struct number){ v, predicate };
	return true;
}

static void mask_address(struct ipaddr *a, unsigned bits)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned have = bits > i * 8 ? bits - i * 8 : 0;
		if (have < 8)
			a->u.b[i] &= (uint8_t)(0xff00u >> have);
	}
}

bool column_add_net(struct signatures *s, uint32_t column, const struct prefix *p,
		    uint32_t predicate)
{
	struct column *c = &s->columns[column];
	if (!vec_room(&c->nets, &c->net_vec, sizeof(*c->nets)))
		return false;
	struct net *n = &c->nets[c->net_vec.count++];
	n->prefix = *p;
	n->predicate = predicate;
	mask_address(&n->prefix.addr, n->prefix.bits);
	return true;
}

bool column_add_expression(struct signatures *s, uint32_t column, const struct expression *x)
{
	struct column *c = &s->columns[column];
	if (!vec_room(&c->expressions, &c->expression_vec, sizeof(*c->expressions)))
		return false;
	struct expression *own = &c->expressions[c->expression_vec.count++];
	*own = *x;
	own->text = arena_strdup(&s->memory, x->text);
	return own->text != NULL;
}

/* Bounded repeats within bounded repeats grow without end before they are refused. */
static bool is_bomb(const char *text)
{
	unsigned long cost = 1;
	for (const char *p = strchr(text, '{'); p; p = strchr(p + 1, '{')) {
		unsigned long low = strtoul(p + 1, NULL, 10), high = low;
		const char *comma = p + 1 + strspn(p + 1, "0123456789");
		if (*comma == ',')
			high = strtoul(comma + 1, NULL, 10);
		if (high > low)
			low = high;
		if (low > 1)
			cost *= low < 100000 ? low : 100000;
		if (cost > 4096)
			return true;
	}
	return false;
}

const char *expression_check(const char *text, unsigned flags, char *why, size_t size)
{
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *error = NULL;
	if (is_bomb(text)) {
		(void)snprintf(why, size, "the repeats of the expression come to more than 4096");
		return why;
	}
	hs_error_t rc = hs_expression_info(text, flags, &info, &error);
	free(info);
	if (rc == HS_SUCCESS)
		return NULL;
	(void)snprintf(why, size, "the expression cannot be used: %s",
		       error ? error->message : "memory is exhausted");
	hs_free_compile_error(error);
	return why;
}

/* --- compiling ------------------------------------------------------------------------------ */

static int length_cmp(const void *a, const void *b)
{
	const uint16_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static bool finish_lengths(struct text_set *set)
{
	set->lengths = calloc(set->vec.count, sizeof(*set->lengths));
	if (!set->lengths)
		return false;
	for (size_t i = 0; i < set->vec.count; i++)
		set->lengths[i] = (uint16_t)set->list[i].len;
	qsort(set->lengths, set->vec.count, sizeof(*set->lengths), length_cmp);
	for (size_t i = 0; i < set->vec.count; i++)
		if (i == 0 || set->lengths[i] != set->lengths[set->length_count - 1])
			set->lengths[set->length_count++] = set->lengths[i];
	return true;
}

static bool finish_texts(struct text_set *set, bool from_end)
{
	uint32_t buckets = 8;
	if (!set->vec.count)
		return true;
	while (buckets < set->vec.count * 2)
		buckets *= 2;
	set->buckets = malloc(buckets * sizeof(*set->buckets));
	if (!set->buckets || !finish_lengths(set))
		return false;
	memset(set->buckets, 0xff, buckets * sizeof(*set->buckets));
	set->sieve_len = set->lengths[0] < SIEVE_LEN ? set->lengths[0] : SIEVE_LEN;
	set->bucket_mask = buckets - 1;
	for (uint32_t i = 0; i < set->vec.count; i++) {
		struct exact *x = &set->list[i];
		uint64_t h = FOLD_SEED;
		for (uint32_t k = 0; k < x->len; k++)
			h = fold_add(h, (uint8_t)x->text[from_end ? x->len - 1 - k : k]);
		x->hash = fold_end(h);
		uint32_t bit = sieve_hash(set, (const uint8_t *)x->text, x->len, from_end);
		set->sieve[bit / 64] |= 1ull << bit % 64;
		set->length_bits |= 1ull << length_bit(x->len);
		x->next = set->buckets[x->hash & set->bucket_mask];
		set->buckets[x->hash & set->bucket_mask] = i;
	}
	return true;
}

static void text_set_deinit(struct text_set *set)
{
	free(set->list);
	free(set->buckets);
	free(set->lengths);
}

static int number_cmp(const void *a, const void *b)
{
	const struct number *x = a, *y = b;
	if (x->value < y->value || x->value > y->value)
		return x->value < y->value ? -1 : 1;
	return x->predicate < y->predicate ? -1 : x->predicate > y->predicate;
}

static int net_cmp(const void *a, const void *b)
{
	const struct net *x = a, *y = b;
	if (x->prefix.bits != y->prefix.bits)
		return x->prefix.bits < y->prefix.bits ? -1 : 1;
	int order = ipaddr_cmp(&x->prefix.addr, &y->prefix.addr);
	return order ? order : x->predicate < y->predicate ? -1 : x->predicate > y->predicate;
}

static bool finish_nets(struct column *c)
{
	if (!c->net_vec.count)
		return true;
	qsort(c->nets, c->net_vec.count, sizeof(*c->nets), net_cmp);
	c->net_bits = malloc(129);
	for (size_t i = 0; c->net_bits && i < c->net_vec.count; i++)
		if (i == 0 || c->nets[i].prefix.bits != c->nets[i - 1].prefix.bits)
			c->net_bits[c->net_bit_count++] = c->nets[i].prefix.bits;
	return c->net_bits != NULL;
}

bool columns_finish(struct signatures *s)
{
	for (size_t i = 0; i < s->column_vec.count; i++) {
		struct column *c = &s->columns[i];
		if (c->number_vec.count)
			qsort(c->numbers, c->number_vec.count, sizeof(*c->numbers), number_cmp);
		if (!finish_texts(&c->exacts, false) || !finish_texts(&c->prefixes, false) ||
		    !finish_texts(&c->suffixes, true) || !finish_nets(c))
			return false;
		c->has_texts = c->exacts.vec.count || c->prefixes.vec.count ||
			       c->suffixes.vec.count || c->expression_vec.count;
	}
	return true;
}

bool signatures_compile(struct signatures *s)
{
	bool ok = true;
	for (size_t i = 0; i < s->column_vec.count; i++)
		ok = column_compile(s, &s->columns[i]) && ok;
	return ok;
}

void column_deinit(struct column *c)
{
	text_set_deinit(&c->exacts);
	text_set_deinit(&c->prefixes);
	text_set_deinit(&c->suffixes);
	free(c->numbers);
	free(c->nets);
	free(c->net_bits);
	free(c->expressions);
	free(c->space);
	column_free_databases(c);
}
