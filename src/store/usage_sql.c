/*
 * store/usage_sql.c - a question as SQL.
 *
 * A range is made of pieces: whole days (or, over months, whole weeks) from the smallest table that
 * knows what is asked for, and its edges from the hours or days.  Each piece is added up by numbers
 * in the order of its table; only what is left of it meets the names.
 */
#include <stdio.h>
#include <string.h>

#include "usage_db.h"

#define DAY_HOURS  24u
#define T_END      4000000u /* in any unit: after all that is known */
#define BY(dim)    (1u << USAGE_BY_##dim)
#define HOST_DIMS  (BY(HOST) | BY(USER))
#define NAME_DIMS  (BY(SERVICE) | BY(TENANT) | BY(CATEGORY) | BY(SANCTION))
#define PLACE_DIMS (BY(COUNTRY) | BY(AS))

static const char *const table_names[TABLE__COUNTERS] = {
	"hour", "day", "week", "day_host", "day_service", "week_host", "week_service",
};

/* What a row of the answer says of a dimension, and what makes it one. */
static const struct {
	const char *shown, *grouped;
} columns[USAGE_BY__COUNT] = {
	[USAGE_BY_HOUR] = { "strftime('%Y-%m-%d %H:00', f.t * 3600, 'unixepoch')", "f.t" },
	[USAGE_BY_DAY] = { "date(f.t * 86400, 'unixepoch')", "f.t" },
	[USAGE_BY_ZONE] = { "z.name", "z.name" },
	[USAGE_BY_HOST] = { "h.address", "h.address" },
	[USAGE_BY_USER] = { "h.user", "h.user" },
	[USAGE_BY_SERVICE] = { "s.name", "s.name" },
	[USAGE_BY_TENANT] = { "s.tenant", "s.tenant" },
	[USAGE_BY_CATEGORY] = { "s.category", "s.category" },
	[USAGE_BY_COUNTRY] = { "p.country", "p.country" },
	[USAGE_BY_AS] = { "p.network", "p.network" },
	[USAGE_BY_DIRECTION] = { "f.direction", "f.direction" },
	[USAGE_BY_SANCTION] = { "s.sanction", "s.sanction" },
};

/* Within a sum SQLite would take the names for those of single rows. */
static const char *const order_columns[USAGE_ORDER__COUNT] = {
	"up",     "down",   "sum(f.up) + sum(f.down)",
	"flows",  "alerts", "clear",
	"opaque", "first",  "last",
	"seen",   "1",
};

/* ---- which tables ---- */

static void add_piece(struct asking *a, enum usage_table table, uint64_t from, uint64_t to)
{
	if (from < to && a->piece_count < USAGE_PIECES)
		a->pieces[a->piece_count++] = (struct piece){ table, from, to };
}

static enum usage_table table_of_days(const struct asking *a)
{
	bool needs_host = (a->used & HOST_DIMS) != 0;
	bool needs_name = (a->used & (NAME_DIMS | PLACE_DIMS)) != 0;
	if (!needs_host)
		return TABLE_DAY_SERVICE;
	return needs_name ? TABLE_DAY : TABLE_DAY_HOST;
}

/* The same by weeks; a file of format 1 has that of TABLE_DAY alone. */
static enum usage_table weeks_of(enum usage_table days)
{
	return days == TABLE_DAY_HOST    ? TABLE_WEEK_HOST :
	       days == TABLE_DAY_SERVICE ? TABLE_WEEK_SERVICE :
					   TABLE_WEEK;
}

static void cover_days(struct asking *a, uint64_t from, uint64_t to)
{
	enum usage_table table = table_of_days(a), weeks = weeks_of(table);
	uint64_t week = (from + USAGE_WEEK - 1) / USAGE_WEEK;
	uint64_t end = to >= T_END ? T_END : to / USAGE_WEEK;
	bool has_weeks = table == TABLE_DAY || a->format > 1;
	if (!has_weeks || a->q->by & BY(DAY) || week >= end) {
		add_piece(a, table, from, to);
		return;
	}
	add_piece(a, table, from, week * USAGE_WEEK);
	add_piece(a, weeks, week, end);
	if (to < T_END)
		add_piece(a, table, end * USAGE_WEEK, to);
}

static uint64_t up(uint64_t a, uint64_t unit)
{
	return (a + unit - 1) / unit;
}

static void cover(struct asking *a, sqlite3 *db)
{
	const struct usage_query *q = a->q;
	uint64_t from_hour = q->since_s / 3600;
	uint64_t to_hour = q->until_s ? up(q->until_s, 3600) : T_END;
	if (q->by & BY(HOUR)) {
		add_piece(a, TABLE_HOUR, from_hour, to_hour);
		return;
	}
	uint64_t kept = usage_number(db, "SELECT min(t) FROM hour"); /* hours of before are not */
	uint64_t from = up(from_hour, DAY_HOURS);
	uint64_t to = q->until_s ? to_hour / DAY_HOURS : T_END;
	bool has_first = from_hour % DAY_HOURS != 0, has_last = q->until_s && to_hour % DAY_HOURS;
	if (has_first && from_hour < kept) {
		from--;
		has_first = false;
	}
	if (has_last && to * DAY_HOURS < kept) {
		to++;
		has_last = false;
	}
	if (from > to) { /* within a day */
		add_piece(a, TABLE_HOUR, from_hour, to_hour);
		return;
	}
	if (has_first)
		add_piece(a, TABLE_HOUR, from_hour, from * DAY_HOURS);
	cover_days(a, from, to);
	if (has_last)
		add_piece(a, TABLE_HOUR, to * DAY_HOURS, to_hour);
}

/* ---- conditions ---- */

/* The numbers of a filter's values; %s: a condition on the text. */
static const char *numbers_of(enum usage_dim dim, enum usage_table table)
{
	switch (dim) {
	case USAGE_BY_ZONE:
		return TABLE_HAS_HOST(table) ?
			       "f.host IN (SELECT id FROM host WHERE zone IN (SELECT id FROM zone "
			       "WHERE %s))" :
			       "f.zone IN (SELECT id FROM zone WHERE %s)";
	case USAGE_BY_HOST:
	case USAGE_BY_USER:
		return "f.host IN (SELECT id FROM host WHERE %s)";
	case USAGE_BY_COUNTRY:
	case USAGE_BY_AS:
		return "f.place IN (SELECT id FROM place WHERE %s)";
	case USAGE_BY_DIRECTION:
		return "%s";
	default:
		return "f.service IN (SELECT id FROM service WHERE %s)";
	}
}

static const char *text_column(enum usage_dim dim)
{
	switch (dim) {
	case USAGE_BY_HOST:
		return "address";
	case USAGE_BY_AS:
		return "network";
	case USAGE_BY_ZONE:
	case USAGE_BY_SERVICE:
		return "name";
	case USAGE_BY_DIRECTION:
		return "f.direction";
	default:
		return usage_dim_name(dim);
	}
}

static void put_filter(struct asking *a, size_t at, enum usage_table table)
{
	const struct usage_filter *f = &a->q->filters[at];
	char condition[160];
	const char *column = text_column(f->dim);
	unsigned n = (unsigned)at + 1;
	if (is_beginning(f))
		(void)snprintf(condition, sizeof(condition), "substr(%s, 1, length(?%u)) = ?%u",
			       column, n, n);
	else
		(void)snprintf(condition, sizeof(condition), "%s = ?%u", column, n);
	const char *form = numbers_of(f->dim, table);
	const char *hole = strstr(form, "%s");
	buf_add(&a->sql, form, (size_t)(hole - form));
	buf_str(&a->sql, condition);
	buf_str(&a->sql, hole + 2);
}

/* Alternatives within a dimension; what is not wanted is left out one by one. */
static void put_filters(struct asking *a, enum usage_table table, uint32_t dims)
{
	const struct usage_query *q = a->q;
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++) {
		bool has_any = false;
		for (size_t i = 0; i < q->filter_count; i++) {
			if (q->filters[i].dim != dim || q->filters[i].is_not || !(dims & 1u << dim))
				continue;
			buf_str(&a->sql, has_any ? " OR " : " AND (");
			put_filter(a, i, table);
			has_any = true;
		}
		if (has_any)
			buf_char(&a->sql, ')');
	}
	for (size_t i = 0; i < q->filter_count; i++) {
		if (!q->filters[i].is_not || !(dims & 1u << q->filters[i].dim))
			continue;
		buf_str(&a->sql, " AND NOT ");
		put_filter(a, i, table);
	}
}

/* ---- pieces ---- */

struct id_column {
	const char *name;
	bool is_used; /* it is grouped by; else 0 stands for it */
};

static bool is_host_named(const struct usage_query *q)
{
	for (size_t i = 0; i < q->filter_count; i++)
		if (q->filters[i].dim == USAGE_BY_HOST && !q->filters[i].is_not)
			return true;
	return false;
}

/* One host in tables that begin with the time: each time is looked up, and not all between. */
static void put_source(struct asking *a, const struct piece *p, sqlite3 *db)
{
	char sql[64];
	bool begins_with_time = p->table == TABLE_HOUR || p->table == TABLE_DAY;
	if (!begins_with_time || (!is_host_named(a->q) && !a->host_ids.len)) {
		buf_printf(&a->sql, "%s f WHERE f.t >= %llu AND f.t < %llu", table_names[p->table],
			   (unsigned long long)p->from, (unsigned long long)p->to);
		return;
	}
	(void)snprintf(sql, sizeof(sql), "SELECT min(t) FROM %s", table_names[p->table]);
	uint64_t first = usage_number(db, sql);
	(void)snprintf(sql, sizeof(sql), "SELECT max(t) FROM %s", table_names[p->table]);
	uint64_t last = usage_number(db, sql);
	first = p->from > first ? p->from : first;
	last = p->to - 1 < last ? p->to - 1 : last;
	buf_printf(&a->sql,
		   "(WITH RECURSIVE d(t) AS (SELECT %llu UNION ALL SELECT t + 1 FROM d WHERE t < "
		   "%llu) SELECT t FROM d) d CROSS JOIN %s f ON f.t = d.t WHERE 1",
		   (unsigned long long)first, (unsigned long long)last, table_names[p->table]);
}

static void put_piece(struct asking *a, const struct piece *p, sqlite3 *db)
{
	uint32_t by = a->q->by;
	bool has_host = TABLE_HAS_HOST(p->table);
	const struct id_column ids[] = {
		{ "host", has_host && by & (HOST_DIMS | BY(ZONE)) },
		{ "service", TABLE_HAS_SERVICE(p->table) && by & NAME_DIMS },
		{ "zone", !has_host && by & BY(ZONE) },
		{ "place", TABLE_HAS_SERVICE(p->table) && by & PLACE_DIMS },
		{ "direction", (by & BY(DIRECTION)) != 0 },
	};
	const size_t count = sizeof(ids) / sizeof(ids[0]);
	bool has_time = (by & (BY(HOUR) | BY(DAY))) != 0;
	const char *time = by & BY(DAY) && p->table == TABLE_HOUR ? "f.t / 24" : "f.t";
	buf_str(&a->sql, "SELECT ");
	for (size_t i = 0; i < count; i++) {
		buf_str(&a->sql, ids[i].is_used ? "f." : "0 AS ");
		buf_printf(&a->sql, "%s, ", ids[i].name);
	}
	buf_printf(&a->sql,
		   "%s AS t, sum(up) AS up, sum(down) AS down, sum(clear) AS clear, sum(named) AS "
		   "named, sum(opaque) AS opaque, sum(flows) AS flows, sum(alerts) AS alerts, "
		   "sum(verdicts) AS verdicts, min(first) AS first, max(last) AS last FROM ",
		   has_time ? time : "0");
	put_source(a, p, db);
	put_filters(a, p->table, UINT32_MAX);
	if (has_host && a->host_ids.len)
		buf_printf(&a->sql, " AND f.host IN (%s)", a->host_ids.data);
	if (TABLE_HAS_SERVICE(p->table) && a->service_ids.len)
		buf_printf(&a->sql, " AND f.service IN (%s)", a->service_ids.data);
	const char *before = " GROUP BY ";
	for (size_t i = 0; i < count; i++) {
		if (!ids[i].is_used)
			continue;
		buf_printf(&a->sql, "%sf.%s", before, ids[i].name);
		before = ", ";
	}
	if (has_time)
		buf_printf(&a->sql, "%s%s", before, time);
}

/* ---- the whole ---- */

static void put_select(struct asking *a)
{
	uint32_t by = a->q->by;
	const char *seen = by & NAME_DIMS ? "min(s.first)" :
			   by & HOST_DIMS ? "min(h.first)" :
					    "min(f.first)";
	buf_str(&a->sql, "SELECT ");
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++)
		if (by & 1u << dim)
			buf_printf(&a->sql, "%s, ", columns[dim].shown);
	buf_printf(&a->sql,
		   "%s, %s, sum(f.up) AS up, sum(f.down) AS down, sum(f.clear) AS clear, "
		   "sum(f.named) AS named, sum(f.opaque) AS opaque, sum(f.flows) AS flows, "
		   "sum(f.alerts) AS alerts, sum(f.verdicts) AS verdicts, min(f.first) AS first, "
		   "max(f.last) AS last, %s AS seen FROM (",
		   by & BY(SERVICE) ? "max(s.title)" : "''", by & BY(HOST) ? "max(h.name)" : "''",
		   seen);
}

static void put_order(struct asking *a)
{
	const struct usage_query *q = a->q;
	const char *before = " ORDER BY ";
	if (q->order != USAGE_ORDER_KEY) {
		buf_printf(&a->sql, "%s%s %s", before, order_columns[q->order],
			   q->is_rising ? "ASC" : "DESC");
		before = ", ";
	}
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++) {
		if (!(q->by & 1u << dim))
			continue;
		buf_printf(&a->sql, "%s%s%s", before, columns[dim].grouped,
			   q->order == USAGE_ORDER_KEY && q->is_rising ? " DESC" : "");
		before = ", ";
	}
	if (q->limit)
		buf_printf(&a->sql, " LIMIT %u", q->limit);
}

static void put_all(struct asking *a, sqlite3 *db)
{
	const struct usage_query *q = a->q;
	put_select(a);
	for (size_t i = 0; i < a->piece_count; i++) {
		if (i)
			buf_str(&a->sql, " UNION ALL ");
		put_piece(a, &a->pieces[i], db);
	}
	buf_str(&a->sql, ") f");
	if (q->by & (HOST_DIMS | BY(ZONE)))
		buf_str(&a->sql, " LEFT JOIN host h ON h.id = f.host");
	if (q->by & BY(ZONE))
		buf_str(&a->sql,
			" LEFT JOIN zone z ON z.id = CASE WHEN f.zone > 0 THEN f.zone ELSE "
			"h.zone END");
	if (q->by & NAME_DIMS)
		buf_str(&a->sql, " LEFT JOIN service s ON s.id = f.service");
	if (q->by & PLACE_DIMS)
		buf_str(&a->sql, " LEFT JOIN place p ON p.id = f.place");
	const char *before = " GROUP BY ";
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++) {
		if (!(q->by & 1u << dim))
			continue;
		buf_printf(&a->sql, "%s%s", before, columns[dim].grouped);
		before = ", ";
	}
	if (q->by && q->new_since_s)
		buf_printf(&a->sql, " HAVING seen >= %llu",
			   (unsigned long long)q->new_since_s * 1000000000u);
	put_order(a);
}

bool usage_cover(struct asking *a, sqlite3 *db)
{
	cover(a, db);
	return a->piece_count > 0;
}

void usage_sql(struct asking *a, sqlite3 *db)
{
	put_all(a, db);
}

void usage_sql_rows(struct asking *a, const struct piece *p, const char *value, sqlite3 *db)
{
	bool is_hours = a->q->by & BY(DAY) && p->table == TABLE_HOUR;
	buf_printf(&a->sql, "SELECT f.host, f.service, f.place, f.direction, %s, %s FROM ",
		   is_hours ? "f.t / 24" : "f.t", value);
	put_source(a, p, db);
	put_filters(a, p->table, UINT32_MAX);
}

void usage_sql_passing(struct asking *a, uint32_t dims, const char *column, const char *from)
{
	buf_printf(&a->sql, "SELECT f.%s FROM %s f WHERE 1", column, from);
	put_filters(a, TABLE_WEEK, dims);
}
