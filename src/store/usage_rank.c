/*
 * store/usage_rank.c - see usage_rank.h.
 *
 * Ten thousand hosts with hundreds of services each are millions of groups, and twenty rows are
 * wanted.  To sort them with all their counters and names takes SQLite half a minute.  So they are
 * added up here first: one counter, by numbers, in a table of 24 bytes a group.  Rows of a group
 * come from several days and weeks in any order, and one name may stand for several numbers (an
 * address in two zones), so numbers are exchanged for those of the groups they belong to.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/base/hash.h"
#include "usage_rank_parts.h"

#define RANK_GROUPS (1u << 23) /* at most: 400 MB with the room between them */
#define RANK_FIRST  (1u << 12)
#define RANK_IDS    (1u << 24) /* numbers of hosts or services at most */
#define RANK_CHOSEN 2000u      /* of them in a question */

#define BY(dim) (1u << USAGE_BY_##dim)

static const char *const host_columns[] = {
	[USAGE_BY_ZONE] = "z.name", [USAGE_BY_HOST] = "h.address", [USAGE_BY_USER] = "h.user"
};
static const char *const service_columns[USAGE_BY__COUNT] = {
	[USAGE_BY_SERVICE] = "s.name",
	[USAGE_BY_TENANT] = "s.tenant",
	[USAGE_BY_CATEGORY] = "s.category",
	[USAGE_BY_SANCTION] = "s.sanction",
};
static const char *const place_columns[USAGE_BY__COUNT] = {
	[USAGE_BY_COUNTRY] = "p.country", [USAGE_BY_AS] = "p.network"
};

static const char *const order_values[USAGE_ORDER__COUNT] = {
	[USAGE_ORDER_UP] = "f.up",          [USAGE_ORDER_DOWN] = "f.down",
	[USAGE_ORDER_BOTH] = "f.up+f.down", [USAGE_ORDER_FLOWS] = "f.flows",
	[USAGE_ORDER_ALERTS] = "f.alerts",  [USAGE_ORDER_CLEAR] = "f.clear",
	[USAGE_ORDER_OPAQUE] = "f.opaque",
};

/* ---- numbers of groups ---- */

/* "SELECT id, dense_rank() OVER (ORDER BY h.address, ...) FROM ..." for the dimensions asked for.
 */
static void put_groups(struct buf *sql, uint32_t by, const char *id, const char *const *columns,
		       size_t count, const char *from)
{
	const char *before = "";
	buf_printf(sql, "SELECT %s, dense_rank() OVER (ORDER BY ", id);
	for (size_t dim = 0; dim < count; dim++) {
		if (!columns[dim] || !(by & 1u << dim))
			continue;
		buf_printf(sql, "%s%s", before, columns[dim]);
		before = ", ";
	}
	buf_printf(sql, "%s) FROM %s", *before ? "" : "1", from);
}

static bool grow_mapping(struct mapping *m, int64_t id)
{
	uint32_t count = m->count ? m->count : 1024;
	if (id < 0 || id >= RANK_IDS)
		return false;
	while (count <= (uint64_t)id)
		count *= 2;
	uint32_t *more = realloc(m->group, count * sizeof(*more));
	if (!more)
		return false;
	memset(more + m->count, 0, (count - m->count) * sizeof(*more));
	m->group = more;
	m->count = count;
	return true;
}

static bool load(sqlite3 *db, const char *sql, struct mapping *m)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	bool is_good = code == SQLITE_OK;
	while (is_good && (code = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(st, 0);
		if (id >= 0 && (uint64_t)id >= m->count)
			is_good = grow_mapping(m, id);
		if (is_good && id >= 0)
			m->group[id] = (uint32_t)sqlite3_column_int64(st, 1);
	}
	(void)sqlite3_finalize(st);
	return is_good && code == SQLITE_DONE;
}

static bool load_all(struct ranking *r, uint32_t by, sqlite3 *db)
{
	struct buf sql;
	bool is_good;
	buf_init(&sql, 4096);
	put_groups(&sql, by, "h.id", host_columns, sizeof(host_columns) / sizeof(host_columns[0]),
		   "host h JOIN zone z ON z.id = h.zone");
	is_good = load(db, sql.data, &r->hosts);
	buf_reset(&sql);
	put_groups(&sql, by, "s.id", service_columns, USAGE_BY__COUNT, "service s");
	is_good = is_good && load(db, sql.data, &r->services);
	buf_reset(&sql);
	put_groups(&sql, by, "p.id", place_columns, USAGE_BY__COUNT, "place p");
	is_good = is_good && load(db, sql.data, &r->places);
	buf_deinit(&sql);
	return is_good;
}

/* ---- adding up ---- */

static uint32_t first_place(uint32_t room, const struct group *key)
{
	uint64_t hash = hash_mix(hash_mix(hash_key_fixed.k[0], key->other),
				 (uint64_t)key->service << 32 | key->host);
	return (uint32_t)hash & (room - 1);
}

static struct group *place_of(struct group *slots, uint32_t room, const struct group *key)
{
	uint32_t at = first_place(room, key);
	while (slots[at].host &&
	       (slots[at].host != key->host || slots[at].service != key->service ||
		slots[at].other != key->other))
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static bool grow(struct groups *g)
{
	uint32_t room = g->room ? g->room * 2 : RANK_FIRST;
	struct group *more = g->count < RANK_GROUPS ? calloc(room, sizeof(*more)) : NULL;
	if (!more)
		return false;
	for (uint32_t i = 0; i < g->room; i++)
		if (g->slots[i].host)
			*place_of(more, room, &g->slots[i]) = g->slots[i];
	free(g->slots);
	g->slots = more;
	g->room = room;
	return true;
}

bool groups_add(struct groups *g, const struct group *row)
{
	if (g->count >= g->room / 2 && !grow(g))
		return false;
	struct group *to = place_of(g->slots, g->room, row);
	if (to->host) {
		to->sum += row->sum;
		return true;
	}
	*to = *row;
	g->count++;
	return true;
}

struct group *groups_find(const struct groups *g, const struct group *key)
{
	struct group *found = g->room ? place_of(g->slots, g->room, key) : NULL;
	return found && found->host ? found : NULL;
}

void groups_clear(struct groups *g)
{
	if (g->count)
		memset(g->slots, 0, g->room * sizeof(*g->slots));
	g->count = 0;
}

/* A row's place is far from the one before it: it is asked for, and the row waits its turn. */
static bool add_soon(struct ranking *r, const struct group *row)
{
	struct group *slot = &r->ahead[r->ahead_at];
	bool is_good = !slot->host || groups_add(&r->all, slot);
	*slot = *row;
	r->ahead_at = (r->ahead_at + 1) % RANK_AHEAD;
	if (r->all.room && row->host)
		__builtin_prefetch(&r->all.slots[first_place(r->all.room, row)], 1);
	return is_good;
}

static bool add_waiting(struct ranking *r)
{
	const struct group none = { 0 };
	bool is_good = true;
	for (uint32_t i = 0; i < RANK_AHEAD; i++)
		is_good = add_soon(r, &none) && is_good;
	return is_good;
}

static uint64_t id_at(sqlite3_stmt *st, int at)
{
	return (uint64_t)sqlite3_column_int64(st, at); /* one below 0 is too large, and unknown */
}

/* Columns: host, service, place, direction, time, value. */
static bool take_row(struct ranking *r, uint32_t by, sqlite3_stmt *st)
{
	bool has_place = by & (BY(COUNTRY) | BY(AS));
	uint32_t place = has_place ? group_of(&r->places, id_at(st, 2)) : 0;
	uint32_t time = by & (BY(DAY) | BY(HOUR)) ? (uint32_t)sqlite3_column_int64(st, 4) : 0;
	uint32_t direction = by & BY(DIRECTION) ? (uint32_t)sqlite3_column_int64(st, 3) : 0;
	struct group row = {
		.host = group_of(&r->hosts, id_at(st, 0)),
		.service = group_of(&r->services, id_at(st, 1)),
	};
	int64_t value = sqlite3_column_int64(st, 5);
	/* one whose names have gone */
	if (!row.host || !row.service)
		return false;
	row.other = rank_other(place, time, direction);
	row.sum = value > 0 ? (uint64_t)value : 0;
	return add_soon(r, &row);
}

/* ---- the first of them ---- */

static void sink(struct ranking *r, uint32_t at)
{
	for (;;) {
		uint32_t least = at, left = 2 * at + 1;
		for (uint32_t i = left; i < left + 2 && i < r->best_count; i++)
			if (r->best[i].sum < r->best[least].sum)
				least = i;
		if (least == at)
			return;
		struct group other = r->best[at];
		r->best[at] = r->best[least];
		r->best[least] = other;
		at = least;
	}
}

void rank_offer(struct ranking *r, const struct group *g)
{
	if (r->best_count < r->limit) {
		r->best[r->best_count++] = *g;
		for (uint32_t k = r->best_count / 2; r->best_count == r->limit && k-- > 0;)
			sink(r, k);
		return;
	}
	if (g->sum == r->best[0].sum)
		r->ties++;
	if (g->sum <= r->best[0].sum)
		return;
	uint64_t least = r->best[0].sum;
	r->best[0] = *g;
	sink(r, 0);
	/* what went may be equal to what is the least now */
	r->ties = r->best[0].sum == least ? r->ties + 1 : 0;
}

/* False: as many as are wanted are equal at the end, and the names decide which come first. */
static bool choose(struct ranking *r)
{
	for (uint32_t i = 0; i < r->all.room; i++)
		if (r->all.slots[i].host && !(r->all.slots[i].service & GROUP_TAKEN))
			rank_offer(r, &r->all.slots[i]);
	return r->ties == 0;
}

static bool is_chosen(const struct ranking *r, uint32_t host, uint32_t service)
{
	for (uint32_t i = 0; i < r->best_count; i++)
		if (r->best[i].host == host || r->best[i].service == service)
			return true;
	return false;
}

/* All numbers of the groups that were chosen. */
static bool put_ids(const struct ranking *r, const struct mapping *m, bool is_host, struct buf *out)
{
	uint32_t count = 0;
	for (uint32_t id = 0; id < m->count; id++) {
		uint32_t group = m->group[id];
		if (!group || !is_chosen(r, is_host ? group : 0, is_host ? 0 : group))
			continue;
		buf_printf(out, "%s%u", count ? "," : "", id);
		count++;
	}
	return count && count <= RANK_CHOSEN && !out->full;
}

bool rank_rows(struct ranking *r, struct asking *a, const struct piece *p, struct usage_db *db)
{
	sqlite3_stmt *st = NULL;
	buf_reset(&a->sql);
	usage_sql_rows(a, p, order_values[a->q->order], db->sqlite);
	int code = a->sql.full ? SQLITE_TOOBIG :
				 sqlite3_prepare_v2(db->sqlite, a->sql.data, -1, &st, NULL);
	if (code == SQLITE_OK)
		usage_bind(a->q, st);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(st);
		if (code == SQLITE_ROW && !take_row(r, a->q->by, st))
			code = SQLITE_MISMATCH;
	}
	(void)sqlite3_finalize(st);
	buf_reset(&a->sql);
	return code == SQLITE_DONE && add_waiting(r);
}

static bool add_pieces(struct ranking *r, struct asking *a, struct usage_db *db)
{
	bool is_good = true;
	if (rank_has_packs(a, db))
		return rank_packs(r, a, db);
	for (size_t i = 0; i < a->piece_count && is_good; i++)
		is_good = rank_rows(r, a, &a->pieces[i], db);
	return is_good;
}

/* Where it pays: hosts with something that multiplies them, or that has to be looked for in all. */
static bool is_wanted(const struct asking *a)
{
	const struct usage_query *q = a->q;
	const uint32_t hosts = BY(HOST) | BY(USER);
	const uint32_t others =
		BY(SERVICE) | BY(TENANT) | BY(CATEGORY) | BY(SANCTION) | BY(COUNTRY) | BY(AS);
	return q->by & hosts && (q->by | a->filtered) & others && q->limit &&
	       q->limit <= RANK_LIMIT && !q->is_rising && !q->new_since_s && order_values[q->order];
}

void usage_rank(struct asking *a, struct usage_db *db)
{
	struct ranking *r = is_wanted(a) ? calloc(1, sizeof(*r)) : NULL;
	if (!r)
		return;
	r->limit = a->q->limit;
	bool is_good = load_all(r, a->q->by, db->sqlite) && add_pieces(r, a, db) && choose(r) &&
		       put_ids(r, &r->hosts, true, &a->host_ids);
	if (is_good && !put_ids(r, &r->services, false, &a->service_ids))
		buf_reset(&a->service_ids); /* all of a category: the hosts narrow it enough */
	if (!is_good)
		buf_reset(&a->host_ids);
	const struct mapping *const mappings[] = { &r->hosts, &r->services, &r->places,
						   &r->directions };
	for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
		free(mappings[i]->group);
		free(mappings[i]->passes);
	}
	free(r->all.slots);
	free(r);
}
