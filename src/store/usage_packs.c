/*
 * store/usage_packs.c - see usage_packs.h.
 *
 * A pack: how many rows, then their columns one after the other, each with its length before it, so
 * that what is not asked for is stepped over: service (as the difference to the one before), place,
 * direction, and the counters that rows are ordered by.  Numbers as 7 bits a byte.
 */
#include "usage_packs.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 1048576u /* of a pack; one that says more is damaged */

const char *const usage_pack_columns[PACK__COUNT] = {
	"service", "place", "direction", "up", "down", "clear", "opaque", "flows", "alerts",
};

/* ---- numbers ---- */

static void put_number(struct buf *b, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_char(b, (char)(n | 0x80));
	buf_char(b, (char)n);
}

static inline bool take_number(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	const uint8_t *p = *at;
	uint64_t n = 0;
	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		n |= (uint64_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80)) {
			*at = p;
			*ret = n;
			return true;
		}
	}
	return false;
}

/* ---- writing ---- */

struct packing {
	struct buf columns[PACK__COUNT];
	struct buf whole;
	uint32_t rows;
	uint64_t service; /* of the row before */
	int64_t host;     /* 0: none yet */
};

static void begin_host(struct packing *p, int64_t host)
{
	for (unsigned i = 0; i < PACK__COUNT; i++)
		buf_reset(&p->columns[i]);
	p->rows = 0;
	p->service = 0;
	p->host = host;
}

static int write_host(struct packing *p, uint64_t week, sqlite3_stmt *to)
{
	if (!p->rows)
		return SQLITE_OK;
	buf_reset(&p->whole);
	put_number(&p->whole, p->rows);
	for (unsigned i = 0; i < PACK__COUNT; i++) {
		put_number(&p->whole, p->columns[i].len);
		buf_add(&p->whole, p->columns[i].data, p->columns[i].len);
	}
	if (p->whole.full)
		return SQLITE_TOOBIG;
	(void)sqlite3_bind_int64(to, 1, p->host << PACK_WEEK_BITS | (int64_t)week);
	(void)sqlite3_bind_blob64(to, 2, p->whole.data, p->whole.len, SQLITE_STATIC);
	int code = sqlite3_step(to);
	int end = sqlite3_reset(to);
	return code == SQLITE_DONE ? SQLITE_OK : end;
}

static uint64_t number_at(sqlite3_stmt *st, int at)
{
	int64_t n = sqlite3_column_int64(st, at);
	return n > 0 ? (uint64_t)n : 0;
}

static void pack_row(struct packing *p, sqlite3_stmt *row)
{
	uint64_t service = number_at(row, 1 + PACK_SERVICE);
	put_number(&p->columns[PACK_SERVICE], service - p->service);
	p->service = service;
	for (unsigned i = PACK_SERVICE + 1; i < PACK__COUNT; i++)
		put_number(&p->columns[i], number_at(row, 1 + (int)i));
	p->rows++;
}

/* In the order of week's key, so that a host's rows and its services come in turn. */
static int pack_rows(struct packing *p, uint64_t week, sqlite3_stmt *from, sqlite3_stmt *to)
{
	int code;
	begin_host(p, 0);
	while ((code = sqlite3_step(from)) == SQLITE_ROW) {
		int64_t host = sqlite3_column_int64(from, 0);
		if (host != p->host) {
			code = write_host(p, week, to);
			if (code != SQLITE_OK)
				return code;
			begin_host(p, host);
		}
		if (host > 0 && p->rows < ROWS_MAX)
			pack_row(p, from);
	}
	return code == SQLITE_DONE ? write_host(p, week, to) : code;
}

int usage_pack_week(sqlite3 *db, const struct usage_words *w, uint64_t week)
{
	struct packing p;
	struct buf sql;
	sqlite3_stmt *from = NULL;
	memset(&p, 0, sizeof(p));
	buf_init(&sql, 1024);
	buf_init(&p.whole, PACK_MAX);
	for (unsigned i = 0; i < PACK__COUNT; i++)
		buf_init(&p.columns[i], PACK_MAX);
	buf_str(&sql, "SELECT host");
	for (unsigned i = 0; i < PACK__COUNT; i++)
		buf_printf(&sql, ", %s", usage_pack_columns[i]);
	buf_printf(&sql, " FROM week WHERE t = %llu ORDER BY host, service, place, direction",
		   (unsigned long long)week);
	int code = sqlite3_prepare_v2(db, sql.data, -1, &from, NULL);
	if (code == SQLITE_OK)
		code = pack_rows(&p, week, from, w->add[TABLE_PACK]);
	(void)sqlite3_finalize(from);
	if (code == SQLITE_OK) {
		buf_reset(&sql);
		buf_printf(&sql, "INSERT OR IGNORE INTO packed(t) VALUES(%llu)",
			   (unsigned long long)week);
		code = sqlite3_exec(db, sql.data, NULL, NULL, NULL);
	}
	for (unsigned i = 0; i < PACK__COUNT; i++)
		buf_deinit(&p.columns[i]);
	buf_deinit(&p.whole);
	buf_deinit(&sql);
	return code;
}

/* ---- reading ---- */

/* The begin of each column, and its end. */
static bool split(const uint8_t *data, size_t len, uint64_t *ret_rows,
		  const uint8_t *begin[PACK__COUNT], const uint8_t *end[PACK__COUNT])
{
	const uint8_t *at = data, *stop = data + len;
	uint64_t bytes;
	if (!take_number(&at, stop, ret_rows) || *ret_rows > ROWS_MAX)
		return false;
	for (unsigned i = 0; i < PACK__COUNT; i++) {
		if (!take_number(&at, stop, &bytes) || bytes > (uint64_t)(stop - at))
			return false;
		begin[i] = at;
		at += bytes;
		end[i] = at;
	}
	return at == stop;
}

bool usage_pack_read(const void *data, size_t len, uint32_t columns, usage_pack_fn fn, void *arg)
{
	const uint8_t *at[PACK__COUNT], *end[PACK__COUNT];
	uint64_t rows, n[PACK__COUNT] = { 0 }, difference;
	if (!split(data, len, &rows, at, end))
		return false;
	for (uint64_t i = 0; i < rows; i++) {
		if (!take_number(&at[PACK_SERVICE], end[PACK_SERVICE], &difference))
			return false;
		n[PACK_SERVICE] += difference;
		for (unsigned k = PACK_SERVICE + 1; k < PACK__COUNT; k++)
			if (columns & 1u << k && !take_number(&at[k], end[k], &n[k]))
				return false;
		if (!fn(arg, n))
			return false;
	}
	return true;
}
