/*
 * store/usage_query.c - asking the usage database: what is asked is checked, and rows come back.
 */
#include <stdio.h>
#include <stdlib.h>

#include "exfild/base/str.h"
#include "usage_db.h"

#define USAGE_SQL_MAX (64u << 10)

int usage_word_number(const struct usage_filter *f)
{
	int number = -1;
	if (f->dim == USAGE_BY_DIRECTION)
		for (int i = 0; i < USAGE_DIRECTION__COUNT; i++)
			if (strcmp(usage_direction_name((enum usage_direction)i), f->value) == 0)
				number = i;
	if (f->dim == USAGE_BY_SANCTION)
		for (int i = 0; i < USAGE_SANCTION__COUNT; i++)
			if (strcmp(usage_sanction_name((enum usage_sanction)i), f->value) == 0)
				number = i;
	if (f->dim == USAGE_BY_RISK)
		for (int i = 0; i < USAGE_RISK__COUNT; i++)
			if (strcmp(usage_risk_name((enum usage_risk)i), f->value) == 0)
				number = i;
	return number;
}

/* What a dimension of few words may be; NULL: any text. */
static const char *words_of(enum usage_dim dim)
{
	switch (dim) {
	case USAGE_BY_DIRECTION:
		return "out, in, lateral or transit";
	case USAGE_BY_SANCTION:
		return "unknown, unsanctioned, tolerated, unclear or sanctioned";
	case USAGE_BY_RISK:
		return "unknown, low, medium or high";
	default:
		return NULL;
	}
}

static void set_directions(struct asking *a)
{
	const struct usage_query *q = a->q;
	uint8_t wanted = 0, unwanted = 0;
	for (size_t i = 0; i < q->filter_count; i++) {
		uint8_t *to = q->filters[i].is_not ? &unwanted : &wanted;
		if (q->filters[i].dim == USAGE_BY_DIRECTION)
			*to |= (uint8_t)(1u << usage_word_number(&q->filters[i]));
	}
	a->directions = (uint8_t)((wanted ? wanted : UINT8_MAX) & ~unwanted);
}

static int check(struct asking *a, char *why, size_t size)
{
	const struct usage_query *q = a->q;
	a->by = a->used = q->by;
	if (q->filter_count > USAGE_FILTERS || q->order >= USAGE_ORDER__COUNT) {
		(void)snprintf(why, size, "a question has at most %d filters, and an order",
			       USAGE_FILTERS);
		return -EXF_E_INVALID;
	}
	for (size_t i = 0; i < q->filter_count; i++) {
		const struct usage_filter *f = &q->filters[i];
		if (f->dim >= USAGE_BY__COUNT || f->dim <= USAGE_BY_DAY) {
			(void)snprintf(why, size, "hours and days are chosen by a range");
			return -EXF_E_INVALID;
		}
		a->used |= 1u << f->dim;
		a->filtered |= 1u << f->dim;
		if (words_of(f->dim) && usage_word_number(f) < 0) {
			(void)snprintf(why, size, "%s is %s, not %.40s", usage_dim_name(f->dim),
				       words_of(f->dim), f->value);
			return -EXF_E_INVALID;
		}
	}
	set_directions(a);
	return 0;
}

/* ---- answers ---- */

static const struct word *shown(const struct asking *a, enum word_kind kind, uint32_t group)
{
	const struct word_list *l = &a->words.kinds[kind];
	return group && group <= l->groups ? &l->list[l->shown[group]] : NULL;
}

/* "2026-11-23 19:00", "2026-11-23" */
static const char *time_text(char *dst, size_t size, uint32_t time, bool is_hour)
{
	char text[32];
	uint64_t unit_s = is_hour ? 3600 : USAGE_DAY_S;
	(void)str_time(text, sizeof(text), time * unit_s * 1000000000u);
	(void)snprintf(dst, size, is_hour ? "%.10s %.5s" : "%.10s", text, text + 11);
	return dst;
}

static const char *text_of(const struct word *w, unsigned at)
{
	return w ? w->text[at] : "";
}

struct times {
	char hour[24], day[24];
};

static void put_keys(const struct asking *a, const struct group *g, struct usage_answer *ret,
		     struct times *times)
{
	const struct word *h = shown(a, WORD_HOST, a->by & HOST_DIMS ? g->host : 0);
	const struct word *z = shown(a, WORD_ZONE, a->by & HOST_DIMS ? 0 : g->host);
	const struct word *s = shown(a, WORD_SERVICE, g->service);
	const struct word *p = shown(a, WORD_PLACE, group_place(g));
	uint32_t time = group_time(g);
	bool is_hour = a->by & BY(HOUR);
	const char *const keys[USAGE_BY__COUNT] = {
		[USAGE_BY_HOUR] = time_text(times->hour, sizeof(times->hour), time, true),
		[USAGE_BY_DAY] = time_text(times->day, sizeof(times->day),
					   is_hour ? time / 24 : time, false),
		[USAGE_BY_ZONE] = text_of(h ? h : z, 0),
		[USAGE_BY_HOST] = text_of(h, 1),
		[USAGE_BY_USER] = text_of(h, 2),
		[USAGE_BY_SERVICE] = text_of(s, 0),
		[USAGE_BY_TENANT] = text_of(s, 1),
		[USAGE_BY_CATEGORY] = text_of(s, 2),
		[USAGE_BY_RISK] =
			usage_risk_name(s ? (enum usage_risk)s->risk : USAGE_RISK_UNKNOWN),
		[USAGE_BY_SANCTION] =
			usage_sanction_name(s ? (enum usage_sanction)s->sanction : USAGE_UNKNOWN),
		[USAGE_BY_COUNTRY] = text_of(p, 0),
		[USAGE_BY_AS] = text_of(p, 1),
		[USAGE_BY_TLS] = text_of(p, 2),
		[USAGE_BY_DIRECTION] =
			usage_direction_name((enum usage_direction)group_direction(g)),
	};
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++)
		ret->key[dim] = a->by & 1u << dim ? keys[dim] : NULL;
	ret->title = a->by & BY(SERVICE) ? text_of(s, 3) : "";
	ret->name = a->by & BY(HOST) ? text_of(h, 3) : "";
}

static void answer(struct asking *a, usage_answer_fn fn, void *arg)
{
	const struct usage_query *q = a->q;
	struct usage_answer answer = { .title = "", .name = "" };
	struct times times;
	struct group g;
	uint64_t rows = 0;
	while ((!q->limit || rows < q->limit) && groups_next(&a->groups, &g)) {
		put_keys(a, &g, &answer, &times);
		answer.counts = g.n;
		answer.seen_ns = g.seen_ns;
		rows++;
		if (!fn(arg, &answer))
			return;
	}
	answer = (struct usage_answer){ .title = "", .name = "" };
	if (!q->by && !rows)
		(void)fn(arg, &answer); /* a sum of nothing is 0 */
}

static int refuse(const struct asking *a, int code, char *why, size_t size)
{
	if (a->groups.runs.error) {
		(void)snprintf(why, size,
			       "the rows cannot be put in order by way of a file in $TMPDIR or "
			       "/var/tmp: %s",
			       strerror(a->groups.runs.error));
		return -EXF_E_IO;
	}
	if (a->is_full) {
		(void)snprintf(why, size,
			       "more than %u rows, or no memory for them: ask for a shorter time, "
			       "for fewer with a filter, or by less",
			       USAGE_ROWS_MAX);
		return -EXF_E_LIMIT;
	}
	(void)snprintf(why, size, "the usage database does not answer: %s", sqlite3_errstr(code));
	return file_is_damage(code) ? -EXF_E_FORMAT : -EXF_E_IO;
}

static int gather(struct asking *a, struct usage_db *db)
{
	int code = usage_db_refresh(db);
	if (code != SQLITE_OK)
		return code;
	a->fresh = db->is_memory ? NULL : &db->batch;
	usage_cover(a);
	code = usage_words_load(a);
	if (code == SQLITE_OK)
		code = usage_scan(a);
	if (code == SQLITE_OK)
		a->is_full = !groups_finish(&a->groups);
	return a->is_full ? SQLITE_NOMEM : code;
}

int usage_db_query(struct usage_db *db, const struct usage_query *q, usage_answer_fn fn, void *arg,
		   char *why, size_t size)
{
	struct asking *a = calloc(1, sizeof(*a));
	if (!a) {
		(void)snprintf(why, size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	a->q = q;
	a->db = db->sqlite;
	a->format = db->format;
	if (q->total)
		*q->total = (struct usage_counts){ 0 };
	groups_init(&a->groups, q);
	buf_init(&a->sql, USAGE_SQL_MAX);
	int err = check(a, why, size);
	if (!err) {
		/* one state of the database for all of it */
		(void)sqlite3_exec(db->sqlite, "BEGIN", NULL, NULL, NULL);
		int code = gather(a, db);
		(void)sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL);
		if (code == SQLITE_OK)
			answer(a, fn, arg);
		if (code != SQLITE_OK || a->groups.runs.error)
			err = refuse(a, code, why, size);
	}
	groups_free(&a->groups);
	usage_words_free(&a->words);
	buf_deinit(&a->sql);
	free(a);
	return err;
}
