/*
 * store/usage_fresh.c - see usage_fresh.h.
 */
#include "usage_fresh.h"

int usage_fresh_count(struct usage_fresh *f, sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	*f = (struct usage_fresh){ 0 };
	int code = sqlite3_prepare_v2(db, "SELECT total(count), total(length(data)) FROM fresh", -1,
				      &st, NULL);
	if (code != SQLITE_OK)
		return code;
	if (sqlite3_step(st) == SQLITE_ROW) {
		f->rows = (uint64_t)sqlite3_column_int64(st, 0);
		f->bytes = (uint64_t)sqlite3_column_int64(st, 1);
	}
	return sqlite3_finalize(st);
}

bool usage_fresh_fits(const struct usage_fresh *f, const struct usage_handed *h)
{
	return f->rows + h->rows <= USAGE_PORTION && f->bytes + h->len <= FRESH_BYTES;
}

int usage_fresh_add(struct usage_fresh *f, sqlite3 *db, const struct usage_handed *h)
{
	sqlite3_stmt *st = NULL;
	int code = usage_with_days(db, "INSERT OR IGNORE INTO days(t) VALUES(?1), (?2)",
				   h->first_day, h->last_day);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(db, "INSERT INTO fresh(count, data) VALUES(?1, ?2)", -1,
					  &st, NULL);
	if (code != SQLITE_OK)
		return code;
	(void)sqlite3_bind_int64(st, 1, usage_sqlite_number(h->rows));
	(void)sqlite3_bind_blob64(st, 2, h->data, h->len, SQLITE_STATIC);
	(void)sqlite3_step(st);
	code = sqlite3_finalize(st);
	if (code == SQLITE_OK) {
		f->rows += h->rows;
		f->bytes += h->len;
	}
	return code;
}

/* All entries, one behind the other: each row ends by itself. */
static int read_text(sqlite3 *db, struct buf *text)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, "SELECT data FROM fresh ORDER BY id", -1, &st, NULL);
	buf_reset(text);
	if (code != SQLITE_OK)
		return code;
	while ((code = sqlite3_step(st)) == SQLITE_ROW && !text->full) {
		int len = sqlite3_column_bytes(st, 0);
		if (len > 0)
			buf_add(text, sqlite3_column_blob(st, 0), (size_t)len);
	}
	int end = sqlite3_finalize(st);
	return text->full ? SQLITE_CORRUPT : code == SQLITE_DONE ? SQLITE_OK : end;
}

int usage_fresh_read(struct usage_batch *b, struct buf *text)
{
	int code = read_text(b->db, text);
	const char *at = text->data, *stop = text->len ? at + text->len : at;
	while (code == SQLITE_OK && at < stop) {
		struct usage_packed p;
		bool is_row = !usage_batch_is_full(b) && usage_unpack(&at, stop, &p);
		code = is_row ? usage_batch_add(b, &p.row) : SQLITE_CORRUPT;
	}
	return code;
}

int usage_fresh_fold(struct usage_fresh *f, struct usage_batch *b)
{
	struct buf text;
	buf_init(&text, 2 * FRESH_BYTES);
	int code = usage_fresh_read(b, &text);
	if (code == SQLITE_OK)
		code = usage_batch_write(b);
	if (code == SQLITE_OK)
		code = sqlite3_exec(b->db, "DELETE FROM fresh", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		*f = (struct usage_fresh){ 0 };
	buf_deinit(&text);
	return code;
}
