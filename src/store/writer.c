/*
 * store/writer.c - the thread that writes batches, each in one transaction.
 *
 * What cannot be written is counted and said once until it can be written again.  A database that
 * turns out to be damaged is set aside and made anew; the owner then puts everything again.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "private.h"

struct statements {
	sqlite3_stmt *put, *drop, *clear, *point;
};

static uint64_t steady_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Runs a statement with what was bound to it. */
static int run(sqlite3_stmt *st)
{
	int code = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int clear_epoch(const struct statements *q, const struct row_part *p, unsigned epoch)
{
	(void)sqlite3_bind_int64(q->clear, 1, (int64_t)row_id(p, epoch, 0));
	(void)sqlite3_bind_int64(q->clear, 2, (int64_t)row_id(p, epoch, UINT32_MAX));
	return run(q->clear);
}

/* From here on the entries that were written are those that count. */
static int switch_epoch(const struct statements *q, const struct row_part *p)
{
	(void)sqlite3_bind_int64(q->point, 1, p->id);
	(void)sqlite3_bind_text(q->point, 2, p->name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(q->point, 3, p->version);
	(void)sqlite3_bind_int64(q->point, 4, p->epoch);
	int code = run(q->point);
	return code == SQLITE_OK ? clear_epoch(q, p, !p->epoch) : code;
}

static int apply(const struct statements *q, const struct row_part *p, const struct op_head *op,
		 const void *data)
{
	uint64_t id = row_id(p, p->epoch, op->slot);
	switch ((enum op)op->op) {
	case OP_PUT:
		(void)sqlite3_bind_int64(q->put, 1, (int64_t)id);
		(void)sqlite3_bind_int64(q->put, 2, (int64_t)file_sum(id, data, op->len));
		(void)sqlite3_bind_blob(q->put, 3, data, (int)op->len, SQLITE_STATIC);
		return run(q->put);
	case OP_DROP:
		(void)sqlite3_bind_int64(q->drop, 1, (int64_t)id);
		return run(q->drop);
	case OP_SWITCH:
		return switch_epoch(q, p);
	}
	return SQLITE_MISUSE;
}

static int apply_all(const struct statements *q, struct store *s)
{
	const char *at = s->handed.data, *end = at + s->handed.len;
	uint64_t entries = 0;
	int code = SQLITE_OK;
	while (code == SQLITE_OK && at < end) {
		struct op_head op;
		memcpy(&op, at, sizeof(op)); /* our own bytes, of this process */
		at += sizeof(op);
		code = apply(q, &s->parts[op.part], &op, at);
		at += op.len;
		entries += op.op == OP_PUT;
	}
	pthread_mutex_lock(&s->lock);
	s->stats.entries += entries;
	pthread_mutex_unlock(&s->lock);
	return code;
}

static int prepare(sqlite3 *db, struct statements *q)
{
	const struct {
		sqlite3_stmt **st;
		const char *sql;
	} list[] = {
		{ &q->put, "INSERT OR REPLACE INTO entry(id, sum, value) VALUES(?1, ?2, ?3)" },
		{ &q->drop, "DELETE FROM entry WHERE id = ?1" },
		{ &q->clear, "DELETE FROM entry WHERE id BETWEEN ?1 AND ?2" },
		{ &q->point, "INSERT OR REPLACE INTO part(id, name, version, epoch) "
			     "VALUES(?1, ?2, ?3, ?4)" },
	};
	int code = SQLITE_OK;
	for (size_t i = 0; code == SQLITE_OK && i < sizeof(list) / sizeof(list[0]); i++)
		code = sqlite3_prepare_v2(db, list[i].sql, -1, list[i].st, NULL);
	return code;
}

static void finalize(struct statements *q)
{
	(void)sqlite3_finalize(q->put);
	(void)sqlite3_finalize(q->drop);
	(void)sqlite3_finalize(q->clear);
	(void)sqlite3_finalize(q->point);
}

/* ---- the parts that a file has, and those that it gets ---- */

/* The parts of the file take their ids and the epoch that is free; others leave. */
static int match_parts(struct store *s, const struct statements *q)
{
	sqlite3_stmt *st = NULL;
	bool taken[PARTS_MAX + 1] = { false };
	int code = sqlite3_prepare_v2(s->file.db, "SELECT id, name, epoch FROM part ORDER BY id",
				      -1, &st, NULL);
	for (size_t i = 0; i < s->part_count; i++)
		s->parts[i].id = 0;
	while (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		struct row_part old = { .id = sqlite3_column_int64(st, 0) };
		const char *name = (const char *)sqlite3_column_text(st, 1);
		unsigned epoch = sqlite3_column_int64(st, 2) != 0;
		code = SQLITE_OK;
		if (old.id < 1 || old.id > PARTS_MAX || !name)
			continue;
		for (size_t i = 0; i < s->part_count; i++)
			if (strcmp(s->parts[i].name, name) == 0) {
				s->parts[i].id = old.id;
				s->parts[i].epoch = !epoch;
				taken[old.id] = true;
			}
		code = clear_epoch(q, &old, !epoch);
		if (code == SQLITE_OK && !taken[old.id])
			code = clear_epoch(q, &old, epoch);
	}
	(void)sqlite3_finalize(st);
	int64_t next = 1;
	for (size_t i = 0; i < s->part_count; i++) {
		if (s->parts[i].id)
			continue;
		while (next <= PARTS_MAX && taken[next])
			next++;
		s->parts[i].id = next++;
		s->parts[i].epoch = 0;
	}
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int save_meta(struct store *s)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(s->file.db,
				      "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)", -1,
				      &st, NULL);
	if (code == SQLITE_OK) {
		(void)sqlite3_bind_text(st, 1, "key", -1, SQLITE_STATIC);
		(void)sqlite3_bind_blob(st, 2, &s->key, sizeof(s->key), SQLITE_STATIC);
		code = run(st);
	}
	if (code == SQLITE_OK) {
		(void)sqlite3_bind_text(st, 1, "program", -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(st, 2, "exfild " EXFILD_VERSION, -1, SQLITE_STATIC);
		code = run(st);
	}
	(void)sqlite3_finalize(st);
	return code;
}

static int prepare_file(struct store *s)
{
	struct statements q = { NULL, NULL, NULL, NULL };
	int code = sqlite3_exec(s->file.db, "BEGIN", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = prepare(s->file.db, &q);
	if (code == SQLITE_OK)
		code = match_parts(s, &q);
	if (code == SQLITE_OK)
		code = save_meta(s);
	finalize(&q);
	return file_end(s->file.db, code);
}

/* Damage that only writing finds sets the file aside as well. */
int writer_prepare(struct store *s, char *why, size_t size)
{
	int code = prepare_file(s);
	if (file_is_damage(code)) {
		file_complain(&s->file, FILE_DAMAGED, sqlite3_errstr(code));
		int err = file_replace(&s->file, why, size);
		if (err)
			return err;
		log_warnx("state", "%s", why);
		code = prepare_file(s);
	}
	if (code == SQLITE_OK)
		return 0;
	(void)snprintf(why, size, "cannot write %s: %s", s->file.path, sqlite3_errstr(code));
	return -EXF_E_IO;
}

/* ---- the thread ---- */

static int write_batch(struct store *s)
{
	struct statements q = { NULL, NULL, NULL, NULL };
	int code = sqlite3_exec(s->file.db, "BEGIN", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = prepare(s->file.db, &q);
	if (code == SQLITE_OK)
		code = apply_all(&q, s);
	finalize(&q);
	return file_end(s->file.db, code);
}

/* Whether there is a sound file again. */
static bool mend(struct store *s, int code)
{
	char why[1024];
	if (s->file.db && !file_is_damage(code))
		return true;
	if (s->file.db)
		file_complain(&s->file, FILE_DAMAGED, sqlite3_errstr(code));
	int err = file_replace(&s->file, why, sizeof(why));
	log_warnx("state", "%s", why);
	return !err && writer_prepare(s, why, sizeof(why)) == 0;
}

static uint64_t file_bytes(struct store *s)
{
	sqlite3_stmt *st = NULL;
	uint64_t bytes = 0;
	if (s->file.db &&
	    sqlite3_prepare_v2(s->file.db,
			       "SELECT page_count * page_size FROM pragma_page_count, "
			       "pragma_page_size",
			       -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		bytes = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return bytes;
}

/* On the log when it begins to fail and when that is over. */
static void note(struct store *s, int code)
{
	bool was_failing = s->stats.is_failing;
	s->stats.is_failing = code != SQLITE_OK;
	if (code != SQLITE_OK) {
		s->stats.errors++;
		s->has_lost = true;
	} else {
		s->stats.saved_ns = steady_ns();
		s->stats.bytes = file_bytes(s);
	}
	if (code != SQLITE_OK && !was_failing)
		log_errorx("state",
			   "%s cannot be written: %s; exfild goes on, and what it learns now is "
			   "lost at its end",
			   s->file.path, sqlite3_errstr(code));
	else if (code == SQLITE_OK && was_failing)
		log_info("state", "%s can be written again", s->file.path);
}

void *writer_main(void *store)
{
	struct store *s = store;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->is_handed && !s->is_stopping)
			pthread_cond_wait(&s->changed, &s->lock);
		if (!s->is_handed)
			break;
		pthread_mutex_unlock(&s->lock);
		int code = s->file.db ? write_batch(s) : SQLITE_CANTOPEN;
		if (code != SQLITE_OK)
			(void)mend(s, code);
		pthread_mutex_lock(&s->lock);
		note(s, code);
		s->is_handed = false;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}
