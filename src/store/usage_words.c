/*
 * store/usage_words.c - what the numbers of a question are called, and which pass its filters.
 */
#include <stdio.h>
#include <stdlib.h>

#include "usage_db.h"

#define NUMBERS_MAX (1u << 24)

/* How the words of a kind are read: id, texts, first, zone, risk, sanction.  _3: of an older file.
 * Texts: the dimensions that they are of. */
static const struct {
	const char *sql, *sql_3;
	uint32_t dims; /* that are filtered by here */
	enum usage_dim texts[WORD_TEXTS];
} kinds[WORD__COUNT] = {
	[WORD_ZONE] = { "SELECT id, name, '', '', '', 0, 0, 0, 0 FROM zone",
			NULL,
			BY(ZONE),
			{ USAGE_BY_ZONE, USAGE_BY__COUNT, USAGE_BY__COUNT, USAGE_BY__COUNT } },
	[WORD_HOST] = { "SELECT h.id, z.name, h.address, h.user, h.name, h.first, h.zone, 0, 0 "
			"FROM host h LEFT JOIN zone z ON z.id = h.zone",
			NULL,
			HOST_DIMS,
			{ USAGE_BY_ZONE, USAGE_BY_HOST, USAGE_BY_USER, USAGE_BY__COUNT } },
	[WORD_SERVICE] = { "SELECT id, name, tenant, category, title, first, 0, risk, sanction "
			   "FROM service",
			   "SELECT id, name, tenant, category, title, first, 0, 0, sanction FROM "
			   "service",
			   SERVICE_DIMS,
			   { USAGE_BY_SERVICE, USAGE_BY_TENANT, USAGE_BY_CATEGORY,
			     USAGE_BY__COUNT } },
	[WORD_PLACE] = { "SELECT id, country, network, tls, '', 0, 0, 0, 0 FROM place",
			 "SELECT id, country, network, '', '', 0, 0, 0, 0 FROM place",
			 PLACE_DIMS,
			 { USAGE_BY_COUNTRY, USAGE_BY_AS, USAGE_BY_TLS, USAGE_BY__COUNT } },
};

/* ---- filters ---- */

static bool fits(const struct word *w, enum word_kind kind, const struct usage_filter *f)
{
	if (f->dim == USAGE_BY_RISK)
		return w->risk == usage_word_number(f);
	if (f->dim == USAGE_BY_SANCTION)
		return w->sanction == usage_word_number(f);
	for (unsigned i = 0; i < WORD_TEXTS; i++) {
		if (kinds[kind].texts[i] != f->dim)
			continue;
		return is_beginning(f) ? strncmp(w->text[i], f->value, strlen(f->value) - 1) == 0 :
					 strcmp(w->text[i], f->value) == 0;
	}
	return true;
}

/* Alternatives within a dimension; what is not wanted is left out one by one. */
static bool passes(const struct asking *a, enum word_kind kind, const struct word *w)
{
	const struct usage_query *q = a->q;
	uint32_t wanted = 0, met = 0;
	for (size_t i = 0; i < q->filter_count; i++) {
		const struct usage_filter *f = &q->filters[i];
		uint32_t dim = 1u << f->dim & kinds[kind].dims;
		if (!dim)
			continue;
		bool is_fit = fits(w, kind, f);
		if (f->is_not && is_fit)
			return false;
		wanted |= f->is_not ? 0 : dim;
		met |= !f->is_not && is_fit ? dim : 0;
	}
	return wanted == met;
}

/* Something is wanted by its name: what has none does not pass. */
static bool is_wanted(const struct asking *a, enum word_kind kind)
{
	for (size_t i = 0; i < a->q->filter_count; i++)
		if (!a->q->filters[i].is_not && kinds[kind].dims & 1u << a->q->filters[i].dim)
			return true;
	return false;
}

/* ---- reading ---- */

static bool make_room(struct word_list *l, uint64_t id)
{
	uint32_t numbers = l->numbers ? l->numbers : 1024;
	if (l->count == l->room) {
		uint32_t room = l->room ? l->room * 2 : 256;
		struct word *more = realloc(l->list, room * sizeof(*more));
		if (!more)
			return false;
		l->list = more;
		l->room = room;
	}
	while (numbers <= id)
		numbers *= 2;
	if (numbers == l->numbers)
		return true;
	uint32_t *more = realloc(l->places, numbers * sizeof(*more));
	if (!more)
		return false;
	memset(more + l->numbers, 0, (numbers - l->numbers) * sizeof(*more));
	l->places = more;
	l->numbers = numbers;
	return true;
}

/* NULL: there is no memory. */
static struct word *add_word(struct word_list *l, const struct word *like)
{
	if (!make_room(l, like->id))
		return NULL;
	struct word *word = &l->list[l->count++];
	*word = *like;
	l->places[word->id] = l->count;
	return word;
}

static bool take_word(struct words *w, struct word_list *l, sqlite3_stmt *st)
{
	int64_t id = sqlite3_column_int64(st, 0), first = sqlite3_column_int64(st, 5);
	if (id < 0 || id >= NUMBERS_MAX)
		return true; /* none of ours */
	struct word word = { .id = (uint32_t)id,
			     .first_ns = first > 0 ? (uint64_t)first : 0,
			     .zone = (uint32_t)sqlite3_column_int64(st, 6),
			     .risk = (uint8_t)sqlite3_column_int(st, 7),
			     .sanction = (uint8_t)sqlite3_column_int(st, 8) };
	for (int i = 0; i < WORD_TEXTS; i++) {
		const char *text = (const char *)sqlite3_column_text(st, 1 + i);
		word.text[i] = text && *text ?
				       arena_strndup(&w->arena, text,
						     (size_t)sqlite3_column_bytes(st, 1 + i)) :
				       "";
		if (!word.text[i])
			return false;
	}
	return add_word(l, &word) != NULL;
}

static int read_kind(struct asking *a, enum word_kind kind)
{
	struct word_list *l = &a->words.kinds[kind];
	bool is_old = a->format < 4 && kinds[kind].sql_3;
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(a->db, is_old ? kinds[kind].sql_3 : kinds[kind].sql, -1, &st,
				      NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(st);
		if (code == SQLITE_ROW && !take_word(&a->words, l, st))
			code = SQLITE_NOMEM;
	}
	(void)sqlite3_finalize(st);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* ---- of rows that are in no table yet ---- */

/* Texts are named in another order, and a host has its zone's. */
static struct word fresh_word(const struct asking *a, enum word_kind kind,
			      const struct usage_name *n)
{
	const char *const *t = n->text;
	struct word word = { .id = (uint32_t)n->id, .first_ns = n->first_ns };
	const struct word *zone = NULL;
	switch (kind) {
	case WORD_HOST:
		zone = words_find(&a->words, WORD_ZONE, n->number);
		word.zone = (uint32_t)n->number;
		memcpy(word.text, (const char *[]){ zone ? zone->text[0] : "", t[0], t[1], t[2] },
		       sizeof(word.text));
		break;
	case WORD_SERVICE:
		word.sanction = (uint8_t)n->number;
		word.risk = (uint8_t)n->risk;
		memcpy(word.text, (const char *[]){ t[0], t[1], t[3], t[2] }, sizeof(word.text));
		break;
	case WORD_PLACE:
		memcpy(word.text, (const char *[]){ t[0], t[1], t[2], "" }, sizeof(word.text));
		break;
	default:
		memcpy(word.text, (const char *[]){ t[0], "", "", "" }, sizeof(word.text));
		break;
	}
	return word;
}

/* As the table will have them. */
static bool cut_texts(struct words *w, struct word *word)
{
	for (unsigned i = 0; i < WORD_TEXTS && word->text[i]; i++) {
		size_t len = (size_t)usage_name_len(word->text[i]);
		if (word->text[i][len])
			word->text[i] = arena_strndup(&w->arena, word->text[i], len);
		if (!word->text[i])
			return false;
	}
	return true;
}

/* The newest word on a name that was there before, as the table will have it. */
static void renew(struct word *known, enum word_kind kind, const struct word *fresh)
{
	if (fresh->first_ns && fresh->first_ns < known->first_ns)
		known->first_ns = fresh->first_ns;
	if (kind == WORD_SERVICE) {
		known->risk = fresh->risk;
		known->sanction = fresh->sanction;
		memcpy(known->text, fresh->text, sizeof(known->text));
	} else if (kind == WORD_HOST && *fresh->text[WORD_TEXTS - 1]) {
		known->text[WORD_TEXTS - 1] = fresh->text[WORD_TEXTS - 1];
	}
}

static bool take_fresh(struct asking *a, enum word_kind kind)
{
	static const enum name_kind names[WORD__COUNT] = { NAME_ZONE, NAME_HOST, NAME_SERVICE,
							   NAME_PLACE };
	struct word_list *l = &a->words.kinds[kind];
	const struct name_list *from = a->fresh ? &a->fresh->names.waiting[names[kind]] : NULL;
	for (uint32_t i = 0; from && i < from->count; i++) {
		const struct usage_name *n = &from->list[i];
		if (n->id < 0 || n->id >= NUMBERS_MAX)
			continue;
		struct word word = fresh_word(a, kind, n);
		if (!cut_texts(&a->words, &word))
			return false;
		uint32_t at = word.id < l->numbers ? l->places[word.id] : 0;
		if (at)
			renew(&l->list[at - 1], kind, &word);
		else if (!add_word(l, &word))
			return false;
	}
	return true;
}

/* ---- groups ---- */

/* Columns of a kind that are grouped by, in the order of the dimensions. */
static int compare_texts(const struct word *a, const struct word *b, uint32_t by,
			 const enum usage_dim *dims)
{
	int order = 0;
	for (unsigned i = 0; i < WORD_TEXTS && !order; i++)
		if (by & 1u << dims[i])
			order = strcmp(a->text[i], b->text[i]);
	return order;
}

struct comparing {
	enum word_kind kind;
	uint32_t by;
};

static int compare_words(const void *x, const void *y, void *arg)
{
	const struct word *a = x, *b = y;
	const struct comparing *c = arg;
	int order = compare_texts(a, b, c->by, kinds[c->kind].texts);
	if (!order && c->kind == WORD_SERVICE && c->by & BY(RISK))
		order = a->risk - b->risk;
	if (!order && c->kind == WORD_SERVICE && c->by & BY(SANCTION))
		order = a->sanction - b->sanction;
	return order;
}

/* What a group calls itself: any of its words that has something. */
static void share_name(struct word *shown, const struct word *w)
{
	if (strcmp(w->text[WORD_TEXTS - 1], shown->text[WORD_TEXTS - 1]) > 0)
		shown->text[WORD_TEXTS - 1] = w->text[WORD_TEXTS - 1];
}

static bool number_groups(struct word_list *l, enum word_kind kind, uint32_t by)
{
	struct comparing c = { kind, by };
	l->shown = calloc(l->count + 1, sizeof(*l->shown));
	if (!l->shown)
		return false;
	if (l->count)
		qsort_r(l->list, l->count, sizeof(*l->list), compare_words, &c);
	for (uint32_t i = 0; i < l->count; i++) {
		bool is_new = i == 0 || compare_words(&l->list[i - 1], &l->list[i], &c) != 0;
		if (is_new)
			l->shown[++l->groups] = i;
		else
			share_name(&l->list[l->shown[l->groups]], &l->list[i]);
		l->list[i].group = l->groups;
		l->places[l->list[i].id] = i + 1;
	}
	return true;
}

static int load_kind(struct asking *a, enum word_kind kind, uint32_t by)
{
	struct word_list *l = &a->words.kinds[kind];
	int code = read_kind(a, kind);
	if (code == SQLITE_OK && !take_fresh(a, kind))
		code = SQLITE_NOMEM;
	if (code != SQLITE_OK)
		return code;
	l->passes_unknown = !is_wanted(a, kind);
	for (uint32_t i = 0; i < l->count; i++) {
		l->list[i].passes = passes(a, kind, &l->list[i]);
		l->passing += l->list[i].passes;
	}
	return number_groups(l, kind, by) ? SQLITE_OK : SQLITE_NOMEM;
}

int usage_words_load(struct asking *a)
{
	bool has_fresh = a->fresh && a->fresh->count;
	bool has_hosts = (a->used & (HOST_DIMS | BY(ZONE))) != 0;
	uint32_t zones = a->by & HOST_DIMS ? 0 : BY(ZONE); /* else they are a part of the host's */
	const bool is_needed[WORD__COUNT] = {
		[WORD_ZONE] = a->used & BY(ZONE) || (has_hosts && has_fresh),
		[WORD_HOST] = has_hosts,
		[WORD_SERVICE] = (a->used & SERVICE_DIMS) != 0,
		[WORD_PLACE] = (a->used & PLACE_DIMS) != 0,
	};
	int code = SQLITE_OK;
	for (unsigned i = 0; i < WORD__COUNT && code == SQLITE_OK; i++)
		if (is_needed[i])
			code = load_kind(a, (enum word_kind)i, i == WORD_ZONE ? zones : a->by);
	return code;
}

void usage_words_free(struct words *w)
{
	for (unsigned i = 0; i < WORD__COUNT; i++) {
		free(w->kinds[i].list);
		free(w->kinds[i].places);
		free(w->kinds[i].shown);
	}
	arena_free(&w->arena);
}
