/*
 * store/usage_query.c - asking the usage database: what is asked is checked, and rows come back.
 */
#include <stdio.h>
#include <string.h>

#include "usage_rank.h"

static int number_of_word(const struct usage_filter *f)
{
	if (f->dim == USAGE_BY_DIRECTION)
		for (int i = 0; i < USAGE_DIRECTION__COUNT; i++)
			if (strcmp(usage_direction_name((enum usage_direction)i), f->value) == 0)
				return i;
	if (f->dim == USAGE_BY_SANCTION)
		for (int i = 0; i < USAGE_SANCTION__COUNT; i++)
			if (strcmp(usage_sanction_name((enum usage_sanction)i), f->value) == 0)
				return i;
	return -1;
}

static int check(struct asking *a, char *why, size_t size)
{
	const struct usage_query *q = a->q;
	a->used = q->by;
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
		if ((f->dim == USAGE_BY_DIRECTION || f->dim == USAGE_BY_SANCTION) &&
		    number_of_word(f) < 0) {
			(void)snprintf(
				why, size, "%s is %s, not %.40s", usage_dim_name(f->dim),
				f->dim == USAGE_BY_DIRECTION ?
					"out, in, lateral or transit" :
					"unknown, unsanctioned, tolerated, unclear or sanctioned",
				f->value);
			return -EXF_E_INVALID;
		}
	}
	return 0;
}

void usage_bind(const struct usage_query *q, sqlite3_stmt *st)
{
	for (size_t i = 0; i < q->filter_count; i++) {
		const struct usage_filter *f = &q->filters[i];
		size_t len = strlen(f->value) - is_beginning(f);
		int number = number_of_word(f);
		if (number >= 0)
			(void)sqlite3_bind_int(st, (int)i + 1, number);
		else
			(void)sqlite3_bind_text(st, (int)i + 1, f->value, (int)len, SQLITE_STATIC);
	}
}

static uint64_t number_at(sqlite3_stmt *st, int at)
{
	int64_t n = sqlite3_column_int64(st, at);
	return n > 0 ? (uint64_t)n : 0;
}

static const char *text_at(sqlite3_stmt *st, int at)
{
	const char *text = (const char *)sqlite3_column_text(st, at);
	return text ? text : "";
}

static void take_row(const struct usage_query *q, sqlite3_stmt *st, struct usage_answer *a)
{
	int at = 0;
	memset(a, 0, sizeof(*a));
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++) {
		if (!(q->by & 1u << dim))
			continue;
		if (dim == USAGE_BY_DIRECTION)
			a->key[dim] = usage_direction_name((enum usage_direction)number_at(st, at));
		else if (dim == USAGE_BY_SANCTION)
			a->key[dim] = usage_sanction_name((enum usage_sanction)number_at(st, at));
		else
			a->key[dim] = text_at(st, at);
		at++;
	}
	a->title = text_at(st, at++);
	a->name = text_at(st, at++);
	uint64_t *const to[] = { &a->counts.up,      &a->counts.down,     &a->counts.clear,
				 &a->counts.named,   &a->counts.opaque,   &a->counts.flows,
				 &a->counts.alerts,  &a->counts.verdicts, &a->counts.first_ns,
				 &a->counts.last_ns, &a->seen_ns };
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++)
		*to[i] = number_at(st, at++);
}

static int run(struct usage_db *db, const struct asking *a, usage_answer_fn fn, void *arg)
{
	sqlite3_stmt *st = NULL;
	struct usage_answer answer;
	int code = sqlite3_prepare_v2(db->sqlite, a->sql.data, -1, &st, NULL);
	if (code == SQLITE_OK) {
		usage_bind(a->q, st);
		while ((code = sqlite3_step(st)) == SQLITE_ROW) {
			take_row(a->q, st, &answer);
			if (!fn(arg, &answer))
				break;
		}
	}
	(void)sqlite3_finalize(st);
	return code;
}

int usage_db_query(struct usage_db *db, const struct usage_query *q, usage_answer_fn fn, void *arg,
		   char *why, size_t size)
{
	struct asking a = { .q = q, .format = db->format };
	int err = check(&a, why, size);
	if (err)
		return err;
	buf_init(&a.sql, USAGE_SQL_MAX);
	buf_init(&a.host_ids, USAGE_SQL_MAX / 16);
	buf_init(&a.service_ids, USAGE_SQL_MAX / 16);
	/* one state of the database for all of it */
	(void)sqlite3_exec(db->sqlite, "BEGIN", NULL, NULL, NULL);
	if (usage_cover(&a, db->sqlite)) {
		usage_rank(&a, db);
		usage_sql(&a, db->sqlite);
		int code = a.sql.full ? SQLITE_TOOBIG : run(db, &a, fn, arg);
		if (code != SQLITE_DONE && code != SQLITE_ROW) {
			(void)snprintf(why, size, "the usage database does not answer: %s",
				       sqlite3_errmsg(db->sqlite));
			err = file_is_damage(code) ? -EXF_E_FORMAT : -EXF_E_IO;
		}
	}
	(void)sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL);
	buf_deinit(&a.service_ids);
	buf_deinit(&a.host_ids);
	buf_deinit(&a.sql);
	return err;
}
