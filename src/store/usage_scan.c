/*
 * store/usage_scan.c - every row of a question's range into its group.
 *
 * First what is in no table yet and the tables, then the packs, a host's one after the other: when
 * its last one has been read a host's groups are complete.
 */
#include <stdio.h>

#include "usage_db.h"

#define FEW_IDS 200u /* numbers that a table is asked for one by one */

static const char *const table_names[TABLE__COUNTERS] = {
	"hour", "day", "day_host", "day_service", "week_host", "week_service",
};

/* What stands before the counters of a row. */
struct origin {
	uint32_t group;    /* of the host or the zone */
	uint64_t first_ns; /* when the host was first seen */
};

/* False: it does not pass. */
static bool place_host(const struct asking *a, uint64_t host, uint64_t zone, struct origin *ret)
{
	const struct words *w = &a->words;
	*ret = (struct origin){ 0 };
	if (!(a->used & (HOST_DIMS | BY(ZONE))))
		return true;
	const struct word *h = host ? words_find(w, WORD_HOST, host) : NULL;
	if (a->filtered & HOST_DIMS && !(h ? h->passes : w->kinds[WORD_HOST].passes_unknown))
		return false;
	const struct word *z = words_find(w, WORD_ZONE, h ? h->zone : zone);
	if (a->filtered & BY(ZONE) && !(z ? z->passes : w->kinds[WORD_ZONE].passes_unknown))
		return false;
	ret->first_ns = h ? h->first_ns : 0;
	if (a->by & HOST_DIMS)
		ret->group = h ? h->group : 0;
	else if (a->by & BY(ZONE))
		ret->group = z ? z->group : 0;
	return true;
}

static bool passes(const struct asking *a, enum word_kind kind, uint32_t dims, const struct word *w)
{
	return !(a->filtered & dims) || (w ? w->passes : a->words.kinds[kind].passes_unknown);
}

/* key: time in the unit that is grouped by. */
static bool add_row(struct asking *a, struct group_set *to, const struct origin *o,
		    const struct pack_row *row)
{
	const struct word *s = NULL, *p = NULL;
	if (a->used & SERVICE_DIMS)
		s = words_find(&a->words, WORD_SERVICE, row->key[PACK_SERVICE]);
	if (a->used & PLACE_DIMS)
		p = words_find(&a->words, WORD_PLACE, row->key[PACK_PLACE]);
	bool has_service = passes(a, WORD_SERVICE, SERVICE_DIMS, s);
	if ((!has_service && !a->q->keeps_rest) || !passes(a, WORD_PLACE, PLACE_DIMS, p) ||
	    !(a->directions & 1u << (row->key[PACK_DIRECTION] & 3)))
		return true;
	s = has_service ? s : NULL;
	uint32_t place = a->by & PLACE_DIMS && p ? p->group : 0;
	uint32_t time = a->by & (BY(DAY) | BY(HOUR)) ? (uint32_t)row->key[PACK_TIME] : 0;
	uint32_t direction = a->by & BY(DIRECTION) ? (uint32_t)row->key[PACK_DIRECTION] : 0;
	const struct group g = { .host = o->group,
				 .service = a->by & SERVICE_DIMS && s ? s->group : 0,
				 .other = group_other(place, time, direction),
				 .n = row->n,
				 .seen_ns = a->by & SERVICE_DIMS ? s ? s->first_ns : 0 :
					    a->by & HOST_DIMS    ? o->first_ns :
								   row->n.first_ns };
	a->is_full = !groups_add(to, &g);
	return !a->is_full;
}

/* ---- tables ---- */

static void put_ids(struct asking *a, enum word_kind kind)
{
	const struct word_list *l = &a->words.kinds[kind];
	const char *before = "";
	for (uint32_t i = 0; i < l->count; i++) {
		if (!l->list[i].passes)
			continue;
		buf_printf(&a->sql, "%s%u", before, l->list[i].id);
		before = ",";
	}
}

static bool has_few(const struct asking *a, enum word_kind kind, uint32_t dims)
{
	const struct word_list *l = &a->words.kinds[kind];
	return a->filtered & dims && !l->passes_unknown && l->passing <= FEW_IDS;
}

/* Of few numbers: each time is looked up, and not all between. */
static void put_source(struct asking *a, const struct piece *p)
{
	char sql[64];
	const char *name = table_names[p->table];
	bool begins_with_time = a->format > 3 || p->table == TABLE_HOUR || p->table == TABLE_DAY;
	bool has_few_hosts = has_few(a, WORD_HOST, HOST_DIMS) && TABLE_HAS_HOST(p->table);
	bool has_few_services = has_few(a, WORD_SERVICE, SERVICE_DIMS) && !a->q->keeps_rest &&
				!TABLE_HAS_HOST(p->table);
	if (begins_with_time && (has_few_hosts || has_few_services)) {
		(void)snprintf(sql, sizeof(sql), "SELECT min(t) FROM %s", name);
		uint64_t first = usage_number(a->db, sql);
		(void)snprintf(sql, sizeof(sql), "SELECT max(t) FROM %s", name);
		uint64_t last = usage_number(a->db, sql);
		first = p->from > first ? p->from : first;
		last = p->to - 1 < last ? p->to - 1 : last;
		buf_printf(&a->sql,
			   "(WITH RECURSIVE d(t) AS (SELECT %llu UNION ALL SELECT t + 1 FROM d "
			   "WHERE t < %llu) SELECT t FROM d) d CROSS JOIN %s f ON f.t = d.t WHERE "
			   "f.t <= %llu",
			   (unsigned long long)first, (unsigned long long)last, name,
			   (unsigned long long)last);
	} else {
		buf_printf(&a->sql, "%s f WHERE f.t >= %llu AND f.t < %llu", name,
			   (unsigned long long)p->from, (unsigned long long)p->to);
	}
	if (has_few_hosts || has_few_services) {
		buf_str(&a->sql, has_few_hosts ? " AND f.host IN (" : " AND f.service IN (");
		put_ids(a, has_few_hosts ? WORD_HOST : WORD_SERVICE);
		buf_char(&a->sql, ')');
	}
}

static void put_rows(struct asking *a, const struct piece *p)
{
	bool has_host = TABLE_HAS_HOST(p->table), has_service = TABLE_HAS_SERVICE(p->table);
	buf_reset(&a->sql);
	buf_printf(&a->sql,
		   "SELECT %s, %s, %s, %s, f.direction, %s, up, down, clear, named, opaque, flows, "
		   "alerts, verdicts, first, last, %s FROM ",
		   has_host ? "f.host" : "0", has_host ? "0" : "f.zone",
		   has_service ? "f.service" : "0", has_service ? "f.place" : "0",
		   p->table == TABLE_HOUR && !(a->by & BY(HOUR)) ? "f.t / 24" : "f.t",
		   a->format < 4 ? "0" : "score");
	put_source(a, p);
}

static uint64_t number_at(sqlite3_stmt *st, int at)
{
	int64_t n = sqlite3_column_int64(st, at);
	return n > 0 ? (uint64_t)n : 0;
}

#define TIME_COLUMN 5
#define FIRST_COUNT 6

static bool take_row(struct asking *a, sqlite3_stmt *st, struct group_set *to)
{
	struct origin o;
	if (!place_host(a, number_at(st, 0), number_at(st, 1), &o))
		return true;
	struct pack_row row = { .key = { [PACK_SERVICE] = number_at(st, 2),
					 [PACK_PLACE] = number_at(st, 3),
					 [PACK_DIRECTION] = number_at(st, 4),
					 [PACK_TIME] = number_at(st, 5) } };
	struct usage_counts *n = &row.n;
	uint64_t *const counts[] = { &n->up,       &n->down,    &n->clear,  &n->named,
				     &n->opaque,   &n->flows,   &n->alerts, &n->verdicts,
				     &n->first_ns, &n->last_ns, &n->score };
	for (int i = 0; i < (int)(sizeof(counts) / sizeof(counts[0])); i++)
		*counts[i] = number_at(st, FIRST_COUNT + i);
	return add_row(a, to, &o, &row);
}

/* ---- rows that are in no table yet ---- */

/* Before the tables: what is complete with these goes out as it is read. */
static bool scan_fresh(struct asking *a)
{
	a->fresh_day = UINT64_MAX;
	for (uint32_t i = 0; a->fresh && i < a->fresh->count; i++) {
		const struct batch_row *r = &a->fresh->rows[i];
		const uint64_t *key = r->key;
		struct origin o;
		if (key[KEY_TIME] < a->from_hour || key[KEY_TIME] >= a->to_hour)
			continue;
		a->fresh_day =
			key[KEY_TIME] / 24 < a->fresh_day ? key[KEY_TIME] / 24 : a->fresh_day;
		const struct pack_row row = {
			.key = { [PACK_SERVICE] = key[KEY_SERVICE],
				 [PACK_PLACE] = key[KEY_PLACE],
				 [PACK_DIRECTION] = key[KEY_DIRECTION],
				 [PACK_TIME] =
					 a->by & BY(HOUR) ? key[KEY_TIME] : key[KEY_TIME] / 24 },
			.n = r->n,
		};
		if (place_host(a, key[KEY_HOST], key[KEY_ZONE], &o) &&
		    !add_row(a, &a->groups.all, &o, &row))
			return false;
	}
	return true;
}

/* By day, a day's groups are complete when the next one begins: nothing else has some of it, but
 * what is in no table yet. */
static bool is_by_itself(const struct asking *a, const struct piece *p)
{
	return a->format > 3 && a->by & BY(DAY) &&
	       (p->table == TABLE_DAY_HOST || p->table == TABLE_DAY_SERVICE);
}

static int scan_table(struct asking *a, const struct piece *p)
{
	bool is_own = is_by_itself(a, p);
	uint64_t day = 0;
	sqlite3_stmt *st = NULL;
	put_rows(a, p);
	int code =
		a->sql.full ? SQLITE_TOOBIG : sqlite3_prepare_v2(a->db, a->sql.data, -1, &st, NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(st);
		if (code == SQLITE_ROW && is_own && number_at(st, TIME_COLUMN) != day) {
			a->is_full = !groups_end_own(&a->groups);
			day = number_at(st, TIME_COLUMN);
		}
		struct group_set *to =
			is_own && day < a->fresh_day ? &a->groups.own : &a->groups.all;
		if (code == SQLITE_ROW && (a->is_full || !take_row(a, st, to)))
			code = SQLITE_NOMEM;
	}
	(void)sqlite3_finalize(st);
	if (code == SQLITE_DONE && is_own)
		a->is_full = !groups_end_own(&a->groups);
	return a->is_full ? SQLITE_NOMEM : code == SQLITE_DONE ? SQLITE_OK : code;
}

/* ---- packs ---- */

/* Those of one kind, in the order of hosts. */
struct packs {
	const struct spans *spans;
	sqlite3_stmt *st;
	enum pack_kind kind;
	uint64_t host, age; /* of the one that it stands at */
	bool is_there;
};

struct reading {
	struct asking *a;
	struct packs of[PACK_KIND__COUNT];
	struct origin origin; /* of the host that is read */
	struct group_set *to;
	/* of the pack: */
	uint64_t first; /* unit */
	uint32_t keys, units;
	const struct spans *spans;
	bool is_hours;
};

static bool is_within(const struct spans *s, uint64_t unit)
{
	for (size_t i = 0; i < s->count; i++)
		if (unit >= s->list[i].from && unit < s->list[i].to)
			return true;
	return false;
}

static bool take_pack_row(void *arg, const struct pack_row *row)
{
	struct reading *r = arg;
	struct pack_row dated = *row;
	if (r->keys & 1u << PACK_TIME) {
		uint64_t unit = r->first + row->key[PACK_TIME];
		if (row->key[PACK_TIME] >= r->units)
			return false;
		if (!is_within(r->spans, unit))
			return true;
		dated.key[PACK_TIME] = r->is_hours && !(r->a->by & BY(HOUR)) ? unit / 24 : unit;
	}
	return add_row(r->a, r->to, &r->origin, &dated);
}

/* The next pack that has some of the spans. */
static int step_packs(struct packs *p)
{
	uint64_t units = PACK_UNITS(p->kind);
	for (;;) {
		int code = sqlite3_step(p->st);
		p->is_there = code == SQLITE_ROW;
		if (!p->is_there)
			return code == SQLITE_DONE ? SQLITE_OK : code;
		uint64_t id = number_at(p->st, 0);
		p->host = id >> PACK_AGE_BITS;
		p->age = id & ((1u << PACK_AGE_BITS) - 1);
		for (size_t i = 0; i < p->spans->count; i++)
			if (p->age * units < p->spans->list[i].to &&
			    (p->age + 1) * units > p->spans->list[i].from)
				return SQLITE_OK;
	}
}

static int take_pack(struct reading *r, struct packs *p)
{
	struct asking *a = r->a;
	bool is_whole = false;
	r->units = PACK_UNITS(p->kind);
	r->first = p->age * r->units;
	r->spans = p->spans;
	r->is_hours = p->kind == PACK_HOURS;
	for (size_t i = 0; i < p->spans->count; i++)
		is_whole |= r->first >= p->spans->list[i].from &&
			    r->first + r->units <= p->spans->list[i].to;
	r->keys = (a->used & SERVICE_DIMS ? 1u << PACK_SERVICE : 0) |
		  (a->used & PLACE_DIMS ? 1u << PACK_PLACE : 0) |
		  (a->used & BY(DIRECTION) ? 1u << PACK_DIRECTION : 0) |
		  (!is_whole || a->by & (BY(DAY) | BY(HOUR)) ? 1u << PACK_TIME : 0);
	const void *data = sqlite3_column_blob(p->st, 1);
	if (data && usage_pack_read(data, (size_t)sqlite3_column_bytes(p->st, 1),
				    r->first * PACK_UNIT_S(p->kind), r->keys, take_pack_row, r))
		return SQLITE_OK;
	return a->is_full ? SQLITE_NOMEM : SQLITE_CORRUPT;
}

/* Its groups are its own, unless several numbers have one name, or it is not grouped by. */
static bool begin_host(struct reading *r, uint64_t host, bool *ret_passes)
{
	struct asking *a = r->a;
	const struct word *w = words_find(&a->words, WORD_HOST, host);
	const struct word_list *l = &a->words.kinds[WORD_HOST];
	bool is_alone = false;
	*ret_passes = place_host(a, host, 0, &r->origin);
	if (*ret_passes && w && a->by & HOST_DIMS) {
		uint32_t next = w->group < l->groups ? l->shown[w->group + 1] : l->count;
		is_alone = next - l->shown[w->group] == 1;
	}
	r->to = is_alone ? &a->groups.own : &a->groups.all;
	a->is_full = is_alone && !groups_begin_host(&a->groups, w->group);
	return !a->is_full;
}

/* All packs of the next host. */
static int read_host(struct reading *r)
{
	uint64_t host = UINT64_MAX;
	bool passes;
	int code = SQLITE_OK;
	for (unsigned i = 0; i < PACK_KIND__COUNT; i++)
		if (r->of[i].is_there && r->of[i].host < host)
			host = r->of[i].host;
	if (!begin_host(r, host, &passes))
		return SQLITE_NOMEM;
	for (unsigned i = 0; i < PACK_KIND__COUNT; i++) {
		struct packs *p = &r->of[i];
		while (code == SQLITE_OK && p->is_there && p->host == host) {
			if (passes)
				code = take_pack(r, p);
			if (code == SQLITE_OK)
				code = step_packs(p);
		}
	}
	if (code == SQLITE_OK)
		r->a->is_full = !groups_end_own(&r->a->groups);
	return r->a->is_full ? SQLITE_NOMEM : code;
}

/* Of hosts [from, to). */
static int read_hosts(struct reading *r, uint64_t from, uint64_t to)
{
	int code = SQLITE_OK;
	for (unsigned i = 0; i < PACK_KIND__COUNT && code == SQLITE_OK; i++) {
		struct packs *p = &r->of[i];
		p->is_there = false;
		if (!p->st)
			continue;
		(void)sqlite3_reset(p->st);
		(void)sqlite3_bind_int64(p->st, 1, (int64_t)from << PACK_AGE_BITS);
		(void)sqlite3_bind_int64(p->st, 2, (int64_t)to << PACK_AGE_BITS);
		code = step_packs(p);
	}
	while (code == SQLITE_OK && (r->of[PACK_DAYS].is_there || r->of[PACK_HOURS].is_there))
		code = read_host(r);
	return code;
}

static int prepare_packs(struct asking *a, struct reading *r)
{
	char sql[128];
	int code = SQLITE_OK;
	for (enum pack_kind kind = PACK_DAYS; kind < PACK_KIND__COUNT && code == SQLITE_OK;
	     kind++) {
		struct packs *p = &r->of[kind];
		*p = (struct packs){ .spans = &a->packs[kind], .kind = kind };
		(void)snprintf(sql, sizeof(sql),
			       "SELECT id, data FROM %s WHERE id >= ?1 AND id < ?2 ORDER BY id",
			       usage_pack_tables[kind]);
		if (a->packs[kind].count)
			code = sqlite3_prepare_v2(a->db, sql, -1, &p->st, NULL);
	}
	return code;
}

static int scan_packs(struct asking *a)
{
	struct reading r = { .a = a };
	const struct word_list *l = &a->words.kinds[WORD_HOST];
	int code = prepare_packs(a, &r);
	if (code == SQLITE_OK && a->by & HOST_DIMS && !groups_order(&a->groups, l->groups))
		code = SQLITE_NOMEM;
	if (!has_few(a, WORD_HOST, HOST_DIMS))
		code = code == SQLITE_OK ? read_hosts(&r, 0, UINT32_MAX) : code;
	else
		for (uint32_t i = 0; i < l->count && code == SQLITE_OK; i++)
			if (l->list[i].passes)
				code = read_hosts(&r, l->list[i].id, l->list[i].id + 1ull);
	for (unsigned i = 0; i < PACK_KIND__COUNT; i++)
		(void)sqlite3_finalize(r.of[i].st);
	return code;
}

int usage_scan(struct asking *a)
{
	int code = scan_fresh(a) ? SQLITE_OK : SQLITE_NOMEM;
	for (size_t i = 0; i < a->piece_count && code == SQLITE_OK; i++)
		code = scan_table(a, &a->pieces[i]);
	if (code == SQLITE_OK && a->packs[PACK_DAYS].count + a->packs[PACK_HOURS].count)
		code = scan_packs(a);
	return code;
}
