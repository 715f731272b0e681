/*
 * store/usage_packs.c - see usage_packs.h.
 *
 * A pack: how many rows, then their columns one after the other, each with its length before it, so
 * that what is not asked for is stepped over; a column of zeros has none.  Numbers as 7 bits a
 * byte: the service as the difference to the one before, named bytes as what they differ from all
 * that are neither clear nor opaque, times in microseconds from its begin, the last one from the
 * first.
 */
#include "usage_packs.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 1048576u /* of a pack; one that says more is damaged */
#define US       1000u
#define S_US     1000000u
#define BLOCK    32u /* rows */

const char *const usage_pack_tables[PACK_KIND__COUNT] = { "pack", "pack_hour" };

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
	if (p < end && !(*p & 0x80)) { /* most are of one byte */
		*ret = *p;
		*at = p + 1;
		return true;
	}
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

/* Differences that may be below 0: 0, -1, 1, -2 ... */
static uint64_t fold(uint64_t difference)
{
	return difference >> 63 ? ~(difference << 1) : difference << 1;
}

static uint64_t unfold(uint64_t n)
{
	return n & 1 ? ~(n >> 1) : n >> 1;
}

/* ---- writing ---- */

static uint64_t rest_of(const struct usage_counts *n)
{
	return n->up + n->down - n->clear - n->opaque;
}

static void columns_of(const struct pack_row *r, uint64_t begin_s, uint64_t ret[PACK__COUNT])
{
	const struct usage_counts *n = &r->n;
	uint64_t first_us = n->first_ns / US, last_us = n->last_ns / US;
	memcpy(ret, r->key, sizeof(r->key));
	ret[PACK_UP] = n->up;
	ret[PACK_DOWN] = n->down;
	ret[PACK_CLEAR] = n->clear;
	ret[PACK_OPAQUE] = n->opaque;
	ret[PACK_NAMED] = fold(rest_of(n) - n->named);
	ret[PACK_FLOWS] = n->flows;
	ret[PACK_ALERTS] = n->alerts;
	ret[PACK_VERDICTS] = n->verdicts;
	ret[PACK_SCORE] = n->score;
	ret[PACK_FIRST] = fold(first_us - begin_s * S_US);
	ret[PACK_LAST] = fold(last_us - first_us);
}

void usage_pack_write(struct buf *to, const struct pack_row *rows, uint32_t count, uint64_t begin_s)
{
	struct buf column;
	uint64_t n[PACK__COUNT];
	buf_init(&column, PACK_MAX);
	put_number(to, count);
	for (unsigned c = 0; c < PACK__COUNT; c++) {
		uint64_t before = 0, any = 0;
		buf_reset(&column);
		for (uint32_t i = 0; i < count; i++) {
			columns_of(&rows[i], begin_s, n);
			put_number(&column, c == PACK_SERVICE ? n[c] - before : n[c]);
			before = n[c];
			any |= n[c];
		}
		put_number(to, any ? column.len : 0);
		if (any)
			buf_add(to, column.data, column.len);
		to->full |= column.full;
	}
	buf_deinit(&column);
}

/* ---- reading ---- */

struct pack_columns {
	uint64_t rows;
	const uint8_t *at[PACK__COUNT], *end[PACK__COUNT];
	bool is_wanted[PACK__COUNT]; /* and has no zeros alone */
};

static bool split(const uint8_t *data, size_t len, uint32_t keys, struct pack_columns *c)
{
	const uint8_t *at = data, *stop = data + len;
	uint64_t bytes;
	if (!take_number(&at, stop, &c->rows) || c->rows > ROWS_MAX)
		return false;
	for (unsigned i = 0; i < PACK__COUNT; i++) {
		if (!take_number(&at, stop, &bytes) || bytes > (uint64_t)(stop - at) ||
		    (bytes && bytes < c->rows))
			return false;
		c->at[i] = at;
		at += bytes;
		c->end[i] = at;
		c->is_wanted[i] = bytes && (i >= PACK_KEYS || keys & 1u << i);
	}
	return at == stop;
}

/* Column by column of some rows: a loop over one is short, and they stay near. */
static bool take_block(struct pack_columns *c, uint32_t rows, uint64_t n[PACK__COUNT][BLOCK])
{
	for (unsigned i = 0; i < PACK__COUNT; i++) {
		const uint8_t *at = c->at[i], *end = c->end[i];
		for (uint32_t k = 0; k < rows && c->is_wanted[i]; k++)
			if (!take_number(&at, end, &n[i][k]))
				return false;
		c->at[i] = at;
	}
	return true;
}

/* Row k of a block; service: of the row before. */
static void make_row(uint64_t n[PACK__COUNT][BLOCK], uint32_t k, uint64_t begin_s, uint64_t service,
		     struct pack_row *ret)
{
	uint64_t first_us = unfold(n[PACK_FIRST][k]) + begin_s * S_US;
	*ret = (struct pack_row){
		.key = { [PACK_SERVICE] = n[PACK_SERVICE][k] + service,
			 [PACK_TIME] = n[PACK_TIME][k],
			 [PACK_PLACE] = n[PACK_PLACE][k],
			 [PACK_DIRECTION] = n[PACK_DIRECTION][k] },
		.n = { .up = n[PACK_UP][k],
		       .down = n[PACK_DOWN][k],
		       .clear = n[PACK_CLEAR][k],
		       .opaque = n[PACK_OPAQUE][k],
		       .flows = n[PACK_FLOWS][k],
		       .alerts = n[PACK_ALERTS][k],
		       .verdicts = n[PACK_VERDICTS][k],
		       .score = n[PACK_SCORE][k],
		       .first_ns = first_us * US,
		       .last_ns = (first_us + unfold(n[PACK_LAST][k])) * US },
	};
	ret->n.named = rest_of(&ret->n) - unfold(n[PACK_NAMED][k]);
}

bool usage_pack_read(const void *data, size_t len, uint64_t begin_s, uint32_t keys,
		     usage_pack_fn fn, void *arg)
{
	struct pack_columns c;
	struct pack_row row = { .key = { 0 } };
	uint64_t n[PACK__COUNT][BLOCK] = { { 0 } };
	if (!split(data, len, keys, &c))
		return false;
	for (uint64_t left = c.rows; left;) {
		uint32_t rows = left < BLOCK ? (uint32_t)left : BLOCK;
		if (!take_block(&c, rows, n))
			return false;
		for (uint32_t k = 0; k < rows; k++) {
			make_row(n, k, begin_s, row.key[PACK_SERVICE], &row);
			if (!fn(arg, &row))
				return false;
		}
		left -= rows;
	}
	return true;
}

/* ---- rows that go into packs ---- */

struct rows {
	struct pack_row *list;
	uint32_t count, room;
};

struct packing {
	enum pack_kind kind;
	uint64_t from, to; /* units */
	uint64_t age;      /* the week, or the day */
	sqlite3_stmt *rows, *get, *put;
	struct rows fresh, old, both; /* old: of the pack that is there */
	struct buf whole;
};

static bool add_row(struct rows *to, const struct pack_row *row)
{
	if (to->count == to->room) {
		uint32_t room = to->room ? to->room * 2 : 256;
		struct pack_row *more =
			room <= ROWS_MAX ? realloc(to->list, room * sizeof(*more)) : NULL;
		if (!more)
			return false;
		to->list = more;
		to->room = room;
	}
	to->list[to->count++] = *row;
	return true;
}

static bool take_old(void *arg, const struct pack_row *row)
{
	return add_row(arg, row);
}

static int compare(const void *x, const void *y)
{
	const struct pack_row *a = x, *b = y;
	for (unsigned i = 0; i < PACK_KEYS; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	return 0;
}

/* Both are in order. */
static bool merge(struct packing *p)
{
	bool is_good = true;
	uint32_t i = 0, k = 0;
	p->both.count = 0;
	while (is_good && (i < p->old.count || k < p->fresh.count)) {
		int order = i == p->old.count   ? 1 :
			    k == p->fresh.count ? -1 :
						  compare(&p->old.list[i], &p->fresh.list[k]);
		is_good = add_row(&p->both, order <= 0 ? &p->old.list[i] : &p->fresh.list[k]);
		if (is_good && order == 0)
			usage_counts_add(&p->both.list[p->both.count - 1].n, &p->fresh.list[k].n);
		i += order <= 0;
		k += order >= 0;
	}
	return is_good;
}

static uint64_t begin_of(const struct packing *p)
{
	return p->age * PACK_UNITS(p->kind) * PACK_UNIT_S(p->kind);
}

static int read_old(struct packing *p, int64_t id)
{
	bool is_good = true;
	p->old.count = 0;
	(void)sqlite3_bind_int64(p->get, 1, id);
	int code = sqlite3_step(p->get);
	if (code == SQLITE_ROW)
		is_good = usage_pack_read(sqlite3_column_blob(p->get, 0),
					  (size_t)sqlite3_column_bytes(p->get, 0), begin_of(p),
					  UINT32_MAX, take_old, &p->old);
	int end = sqlite3_reset(p->get);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return end;
	return is_good ? SQLITE_OK : SQLITE_CORRUPT;
}

static int write_new(struct packing *p, int64_t id)
{
	buf_reset(&p->whole);
	if (!merge(p))
		return SQLITE_TOOBIG;
	usage_pack_write(&p->whole, p->both.list, p->both.count, begin_of(p));
	if (p->whole.full)
		return SQLITE_TOOBIG;
	(void)sqlite3_bind_int64(p->put, 1, id);
	(void)sqlite3_bind_blob64(p->put, 2, p->whole.data, p->whole.len, SQLITE_STATIC);
	int code = sqlite3_step(p->put);
	int end = sqlite3_reset(p->put);
	return code == SQLITE_DONE ? SQLITE_OK : end;
}

static uint64_t number_at(sqlite3_stmt *st, int at)
{
	int64_t n = sqlite3_column_int64(st, at);
	return n > 0 ? (uint64_t)n : 0;
}

static void read_row(const struct packing *p, struct pack_row *ret)
{
	sqlite3_stmt *st = p->rows;
	int at = 4;
	*ret = (struct pack_row){ .key = { [PACK_TIME] = number_at(st, 0) % PACK_UNITS(p->kind),
					   [PACK_SERVICE] = number_at(st, 1),
					   [PACK_PLACE] = number_at(st, 2),
					   [PACK_DIRECTION] = number_at(st, 3) } };
	uint64_t *const to[] = { &ret->n.up,      &ret->n.down,     &ret->n.clear,
				 &ret->n.named,   &ret->n.opaque,   &ret->n.flows,
				 &ret->n.alerts,  &ret->n.verdicts, &ret->n.first_ns,
				 &ret->n.last_ns, &ret->n.score };
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++)
		*to[i] = number_at(st, at++);
}

/* All of a host, unit by unit. */
static int read_fresh(struct packing *p, int64_t host)
{
	struct pack_row row;
	p->fresh.count = 0;
	for (uint64_t t = p->from; t < p->to; t++) {
		int code;
		(void)sqlite3_bind_int64(p->rows, 1, usage_sqlite_number(t));
		(void)sqlite3_bind_int64(p->rows, 2, host);
		while ((code = sqlite3_step(p->rows)) == SQLITE_ROW) {
			read_row(p, &row);
			if (!add_row(&p->fresh, &row))
				return SQLITE_TOOBIG;
		}
		(void)sqlite3_reset(p->rows);
		if (code != SQLITE_DONE)
			return code;
	}
	if (p->fresh.count)
		qsort(p->fresh.list, p->fresh.count, sizeof(*p->fresh.list), compare);
	return SQLITE_OK;
}

static int pack_host(struct packing *p, int64_t host)
{
	int64_t id = host << PACK_AGE_BITS | (int64_t)p->age;
	int code = read_fresh(p, host);
	if (code == SQLITE_OK)
		code = read_old(p, id);
	return code == SQLITE_OK ? write_new(p, id) : code;
}

#define HOSTS(table) "SELECT DISTINCT host FROM " table " WHERE t >= ?1 AND t < ?2"
#define ROWS(table)                                                                               \
 "SELECT t, service, place, direction, up, down, clear, named, opaque, flows, alerts, verdicts, " \
 "first, last, score FROM " table " WHERE t = ?1 AND host = ?2"
#define GET(table)  "SELECT data FROM " table " WHERE id = ?1"
#define PUT(table)  "REPLACE INTO " table "(id, data) VALUES(?1, ?2)"
#define TAKE(table) "DELETE FROM " table " WHERE t >= ?1 AND t < ?2"

static const struct {
	const char *hosts, *rows, *get, *put, *take;
} words[PACK_KIND__COUNT] = {
	[PACK_DAYS] = { HOSTS("day"), ROWS("day"), GET("pack"), PUT("pack"), TAKE("day") },
	[PACK_HOURS] = { HOSTS("hour"), ROWS("hour"), GET("pack_hour"), PUT("pack_hour"),
			 TAKE("hour") },
};

static int prepare(sqlite3 *db, struct packing *p, sqlite3_stmt **hosts)
{
	const struct {
		const char *sql;
		sqlite3_stmt **to;
	} all[] = { { words[p->kind].hosts, hosts },
		    { words[p->kind].rows, &p->rows },
		    { words[p->kind].get, &p->get },
		    { words[p->kind].put, &p->put } };
	int code = SQLITE_OK;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && code == SQLITE_OK; i++)
		code = sqlite3_prepare_v2(db, all[i].sql, -1, all[i].to, NULL);
	return code;
}

static int pack_hosts(struct packing *p, sqlite3_stmt *hosts)
{
	int code;
	(void)sqlite3_bind_int64(hosts, 1, usage_sqlite_number(p->from));
	(void)sqlite3_bind_int64(hosts, 2, usage_sqlite_number(p->to));
	while ((code = sqlite3_step(hosts)) == SQLITE_ROW) {
		code = pack_host(p, sqlite3_column_int64(hosts, 0));
		if (code != SQLITE_OK)
			return code;
	}
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

int usage_pack_rows(sqlite3 *db, enum pack_kind kind, uint64_t from, uint64_t to)
{
	struct packing p = { .kind = kind, .from = from, .to = to, .age = from / PACK_UNITS(kind) };
	sqlite3_stmt *hosts = NULL;
	buf_init(&p.whole, PACK_MAX);
	int code = prepare(db, &p, &hosts);
	if (code == SQLITE_OK)
		code = pack_hosts(&p, hosts);
	(void)sqlite3_finalize(hosts);
	(void)sqlite3_finalize(p.rows);
	(void)sqlite3_finalize(p.get);
	(void)sqlite3_finalize(p.put);
	free(p.fresh.list);
	free(p.old.list);
	free(p.both.list);
	buf_deinit(&p.whole);
	return code == SQLITE_OK ? usage_with_days(db, words[kind].take, from, to) : code;
}
