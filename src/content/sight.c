/*
 * content/sight.c - how much of a set a text has shown.
 *
 * A mark of a document counts once, as a bit; a document counts from MARKS_MIN of them on, or where
 * a tenth of a short one has come.  Of a table a row counts once its cells that stand near each
 * other have WORTH_ROW bits together: a name is in every text, a name with a number next to it that
 * are of one row is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "prints.h"

#define SIGHTS     32 /* pairs of a text and a set at a time */
#define BITS       4096u
#define ROWS       1024u /* that have just shown a cell */
#define LANE_CODED (1u << 31)
#define MARKS_MIN  8u
#define MARKS_FEW  4u /* of a short document */

struct row {
	uint32_t number, at; /* at: of its last cell, in the reading of its lane */
	uint32_t columns;    /* bits, modulo 31; the highest one: coded */
	uint32_t worth;
};

struct sight {
	uint32_t text; /* its number, 0: free */
	uint32_t seen, told;
	uint16_t set;
	struct row row[ROWS];     /* by their number modulo ROWS */
	uint64_t bits[BITS / 64]; /* of units, by their number modulo BITS */
};

struct sights {
	struct sets_slot *slot;
	struct content_sets *sets; /* held */
	uint32_t number;
	struct sight *last;  /* that was looked for */
	struct sight *sight; /* SIGHTS, NULL: there were no sets yet */
	uint64_t refused;
};

struct look {
	struct sights *s;
	const struct sight_text *t;
};

struct sights *sights_new(const struct content_rules *rules)
{
	struct sights *s = calloc(1, sizeof(*s));
	if (s)
		s->slot = rules->slot;
	return s;
}

void sights_free(struct sights *s)
{
	if (!s)
		return;
	sets_slot_leave(s->slot, s->sets);
	free(s->sight);
	free(s);
}

bool sights_begin(struct sights *s)
{
	if (sets_slot_is_other(s->slot, s->number)) {
		s->sets = sets_slot_exchange(s->slot, s->sets, &s->number);
		if (s->sets && !s->sight)
			s->sight = calloc(SIGHTS, sizeof(*s->sight));
		else if (s->sight)
			memset(s->sight, 0, SIGHTS * sizeof(*s->sight));
	}
	return s->sets && s->sight;
}

static struct sight *sight_of(struct sights *s, uint32_t text, uint16_t set)
{
	struct sight *free_one = NULL;
	if (s->last && s->last->text == text && s->last->set == set)
		return s->last;
	for (unsigned i = 0; i < SIGHTS; i++) {
		struct sight *x = &s->sight[i];
		if (x->text == text && x->set == set)
			return s->last = x;
		if (!x->text && !free_one)
			free_one = x;
	}
	if (!free_one) {
		s->refused++;
		return NULL;
	}
	memset(free_one, 0, sizeof(*free_one));
	free_one->text = text;
	free_one->set = set;
	return s->last = free_one;
}

/* ---- what is told ---- */

static bool is_enough(const struct set *set, const struct sight *x)
{
	if (set->kind != SET_DOCUMENT)
		return x->seen > 0;
	return x->seen >= MARKS_MIN ||
	       (x->seen >= MARKS_FEW && (uint64_t)x->seen * 10 >= set->units);
}

static void tell(const struct sight_text *t, const struct set *set, struct sight *x)
{
	static const enum content_kind kinds[SET__COUNT] = { CONTENT_DOCUMENT, CONTENT_TABLE,
							     CONTENT_CANARY };
	char sample[CONTENT_SAMPLE];
	if (set->kind == SET_CANARY)
		(void)snprintf(sample, sizeof(sample), "planted");
	else
		(void)snprintf(sample, sizeof(sample), "%u of %u %s%s", x->seen, set->units,
			       set->kind == SET_TABLE ? "rows" : "marks",
			       x->seen == BITS ? " or more" : "");
	if (t->fn)
		t->fn(t->arg, &(struct content_hit){ .kind = kinds[set->kind],
						     .is_coded = t->is_coded,
						     .label = set->name,
						     .sample = sample,
						     .count = x->seen,
						     .weight = x->seen - x->told,
						     .of = set->units });
	x->told = x->seen;
}

/* ---- what is seen ---- */

/* Whether this cell and those near before it of the same row, each column once, are worth a row. */
static bool is_row(struct sight *x, const struct print *p, uint64_t at, bool is_coded)
{
	struct row *r = &x->row[p->unit % ROWS];
	uint32_t lane = is_coded ? LANE_CODED : 0, bit = 1u << p->column % 31;
	bool goes_on = r->number == p->unit && (r->columns & LANE_CODED) == lane &&
		       (uint32_t)at - r->at <= WORTH_NEAR;
	if (!goes_on)
		*r = (struct row){ .number = p->unit, .columns = lane };
	r->at = (uint32_t)at;
	r->worth += r->columns & bit ? 0 : p->worth;
	r->columns |= bit;
	return r->worth >= WORTH_ROW;
}

static void see(const struct look *look, const struct print *p, const struct print_found *f)
{
	const struct set *set = &look->s->sets->set[p->set];
	if ((set->kind == SET_DOCUMENT) == f->is_cell)
		return;
	struct sight *x = sight_of(look->s, look->t->number, p->set);
	if (!x || (set->kind == SET_TABLE && !is_row(x, p, f->at, look->t->is_coded)))
		return;
	uint64_t *word = &x->bits[p->unit % BITS / 64], bit = 1ull << p->unit % 64;
	x->seen += !(*word & bit);
	*word |= bit;
	if (is_enough(set, x) && x->seen >= 2 * x->told && x->seen > x->told)
		tell(look->t, set, x);
}

static void on_print(void *arg, const struct print_found *f)
{
	const struct look *look = arg;
	const struct content_sets *sets = look->s->sets;
	const struct print *end;
	uint64_t hash = siphash(&sets->keys.key, f->bytes, f->len);
	for (const struct print *p = sets_find(sets, hash, &end); p < end; p++)
		see(look, p, f);
}

void sights_take(struct sights *s, const struct sight_text *t, struct prints_lane *l,
		 const uint8_t *data, size_t len)
{
	struct look look = { s, t };
	if (!s->sets || !s->sight)
		return;
	struct print_job job = s->sets->job;
	job.fn = on_print;
	job.arg = &look;
	prints_take(l, &job, data, len);
}

void sights_end(struct sights *s, const struct sight_text *t)
{
	for (unsigned i = 0; s->sets && s->sight && i < SIGHTS; i++) {
		struct sight *x = &s->sight[i];
		if (x->text != t->number)
			continue;
		const struct set *set = &s->sets->set[x->set];
		if (is_enough(set, x) && x->seen > x->told)
			tell(t, set, x);
		x->text = 0;
	}
}

void sights_counts(const struct sights *s, uint64_t *refused, size_t *bytes)
{
	*refused = s->refused;
	*bytes = sizeof(*s) + SIGHTS * sizeof(*s->sight);
}
