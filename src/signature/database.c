/*
 * signature/database.c - the expressions of a column, compiled by Hyperscan.
 *
 * Texts with something before and behind them are one database: Hyperscan compiles thousands of
 * them in milliseconds.  Regular expressions with counted repeats multiply each other when they
 * share one, in time and in size: each has its own, or as few as possible share one.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define SHARES (COLUMN_DATABASES - 1) /* of regular expressions, beside the texts' */

static_assert(COLUMN_DATABASES > 1 && COLUMN_DATABASES < 256, "there is room for both");

struct batch {
	const char **texts;
	unsigned *flags, *ids;
	uint32_t *which; /* expressions of the column */
	size_t count;
};

static bool batch_init(struct batch *b, size_t most)
{
	*b = (struct batch){ .texts = calloc(most, sizeof(*b->texts)),
			     .flags = calloc(most, sizeof(*b->flags)),
			     .ids = calloc(most, sizeof(*b->ids)),
			     .which = calloc(most, sizeof(*b->which)) };
	return b->texts && b->flags && b->ids && b->which;
}

static void batch_deinit(struct batch *b)
{
	free(b->texts);
	free(b->flags);
	free(b->ids);
	free(b->which);
}

static void batch_add(struct batch *b, const struct column *c, uint32_t number)
{
	const struct expression *x = &c->expressions[number];
	b->texts[b->count] = x->text;
	b->flags[b->count] = x->flags;
	b->ids[b->count] = x->predicate;
	b->which[b->count++] = number;
}

/* The expression that cannot be compiled is said and left out; without one, all of them are. */
static void leave_out(struct signatures *s, const struct column *c, struct batch *b,
		      const hs_compile_error_t *error)
{
	int bad = error ? error->expression : -1;
	bool is_one = bad >= 0 && (size_t)bad < b->count;
	char text[500];
	(void)snprintf(text, sizeof(text), "%.300s: the expression%s cannot be used: %.120s",
		       c->expressions[b->which[is_one ? bad : 0]].place,
		       is_one ? "" : "s for this field",
		       error ? error->message : "memory is exhausted");
	problem_text(s, text);
	if (!is_one) {
		b->count = 0;
		return;
	}
	size_t behind = --b->count - (size_t)bad;
	memmove(&b->texts[bad], &b->texts[bad + 1], behind * sizeof(*b->texts));
	memmove(&b->flags[bad], &b->flags[bad + 1], behind * sizeof(*b->flags));
	memmove(&b->ids[bad], &b->ids[bad + 1], behind * sizeof(*b->ids));
	memmove(&b->which[bad], &b->which[bad + 1], behind * sizeof(*b->which));
}

/* What is in the batch becomes a database of the column; false: memory. */
static bool compile(struct signatures *s, struct column *c, struct batch *b)
{
	hs_database_t *database = NULL;
	while (!database && b->count) {
		hs_compile_error_t *error = NULL;
		if (hs_compile_multi(b->texts, b->flags, b->ids, (unsigned)b->count, HS_MODE_BLOCK,
				     NULL, &database, &error) != HS_SUCCESS) {
			database = NULL;
			leave_out(s, c, b, error);
			hs_free_compile_error(error);
		}
	}
	b->count = 0;
	if (!database)
		return true;
	c->databases[c->database_count++] = database;
	return hs_alloc_scratch(database, &s->scratch) == HS_SUCCESS;
}

static bool compile_texts(struct signatures *s, struct column *c, struct batch *b,
			  size_t *ret_regular)
{
	*ret_regular = 0;
	for (uint32_t i = 0; i < c->expression_vec.count; i++)
		if (c->expressions[i].is_regular)
			++*ret_regular;
		else
			batch_add(b, c, i);
	return compile(s, c, b);
}

bool column_compile(struct signatures *s, struct column *c)
{
	size_t n = c->expression_vec.count, regular = 0;
	struct batch b;
	if (c->is_compiled || !n)
		return true;
	c->is_compiled = true;
	bool ok = batch_init(&b, n) && compile_texts(s, c, &b, &regular);
	size_t share = (regular + SHARES - 1) / SHARES;
	for (uint32_t i = 0; ok && i < n; i++) {
		if (!c->expressions[i].is_regular)
			continue;
		batch_add(&b, c, i);
		if (b.count == share)
			ok = compile(s, c, &b);
	}
	ok = ok && compile(s, c, &b);
	batch_deinit(&b);
	return ok;
}

void column_scan(struct signatures *s, struct column *c, const uint8_t *text, size_t len,
		 match_event_handler on_match)
{
	if (!c->is_compiled && !column_compile(s, c))
		return;
	for (unsigned i = 0; i < c->database_count; i++)
		(void)hs_scan(c->databases[i], (const char *)text, (unsigned)len, 0, s->scratch,
			      on_match, s);
}

void column_free_databases(struct column *c)
{
	for (unsigned i = 0; i < c->database_count; i++)
		(void)hs_free_database(c->databases[i]);
}
