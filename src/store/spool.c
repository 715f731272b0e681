/*
 * store/spool.c - see include/exfild/store/spool.h
 */
#include "exfild/store/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "file.h"

#define PAGE_BYTES 16384         /* several alerts a page: a third of the work of pages of 4096 */
#define LOG_BYTES  (16ull << 20) /* a burst goes into the file in few large pieces */

static const char *const tables[] = {
	"CREATE TABLE alert(n INTEGER PRIMARY KEY, sum INTEGER NOT NULL, value BLOB NOT NULL)",
	"CREATE TABLE taker(name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID",
};

static const struct file_kind kind = {
	.name = "spool.db",
	.id = 0x45784671, /* "ExFq" */
	.format = SPOOL_FORMAT,
	.tables = tables,
	.table_count = sizeof(tables) / sizeof(tables[0]),
	.page_bytes = PAGE_BYTES,
	.log_bytes = LOG_BYTES,
	.is_safe = true,
};

enum statement { Q_PUT, Q_TAKER, Q_NO_TAKERS, Q_BELOW, Q_READ, Q__COUNT };

static const char *const words[Q__COUNT] = {
	[Q_PUT] = "INSERT OR REPLACE INTO alert(n, sum, value) VALUES(?1, ?2, ?3)",
	[Q_TAKER] = "INSERT OR REPLACE INTO taker(name, n) VALUES(?1, ?2)",
	[Q_NO_TAKERS] = "DELETE FROM taker",
	[Q_BELOW] = "DELETE FROM alert WHERE n < ?1",
	[Q_READ] = "SELECT n, sum, value FROM alert WHERE n >= ?1 ORDER BY n LIMIT ?2",
};

struct spool {
	struct file file;
	sqlite3_stmt *q[Q__COUNT];
	int code; /* of the first statement of a transaction that failed */
	uint64_t first, last;
	uint64_t new_first, new_last; /* of the transaction */
	struct spool_taker takers[SPOOL_TAKERS];
	size_t taker_count;
	char complaint[1024];
};

static uint64_t ask_number(struct spool *s, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t number = 0;
	if (sqlite3_prepare_v2(s->file.db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		number = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return number > 0 ? (uint64_t)number : 0;
}

static int prepare(struct spool *s)
{
	int code = SQLITE_OK;
	for (unsigned i = 0; i < Q__COUNT && code == SQLITE_OK; i++)
		code = sqlite3_prepare_v3(s->file.db, words[i], -1, SQLITE_PREPARE_PERSISTENT,
					  &s->q[i], NULL);
	return code;
}

static void finalize(struct spool *s)
{
	for (unsigned i = 0; i < Q__COUNT; i++) {
		(void)sqlite3_finalize(s->q[i]);
		s->q[i] = NULL;
	}
}

static int read_takers(struct spool *s)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(s->file.db, "SELECT name, n FROM taker ORDER BY name LIMIT 8",
				      -1, &st, NULL);
	s->taker_count = 0;
	while (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		int64_t n = sqlite3_column_int64(st, 1);
		struct spool_taker *t = &s->takers[s->taker_count];
		code = SQLITE_OK;
		if (name && n >= 0 && str_copy(t->name, sizeof(t->name), name)) {
			t->number = (uint64_t)n;
			s->taker_count++;
		}
	}
	(void)sqlite3_finalize(st);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int learn(struct spool *s)
{
	int code = read_takers(s);
	if (code != SQLITE_OK)
		return code;
	s->first = ask_number(s, "SELECT min(n) FROM alert");
	s->last = ask_number(s, "SELECT max(n) FROM alert");
	for (size_t i = 0; i < s->taker_count; i++)
		if (s->takers[i].number > s->last)
			s->last = s->takers[i].number;
	return prepare(s);
}

/* --- what is left of a damaged one ------------------------------------------------------- */

struct rescue {
	struct spool *to;
	int err;
};

static bool rescue_one(void *arg, uint64_t number, const void *data, size_t len)
{
	struct rescue *r = arg;
	if (data && !r->err)
		r->err = spool_put(r->to, number, data, len);
	return !r->err;
}

/* The file that was set aside is read as far as it can be; a copy of what is good goes on. */
static void carry_over(struct spool *s, const char *aside)
{
	struct spool old = { .file = { .kind = &kind } };
	struct rescue r = { .to = s };
	char why[160];
	if (sqlite3_open_v2(aside, &old.file.db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
			    NULL) == SQLITE_OK &&
	    prepare(&old) == SQLITE_OK && spool_begin(s) == 0) {
		if (read_takers(&old) == SQLITE_OK)
			for (size_t i = 0; i < old.taker_count && !r.err; i++)
				r.err = spool_set_taker(s, old.takers[i].name,
							old.takers[i].number);
		(void)spool_read(&old, 0, SIZE_MAX, rescue_one, &r);
		if (r.err || spool_commit(s, why, sizeof(why)))
			spool_cancel(s);
		memcpy(s->takers, old.takers, sizeof(s->takers));
		s->taker_count = old.taker_count;
	}
	finalize(&old);
	file_close(&old.file);
}

static int replace(struct spool *s, char *why, size_t size)
{
	char aside[FILE_PATH_MAX + 64];
	finalize(s);
	int err = file_replace(&s->file, why, size);
	if (err)
		return err;
	(void)snprintf(s->complaint, sizeof(s->complaint), "%s", why);
	/* "PATH was set aside as NAME: what" */
	const char *name = strstr(why, " as ");
	const char *end = name ? strchr(name + 4, ':') : NULL;
	const char *slash = strrchr(s->file.path, '/');
	int code = learn(s);
	if (code == SQLITE_OK && end && slash) {
		(void)snprintf(aside, sizeof(aside), "%.*s%.*s", (int)(slash + 1 - s->file.path),
			       s->file.path, (int)(end - name - 4), name + 4);
		carry_over(s, aside);
	}
	return code == SQLITE_OK ? 0 : -EXF_E_IO;
}

int spool_open(const struct spool_options *o, struct spool **ret, char *why, size_t size)
{
	struct spool *s = calloc(1, sizeof(*s));
	const struct store_options file = { .directory = o->directory, .max_bytes = o->max_bytes };
	if (!s) {
		(void)snprintf(why, size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	int err = file_open(&s->file, &kind, &file, why, size);
	if (!err && s->file.state != FILE_NEW && s->file.state != FILE_GOOD) {
		err = replace(s, why, size);
	} else if (!err) {
		int code = learn(s);
		if (file_is_damage(code)) {
			file_complain(&s->file, FILE_DAMAGED, sqlite3_errmsg(s->file.db));
			err = replace(s, why, size);
		} else if (code != SQLITE_OK) {
			(void)snprintf(why, size, "cannot read %s: %s", s->file.path,
				       sqlite3_errmsg(s->file.db));
			err = -EXF_E_IO;
		}
	}
	if (err) {
		spool_close(s);
		return err;
	}
	*ret = s;
	return 0;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	finalize(s);
	file_close(&s->file);
	free(s);
}

const char *spool_complaint(const struct spool *s)
{
	return s->complaint;
}

uint64_t spool_first(const struct spool *s)
{
	return s->first;
}

uint64_t spool_last(const struct spool *s)
{
	return s->last;
}

size_t spool_takers(const struct spool *s, struct spool_taker ret[SPOOL_TAKERS])
{
	memcpy(ret, s->takers, s->taker_count * sizeof(*ret));
	return s->taker_count;
}

/* --- a transaction ----------------------------------------------------------------------- */

static int take_code(struct spool *s, int code)
{
	if (code == SQLITE_OK || code == SQLITE_DONE)
		return 0;
	if (s->code == SQLITE_OK)
		s->code = code;
	return -EXF_E_IO;
}

static int run(struct spool *s, enum statement q)
{
	int code = sqlite3_step(s->q[q]);
	(void)sqlite3_reset(s->q[q]);
	return take_code(s, code);
}

int spool_begin(struct spool *s)
{
	s->code = SQLITE_OK;
	s->new_first = s->first;
	s->new_last = s->last;
	return take_code(s, sqlite3_exec(s->file.db, "BEGIN", NULL, NULL, NULL));
}

int spool_put(struct spool *s, uint64_t number, const void *data, size_t len)
{
	if (len == 0 || len > SPOOL_RECORD_MAX || number > INT64_MAX)
		return -EXF_E_RANGE;
	(void)sqlite3_bind_int64(s->q[Q_PUT], 1, (int64_t)number);
	(void)sqlite3_bind_int64(s->q[Q_PUT], 2, (int64_t)file_sum(number, data, len));
	(void)sqlite3_bind_blob(s->q[Q_PUT], 3, data, (int)len, SQLITE_STATIC);
	int err = run(s, Q_PUT);
	if (!err && number > s->new_last)
		s->new_last = number;
	if (!err && (!s->new_first || number < s->new_first))
		s->new_first = number;
	return err;
}

int spool_set_taker(struct spool *s, const char *name, uint64_t number)
{
	(void)sqlite3_bind_text(s->q[Q_TAKER], 1, name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(s->q[Q_TAKER], 2, (int64_t)number);
	return run(s, Q_TAKER);
}

int spool_clear_takers(struct spool *s)
{
	return run(s, Q_NO_TAKERS);
}

int spool_drop_below(struct spool *s, uint64_t number)
{
	if (!s->new_first || number <= s->new_first)
		return 0;
	(void)sqlite3_bind_int64(s->q[Q_BELOW], 1, (int64_t)number);
	int err = run(s, Q_BELOW);
	if (!err)
		s->new_first = number > s->new_last ? 0 : number;
	return err;
}

void spool_cancel(struct spool *s)
{
	if (!sqlite3_get_autocommit(s->file.db))
		(void)sqlite3_exec(s->file.db, "ROLLBACK", NULL, NULL, NULL);
}

int spool_commit(struct spool *s, char *why, size_t size)
{
	int err = s->code == SQLITE_OK ?
			  take_code(s, sqlite3_exec(s->file.db, "COMMIT", NULL, NULL, NULL)) :
			  -EXF_E_IO;
	if (!err) {
		s->first = s->new_first;
		s->last = s->new_last;
		return 0;
	}
	(void)snprintf(why, size, "cannot write %.100s: %s", s->file.path, sqlite3_errstr(s->code));
	spool_cancel(s);
	return err;
}

/* --- reading ----------------------------------------------------------------------------- */

int spool_read(struct spool *s, uint64_t from, size_t most, spool_read_fn fn, void *arg)
{
	sqlite3_stmt *st = s->q[Q_READ];
	uint64_t next = from;
	int shown = 0, code;
	bool goes_on = true;
	(void)sqlite3_bind_int64(st, 1, from > INT64_MAX ? INT64_MAX : (int64_t)from);
	(void)sqlite3_bind_int64(st, 2, most > INT32_MAX ? INT32_MAX : (int64_t)most);
	while (goes_on && (code = sqlite3_step(st)) == SQLITE_ROW) {
		uint64_t n = (uint64_t)sqlite3_column_int64(st, 0);
		const void *data = sqlite3_column_blob(st, 2);
		int len = sqlite3_column_bytes(st, 2);
		bool is_good =
			sqlite3_column_type(st, 2) == SQLITE_BLOB && len > 0 &&
			len <= SPOOL_RECORD_MAX &&
			(uint64_t)sqlite3_column_int64(st, 1) == file_sum(n, data, (size_t)len);
		if (n < next || n > INT64_MAX) { /* pages that lead in circles */
			code = SQLITE_CORRUPT;
			break;
		}
		next = n + 1;
		shown++;
		goes_on = fn(arg, n, is_good ? data : NULL, is_good ? (size_t)len : 0);
	}
	(void)sqlite3_reset(st);
	return !goes_on || code == SQLITE_DONE ? shown : -EXF_E_IO;
}

uint64_t spool_bytes(struct spool *s)
{
	uint64_t pages = ask_number(s, "PRAGMA page_count");
	uint64_t unused = ask_number(s, "PRAGMA freelist_count");
	return (pages > unused ? pages - unused : 0) * s->file.page_bytes;
}

uint64_t spool_max_bytes(const struct spool *s)
{
	return s->file.max_bytes;
}
