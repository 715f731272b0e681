/*
 * store/usage_words.c - what the numbers of a question are called, and which pass its filters.
 */
#include <stdio.h>
#include <stdlib.h>

#include "usage_db.h"

#define NUMBERS_MAX (1u << 24)

/* How the words of a kind are read: id, texts, first, zone, risk, sanction; and, as conditions,
 * what is asked for.  _3: of an older file. */
static const struct {
	const char *sql, *sql_3;
	uint32_t dims;
} kinds[WORD__COUNT] = {
	[WORD_ZONE] = { "SELECT id, name, '', '', '', 0, 0, 0, 0, (%s) FROM zone", NULL, BY(ZONE) },
	[WORD_HOST] = { "SELECT h.id, z.name, h.address, h.user, h.name, h.first, h.zone, 0, 0, (%s) "
			"FROM host h LEFT JOIN zone z ON z.id = h.zone",
			NULL, HOST_DIMS },
	[WORD_SERVICE] = { "SELECT id, name, tenant, category, title, first, 0, risk, sanction, (%s) "
			   "FROM service",
			   "SELECT id, name, tenant, category, title, first, 0, 0, sanction, (%s) FROM "
			   "service",
			   SERVICE_DIMS },
	[WORD_PLACE] = { "SELECT id, country, network, tls, '', 0, 0, 0, 0, (%s) FROM place",
			 "SELECT id, country, network, '', '', 0, 0, 0, 0, (%s) FROM place",
			 PLACE_DIMS },
};

static const char *column_of(enum usage_dim dim, bool is_old)
{
	switch (dim) {
	case USAGE_BY_HOST:
		return "h.address";
	case USAGE_BY_USER:
		return "h.user";
	case USAGE_BY_AS:
		return "network";
	case USAGE_BY_ZONE:
	case USAGE_BY_SERVICE:
		return "name";
	case USAGE_BY_RISK:
		return is_old ? "0" : "risk";
	case USAGE_BY_TLS:
		return is_old ? "''" : "tls";
	default:
		return usage_dim_name(dim);
	}
}

/* ---- conditions ---- */

static void put_filter(struct asking *a, size_t at)
{
	const struct usage_filter *f = &a->q->filters[at];
	const char *column = column_of(f->dim, a->format < 4);
	unsigned n = (unsigned)at + 1;
	if (usage_word_number(f) >= 0)
		buf_printf(&a->sql, "%s = %d", column, usage_word_number(f));
	else if (is_beginning(f))
		buf_printf(&a->sql, "substr(%s, 1, length(?%u)) = ?%u", column, n, n);
	else
		buf_printf(&a->sql, "%s = ?%u", column, n);
}

/* Alternatives within a dimension; what is not wanted is left out one by one.  False: nothing is
 * wanted by its name. */
static bool put_filters(struct asking *a, uint32_t dims)
{
	const struct usage_query *q = a->q;
	bool is_wanted = false;
	buf_char(&a->sql, '1');
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++) {
		bool has_any = false;
		for (size_t i = 0; i < q->filter_count; i++) {
			if (q->filters[i].dim != dim || q->filters[i].is_not || !(dims & 1u << dim))
				continue;
			buf_str(&a->sql, has_any ? " OR " : " AND (");
			put_filter(a, i);
			has_any = true;
		}
		if (has_any)
			buf_char(&a->sql, ')');
		is_wanted |= has_any;
	}
	for (size_t i = 0; i < q->filter_count; i++) {
		if (!q->filters[i].is_not || !(dims & 1u << q->filters[i].dim))
			continue;
		buf_str(&a->sql, " AND NOT ");
		put_filter(a, i);
	}
	return is_wanted;
}

static void bind(const struct asking *a, sqlite3_stmt *st)
{
	for (size_t i = 0; i < a->q->filter_count; i++) {
		const struct usage_filter *f = &a->q->filters[i];
		size_t len = strlen(f->value) - is_beginning(f);
		(void)sqlite3_bind_text(st, (int)i + 1, f->value, (int)len, SQLITE_STATIC);
	}
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

static bool take_word(struct words *w, struct word_list *l, sqlite3_stmt *st)
{
	int64_t id = sqlite3_column_int64(st, 0), first = sqlite3_column_int64(st, 5);
	if (id < 0 || id >= NUMBERS_MAX)
		return true; /* none of ours */
	if (!make_room(l, (uint64_t)id))
		return false;
	struct word *word = &l->list[l->count++];
	*word = (struct word){ .id = (uint32_t)id,
			       .first_ns = first > 0 ? (uint64_t)first : 0,
			       .zone = (uint32_t)sqlite3_column_int64(st, 6),
			       .risk = (uint8_t)sqlite3_column_int(st, 7),
			       .sanction = (uint8_t)sqlite3_column_int(st, 8),
			       .passes = sqlite3_column_int(st, 9) != 0 };
	l->passing += word->passes;
	for (int i = 0; i < WORD_TEXTS; i++) {
		const char *text = (const char *)sqlite3_column_text(st, 1 + i);
		word->text[i] = text && *text ?
					arena_strndup(&w->arena, text,
						      (size_t)sqlite3_column_bytes(st, 1 + i)) :
					"";
		if (!word->text[i])
			return false;
	}
	return true;
}

static int read_kind(struct asking *a, enum word_kind kind)
{
	struct word_list *l = &a->words.kinds[kind];
	const char *form = a->format < 4 && kinds[kind].sql_3 ? kinds[kind].sql_3 : kinds[kind].sql;
	const char *hole = strstr(form, "%s");
	sqlite3_stmt *st = NULL;
	buf_reset(&a->sql);
	buf_add(&a->sql, form, (size_t)(hole - form));
	l->passes_unknown = !put_filters(a, kinds[kind].dims);
	buf_str(&a->sql, hole + 2);
	int code =
		a->sql.full ? SQLITE_TOOBIG : sqlite3_prepare_v2(a->db, a->sql.data, -1, &st, NULL);
	if (code == SQLITE_OK)
		bind(a, st);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(st);
		if (code == SQLITE_ROW && !take_word(&a->words, l, st))
			code = SQLITE_NOMEM;
	}
	(void)sqlite3_finalize(st);
	return code == SQLITE_DONE ? SQLITE_OK : code;
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
	static const enum usage_dim dims[WORD__COUNT][WORD_TEXTS] = {
		[WORD_ZONE] = { USAGE_BY_ZONE, USAGE_BY__COUNT, USAGE_BY__COUNT, USAGE_BY__COUNT },
		[WORD_HOST] = { USAGE_BY_ZONE, USAGE_BY_HOST, USAGE_BY_USER, USAGE_BY__COUNT },
		[WORD_SERVICE] = { USAGE_BY_SERVICE, USAGE_BY_TENANT, USAGE_BY_CATEGORY,
				   USAGE_BY__COUNT },
		[WORD_PLACE] = { USAGE_BY_COUNTRY, USAGE_BY_AS, USAGE_BY_TLS, USAGE_BY__COUNT },
	};
	const struct word *a = x, *b = y;
	const struct comparing *c = arg;
	int order = compare_texts(a, b, c->by, dims[c->kind]);
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

int usage_words_load(struct asking *a)
{
	uint32_t zones = a->by & HOST_DIMS ? 0 : BY(ZONE); /* else they are a part of the host's */
	const bool is_needed[WORD__COUNT] = {
		[WORD_ZONE] = (a->used & BY(ZONE)) != 0,
		[WORD_HOST] = (a->used & (HOST_DIMS | BY(ZONE))) != 0,
		[WORD_SERVICE] = (a->used & SERVICE_DIMS) != 0,
		[WORD_PLACE] = (a->used & PLACE_DIMS) != 0,
	};
	int code = SQLITE_OK;
	for (unsigned i = 0; i < WORD__COUNT && code == SQLITE_OK; i++) {
		if (!is_needed[i])
			continue;
		code = read_kind(a, (enum word_kind)i);
		if (code == SQLITE_OK && !number_groups(&a->words.kinds[i], (enum word_kind)i,
							i == WORD_ZONE ? zones : a->by))
			code = SQLITE_NOMEM;
	}
	buf_reset(&a->sql);
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
