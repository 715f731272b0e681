/*
 * store/usage_rank_packs.c - the first groups of months, from packs.
 *
 * Weeks that are packed come from packs, a host's one after the other; what else there is (edges,
 * the week that goes on, one that had late rows) comes from its table before that.  So a host's
 * sums are complete when its last pack has been read, and need no place among those of all others.
 */
#include <stdlib.h>
#include <string.h>

#include "usage_packs.h"
#include "usage_rank_parts.h"

#define BY(dim)    (1u << USAGE_BY_##dim)
#define HOSTS      (BY(HOST) | BY(USER) | BY(ZONE))
#define NAMES      (BY(SERVICE) | BY(TENANT) | BY(CATEGORY) | BY(SANCTION))
#define PLACES     (BY(COUNTRY) | BY(AS))
#define WEEKS      (1u << PACK_WEEK_BITS)
#define RUN_BY_DAY 3u /* weeks in a row that are not packed: as many days are the faster way */

static const uint32_t order_packs[USAGE_ORDER__COUNT] = {
	[USAGE_ORDER_UP] = 1u << PACK_UP,
	[USAGE_ORDER_DOWN] = 1u << PACK_DOWN,
	[USAGE_ORDER_BOTH] = 1u << PACK_UP | 1u << PACK_DOWN,
	[USAGE_ORDER_FLOWS] = 1u << PACK_FLOWS,
	[USAGE_ORDER_ALERTS] = 1u << PACK_ALERTS,
	[USAGE_ORDER_CLEAR] = 1u << PACK_CLEAR,
	[USAGE_ORDER_OPAQUE] = 1u << PACK_OPAQUE,
};

struct reading {
	struct ranking *r;
	uint32_t by, columns, values; /* values: of the columns, those that are added */
	uint32_t host;                /* group; 0: none yet */
	bool is_shared;               /* several numbers stand for it */
	/* Of this host, by service; or, where rows are told apart by place or direction too, in a
	 * table. */
	uint64_t *sums;
	uint32_t *touched, touched_count; /* touched: services that have a sum, each once */
	uint8_t *is_touched;
	struct groups own;
	uint8_t *shared; /* by group */
	uint8_t packed[WEEKS / 8];
	uint64_t from, to; /* weeks */
};

static bool is_packed(const struct reading *rd, uint64_t week)
{
	return week < WEEKS && rd->packed[week / 8] & 1u << week % 8;
}

/* ---- what passes ---- */

static bool load_passing(struct asking *a, struct mapping *m, uint32_t dims, const char *column,
			 const char *from, struct usage_db *db)
{
	sqlite3_stmt *st = NULL;
	if (!(a->filtered & dims))
		return true;
	m->passes = calloc(m->count ? m->count : 1, 1);
	if (!m->passes)
		return false;
	buf_reset(&a->sql);
	usage_sql_passing(a, dims, column, from);
	int code = sqlite3_prepare_v2(db->sqlite, a->sql.data, -1, &st, NULL);
	if (code == SQLITE_OK)
		usage_bind(a->q, st);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(st);
		int64_t id = code == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
		if (id >= 0 && (uint64_t)id < m->count)
			m->passes[id] = 1;
	}
	(void)sqlite3_finalize(st);
	buf_reset(&a->sql);
	return code == SQLITE_DONE;
}

static bool load_filters(struct ranking *r, struct asking *a, struct usage_db *db)
{
	r->directions.count = USAGE_DIRECTION__COUNT;
	return load_passing(a, &r->hosts, HOSTS, "host", "(SELECT id AS host FROM host)", db) &&
	       load_passing(a, &r->services, NAMES, "service",
			    "(SELECT id AS service FROM service)", db) &&
	       load_passing(a, &r->places, PLACES, "place", "(SELECT id AS place FROM place)",
			    db) &&
	       load_passing(a, &r->directions, BY(DIRECTION), "direction",
			    "(SELECT 0 AS direction UNION ALL SELECT 1 UNION ALL SELECT 2 UNION "
			    "ALL SELECT 3)",
			    db);
}

static uint32_t last_group(const struct mapping *m)
{
	uint32_t most = 0;
	for (uint32_t id = 0; id < m->count; id++)
		most = m->group[id] > most ? m->group[id] : most;
	return most;
}

static bool make_sums(struct reading *rd)
{
	size_t count = (size_t)last_group(&rd->r->services) + 1;
	rd->sums = calloc(count, sizeof(*rd->sums));
	rd->touched = calloc(count, sizeof(*rd->touched));
	rd->is_touched = calloc(count, 1);
	return rd->sums && rd->touched && rd->is_touched;
}

static bool find_shared(struct reading *rd)
{
	const struct mapping *m = &rd->r->hosts;
	uint32_t most = last_group(m);
	uint8_t *seen = calloc(most + 1, 1);
	if (!seen)
		return false;
	for (uint32_t id = 0; id < m->count; id++)
		seen[m->group[id]] = (uint8_t)(seen[m->group[id]] + (seen[m->group[id]] < 2));
	for (uint32_t group = 0; group <= most; group++)
		seen[group] = seen[group] > 1;
	rd->shared = seen;
	return true;
}

/* ---- packs ---- */

static bool end_group(struct reading *rd, struct group *g)
{
	if (rd->is_shared)
		return groups_add(&rd->r->all, g);
	struct group *rest = groups_find(&rd->r->all, g);
	if (rest) {
		g->sum += rest->sum;
		rest->service |= GROUP_TAKEN;
	}
	rank_offer(rd->r, g);
	return true;
}

static bool end_host(struct reading *rd)
{
	bool is_good = true;
	for (uint32_t i = 0; i < rd->touched_count && is_good; i++) {
		uint32_t service = rd->touched[i];
		struct group g = { .host = rd->host, .service = service, .sum = rd->sums[service] };
		rd->sums[service] = 0;
		rd->is_touched[service] = 0;
		is_good = end_group(rd, &g);
	}
	rd->touched_count = 0;
	for (uint32_t i = 0; i < rd->own.room && is_good; i++)
		if (rd->own.slots[i].host)
			is_good = end_group(rd, &rd->own.slots[i]);
	groups_clear(&rd->own);
	return is_good;
}

static void add_by_service(struct reading *rd, uint32_t service, uint64_t sum)
{
	if (!rd->is_touched[service]) {
		rd->is_touched[service] = 1;
		rd->touched[rd->touched_count++] = service;
	}
	rd->sums[service] += sum;
}

static bool take_pack_row(void *arg, const uint64_t n[PACK__COUNT])
{
	struct reading *rd = arg;
	const struct ranking *r = rd->r;
	uint32_t service = group_of(&r->services, n[PACK_SERVICE]), place = 0, direction = 0;
	if (!service)
		return false;
	if (!does_pass(&r->services, n[PACK_SERVICE]) || !does_pass(&r->places, n[PACK_PLACE]) ||
	    !does_pass(&r->directions, n[PACK_DIRECTION]))
		return true;
	if (rd->by & PLACES)
		place = group_of(&r->places, n[PACK_PLACE]);
	if (rd->by & BY(DIRECTION))
		direction = (uint32_t)n[PACK_DIRECTION];
	struct group g = { .host = rd->host,
			   .service = service,
			   .other = rank_other(place, 0, direction) };
	for (unsigned i = PACK_UP; i < PACK__COUNT; i++)
		if (rd->values & 1u << i)
			g.sum += n[i];
	if (g.other)
		return groups_add(&rd->own, &g);
	add_by_service(rd, service, g.sum);
	return true;
}

static bool take_pack(struct reading *rd, int64_t id, const void *data, size_t len)
{
	uint64_t host = (uint64_t)id >> PACK_WEEK_BITS, week = (uint64_t)id & (WEEKS - 1);
	uint32_t group = group_of(&rd->r->hosts, host);
	if (week < rd->from || week >= rd->to || !is_packed(rd, week))
		return true;
	if (!group)
		return false; /* its name has gone */
	if (!does_pass(&rd->r->hosts, host))
		return true;
	if (group != rd->host) {
		if (rd->host && !end_host(rd))
			return false;
		rd->host = group;
		rd->is_shared = rd->shared[group];
	}
	return usage_pack_read(data, len, rd->columns, take_pack_row, rd);
}

static bool read_packs(struct reading *rd, struct usage_db *db)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, "SELECT id, data FROM pack ORDER BY id", -1, &st,
				      NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(st);
		if (code != SQLITE_ROW)
			break;
		const void *data = sqlite3_column_blob(st, 1);
		if (!data || !take_pack(rd, sqlite3_column_int64(st, 0), data,
					(size_t)sqlite3_column_bytes(st, 1)))
			code = SQLITE_MISMATCH;
	}
	(void)sqlite3_finalize(st);
	return code == SQLITE_DONE && (!rd->host || end_host(rd));
}

/* ---- what is not packed ---- */

static bool add_run(struct reading *rd, struct asking *a, uint64_t from, uint64_t to,
		    struct usage_db *db)
{
	bool is_long = to - from > RUN_BY_DAY;
	const struct piece p = { is_long ? TABLE_WEEK : TABLE_DAY,
				 is_long ? from : from * USAGE_WEEK,
				 is_long ? to : to * USAGE_WEEK };
	return rank_rows(rd->r, a, &p, db);
}

/* Runs of weeks without packs. */
static bool add_unpacked(struct reading *rd, struct asking *a, struct usage_db *db)
{
	uint64_t first = usage_number(db->sqlite, "SELECT min(t) FROM day") / USAGE_WEEK;
	uint64_t last = usage_number(db->sqlite, "SELECT max(t) FROM day") / USAGE_WEEK;
	uint64_t week = rd->from > first ? rd->from : first, end;
	uint64_t stop = rd->to < last + 1 ? rd->to : last + 1;
	for (; week < stop; week = end) {
		for (end = week; end < stop && !is_packed(rd, end);)
			end++;
		if (end > week && !add_run(rd, a, week, end, db))
			return false;
		while (end < stop && is_packed(rd, end))
			end++;
	}
	return true;
}

static bool load_packed(struct reading *rd, struct usage_db *db)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, "SELECT t FROM packed", -1, &st, NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(st);
		int64_t week = code == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
		if (week >= 0 && week < WEEKS)
			rd->packed[week / 8] |= (uint8_t)(1u << week % 8);
	}
	(void)sqlite3_finalize(st);
	return code == SQLITE_DONE;
}

/* ---- the whole ---- */

bool rank_has_packs(const struct asking *a, struct usage_db *db)
{
	bool has_weeks = false;
	for (size_t i = 0; i < a->piece_count; i++)
		has_weeks |= a->pieces[i].table == TABLE_WEEK;
	for (size_t i = 0; i < a->q->filter_count; i++)
		if (a->q->filters[i].dim == USAGE_BY_HOST && !a->q->filters[i].is_not)
			return false; /* its rows are found at once */
	return has_weeks && a->format > 2 &&
	       usage_number(db->sqlite, "SELECT count(*) FROM packed");
}

static bool add_all(struct reading *rd, struct asking *a, struct usage_db *db)
{
	bool is_good = load_filters(rd->r, a, db) && find_shared(rd) && make_sums(rd) &&
		       load_packed(rd, db);
	for (size_t i = 0; i < a->piece_count && is_good; i++) {
		const struct piece *p = &a->pieces[i];
		if (p->table == TABLE_WEEK) {
			rd->from = p->from;
			rd->to = p->to;
			is_good = add_unpacked(rd, a, db);
		} else {
			is_good = rank_rows(rd->r, a, p, db);
		}
	}
	return is_good && read_packs(rd, db);
}

bool rank_packs(struct ranking *r, struct asking *a, struct usage_db *db)
{
	struct reading *rd = calloc(1, sizeof(*rd));
	if (!rd)
		return false;
	rd->r = r;
	rd->by = a->q->by;
	rd->values = order_packs[a->q->order];
	rd->columns = rd->values;
	if (a->used & PLACES)
		rd->columns |= 1u << PACK_PLACE;
	if (a->used & BY(DIRECTION))
		rd->columns |= 1u << PACK_DIRECTION;
	bool is_good = add_all(rd, a, db);
	free(rd->own.slots);
	free(rd->sums);
	free(rd->touched);
	free(rd->is_touched);
	free(rd->shared);
	free(rd);
	return is_good;
}
