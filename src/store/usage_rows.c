/*
 * store/usage_rows.c - see usage_file.h.
 */
#include <stdio.h>
#include <string.h>

#include "usage_file.h"

#define COUNTS                                                                             \
 "up INTEGER, down INTEGER, clear INTEGER, named INTEGER, opaque INTEGER, flows INTEGER, " \
 "alerts INTEGER, verdicts INTEGER, first INTEGER, last INTEGER"

#define WEEK_HOST                                                             \
 "CREATE TABLE week_host(host INTEGER, direction INTEGER, t INTEGER, " COUNTS \
 ", PRIMARY KEY(host, direction, t)) WITHOUT ROWID"
#define WEEK_SERVICE                                                                  \
 "CREATE TABLE week_service(service INTEGER, zone INTEGER, place INTEGER, direction " \
 "INTEGER, t INTEGER, " COUNTS ", PRIMARY KEY(service, zone, place, direction, t)) WITHOUT ROWID"

#define PACK   "CREATE TABLE pack(id INTEGER PRIMARY KEY, data BLOB NOT NULL)"
#define PACKED "CREATE TABLE packed(t INTEGER PRIMARY KEY)"

const char *const usage_tables[TABLE__COUNT] = {
	[TABLE_HOUR] = "CREATE TABLE hour(t INTEGER, host INTEGER, service INTEGER, place INTEGER, "
		       "direction INTEGER, " COUNTS
		       ", PRIMARY KEY(t, host, service, place, direction)) WITHOUT ROWID",
	[TABLE_DAY] = "CREATE TABLE day(t INTEGER, host INTEGER, service INTEGER, place INTEGER, "
		      "direction INTEGER, " COUNTS
		      ", PRIMARY KEY(t, host, service, place, direction)) WITHOUT ROWID",
	[TABLE_WEEK] = "CREATE TABLE week(host INTEGER, service INTEGER, place INTEGER, "
		       "direction INTEGER, t INTEGER, " COUNTS
		       ", PRIMARY KEY(host, service, place, direction, t)) WITHOUT ROWID",
	[TABLE_DAY_HOST] =
		"CREATE TABLE day_host(host INTEGER, direction INTEGER, t INTEGER, " COUNTS
		", PRIMARY KEY(host, direction, t)) WITHOUT ROWID",
	[TABLE_DAY_SERVICE] =
		"CREATE TABLE day_service(service INTEGER, zone INTEGER, place INTEGER, "
		"direction INTEGER, t INTEGER, " COUNTS
		", PRIMARY KEY(service, zone, place, direction, t)) WITHOUT ROWID",
	[TABLE_WEEK_HOST] = WEEK_HOST,
	[TABLE_WEEK_SERVICE] = WEEK_SERVICE,
	[TABLE_ZONE] = "CREATE TABLE zone(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
	[TABLE_HOST] = "CREATE TABLE host(id INTEGER PRIMARY KEY, zone INTEGER NOT NULL, address "
		       "TEXT NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, first INTEGER NOT "
		       "NULL, last INTEGER NOT NULL, UNIQUE(zone, address, user))",
	[TABLE_SERVICE] =
		"CREATE TABLE service(id INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT "
		"NULL, category TEXT NOT NULL, tenant TEXT NOT NULL, sanction INTEGER NOT NULL, "
		"first INTEGER NOT NULL, last INTEGER NOT NULL, UNIQUE(name, tenant))",
	[TABLE_PLACE] =
		("CREATE TABLE place(id INTEGER PRIMARY KEY, country TEXT NOT NULL, network "
		 "TEXT NOT NULL, UNIQUE(country, network))"),
	[TABLE_PACK] = PACK,
	[TABLE_PACKED] = PACKED,
};

#define COUNT_NAMES "up, down, clear, named, opaque, flows, alerts, verdicts, first, last"
/* ?10 to ?19 in every statement */
#define COUNT_MARKS "?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19"
#define COUNT_MORE                                                                      \
 "up = up + excluded.up, down = down + excluded.down, clear = clear + excluded.clear, " \
 "named = named + excluded.named, opaque = opaque + excluded.opaque, "                  \
 "flows = flows + excluded.flows, alerts = alerts + excluded.alerts, "                  \
 "verdicts = verdicts + excluded.verdicts, first = min(first, excluded.first), "        \
 "last = max(last, excluded.last)"
#define ADD(table, columns, marks)                                                    \
 "INSERT INTO " table "(" columns ", " COUNT_NAMES ") VALUES(" marks ", " COUNT_MARKS \
 ") ON CONFLICT DO UPDATE SET " COUNT_MORE

#define COUNT_SUMS                                                                    \
 "sum(up), sum(down), sum(clear), sum(named), sum(opaque), sum(flows), sum(alerts), " \
 "sum(verdicts), min(first), max(last)"

/* Days are in the order of their keys but for the time: sums of a few rows each. */
const struct file_step usage_steps[USAGE_FORMAT - 1] = {
	{ .from = 1,
	  .sql = { WEEK_HOST, WEEK_SERVICE,
		   "INSERT INTO week_host SELECT host, direction, t / 7, " COUNT_SUMS
		   " FROM day_host GROUP BY host, direction, t / 7",
		   "INSERT INTO week_service SELECT service, zone, place, direction, t / 7, " COUNT_SUMS
		   " FROM day_service GROUP BY service, zone, place, direction, t / 7" } },
	{ .from = 2, .sql = { PACK, PACKED } },
};
_Static_assert(USAGE_WEEK == 7, "as in the steps");

static const char *const words[TABLE__COUNT] = {
	[TABLE_HOUR] = ADD("hour", "t, host, service, place, direction", "?1, ?2, ?3, ?4, ?5"),
	[TABLE_DAY] = ADD("day", "t, host, service, place, direction", "?1, ?2, ?3, ?4, ?5"),
	[TABLE_WEEK] = ADD("week", "t, host, service, place, direction", "?1, ?2, ?3, ?4, ?5"),
	[TABLE_DAY_HOST] = ADD("day_host", "t, host, direction", "?1, ?2, ?5"),
	[TABLE_DAY_SERVICE] =
		ADD("day_service", "t, service, zone, place, direction", "?1, ?3, ?6, ?4, ?5"),
	[TABLE_WEEK_HOST] = ADD("week_host", "t, host, direction", "?1, ?2, ?5"),
	[TABLE_WEEK_SERVICE] =
		ADD("week_service", "t, service, zone, place, direction", "?1, ?3, ?6, ?4, ?5"),
	[TABLE_ZONE] = "INSERT INTO zone(name) VALUES(?1) ON CONFLICT DO UPDATE SET name = name "
		       "RETURNING id",
	[TABLE_HOST] =
		"INSERT INTO host(zone, address, user, name, first, last) VALUES(?1, ?2, ?3, ?4, "
		"?5, ?6) ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = "
		"max(last, excluded.last), name = CASE WHEN length(excluded.name) > 0 THEN "
		"excluded.name ELSE name END RETURNING id",
	[TABLE_SERVICE] =
		"INSERT INTO service(name, title, category, tenant, sanction, first, last) "
		"VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET first = min(first, "
		"excluded.first), last = max(last, excluded.last), title = excluded.title, "
		"category = excluded.category, sanction = excluded.sanction RETURNING id",
	[TABLE_PLACE] = "INSERT INTO place(country, network) VALUES(?1, ?2) ON CONFLICT DO UPDATE "
			"SET country = country RETURNING id",
	[TABLE_PACK] = "REPLACE INTO pack(id, data) VALUES(?1, ?2)",
	[TABLE_PACKED] = "DELETE FROM packed WHERE t = ?1",
};

int usage_words_prepare(sqlite3 *db, struct usage_words *w)
{
	int code = SQLITE_OK;
	memset(w, 0, sizeof(*w));
	for (unsigned i = 0; i < TABLE__COUNT && code == SQLITE_OK; i++)
		code = sqlite3_prepare_v3(db, words[i], -1, SQLITE_PREPARE_PERSISTENT, &w->add[i],
					  NULL);
	w->packed_until = usage_number(db, "SELECT max(t) + 1 FROM packed");
	return code;
}

void usage_words_finalize(struct usage_words *w)
{
	for (unsigned i = 0; i < TABLE__COUNT; i++) {
		(void)sqlite3_finalize(w->add[i]);
		w->add[i] = NULL;
	}
}

/* Cut, but within no character of UTF-8. */
static void bind_text(sqlite3_stmt *st, int at, const char *text)
{
	size_t len = strnlen(text, USAGE_TEXT_MAX + 1);
	if (len > USAGE_TEXT_MAX) {
		len = USAGE_TEXT_MAX;
		while (len > USAGE_TEXT_MAX - 3 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	(void)sqlite3_bind_text(st, at, text, (int)len, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *st, int at, uint64_t n)
{
	(void)sqlite3_bind_int64(st, at, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

/* The number of what a statement has found or made. */
static int take_id(sqlite3_stmt *st, int64_t *ret)
{
	int code = sqlite3_step(st);
	if (code == SQLITE_ROW) {
		*ret = sqlite3_column_int64(st, 0);
		code = sqlite3_step(st);
	}
	int end = sqlite3_reset(st);
	return code == SQLITE_DONE ? SQLITE_OK : end != SQLITE_OK ? end : SQLITE_ERROR;
}

struct row_ids {
	int64_t zone, host, service, place;
};

static int find_ids(const struct usage_words *w, const struct usage_row *row, struct row_ids *ret)
{
	const struct usage_counts *n = &row->counts;
	sqlite3_stmt *zone = w->add[TABLE_ZONE], *host = w->add[TABLE_HOST];
	sqlite3_stmt *service = w->add[TABLE_SERVICE], *place = w->add[TABLE_PLACE];
	bind_text(zone, 1, row->host->zone);
	int code = take_id(zone, &ret->zone);
	if (code != SQLITE_OK)
		return code;
	(void)sqlite3_bind_int64(host, 1, ret->zone);
	bind_text(host, 2, row->host->address);
	bind_text(host, 3, row->host->user);
	bind_text(host, 4, row->host->name);
	bind_number(host, 5, n->first_ns);
	bind_number(host, 6, n->last_ns);
	code = take_id(host, &ret->host);
	if (code != SQLITE_OK)
		return code;
	bind_text(service, 1, row->service->name);
	bind_text(service, 2, row->service->title);
	bind_text(service, 3, row->service->category);
	bind_text(service, 4, row->service->tenant);
	bind_number(service, 5, row->service->sanction);
	bind_number(service, 6, n->first_ns);
	bind_number(service, 7, n->last_ns);
	code = take_id(service, &ret->service);
	if (code != SQLITE_OK)
		return code;
	bind_text(place, 1, row->place->country);
	bind_text(place, 2, row->place->as);
	return take_id(place, &ret->place);
}

static void bind_counts(sqlite3_stmt *st, const struct usage_counts *n)
{
	const uint64_t values[] = { n->up,    n->down,   n->clear,    n->named,    n->opaque,
				    n->flows, n->alerts, n->verdicts, n->first_ns, n->last_ns };
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		bind_number(st, 10 + (int)i, values[i]);
}

/* A row of a week that is packed: the packs are not all of it any more. */
static int unpack_week(const struct usage_words *w, uint64_t week)
{
	sqlite3_stmt *st = w->add[TABLE_PACKED];
	if (week >= w->packed_until)
		return SQLITE_OK;
	bind_number(st, 1, week);
	int code = sqlite3_step(st);
	int end = sqlite3_reset(st);
	return code == SQLITE_DONE ? SQLITE_OK : end;
}

int usage_words_add(const struct usage_words *w, const struct usage_row *row)
{
	struct row_ids id = { 0 };
	uint64_t day = row->hour_s / USAGE_DAY_S;
	int code = unpack_week(w, day / USAGE_WEEK);
	if (code == SQLITE_OK)
		code = find_ids(w, row, &id);
	const uint64_t times[TABLE__COUNTERS] = { [TABLE_HOUR] = row->hour_s / 3600,
						  [TABLE_DAY] = day,
						  [TABLE_WEEK] = day / USAGE_WEEK,
						  [TABLE_DAY_HOST] = day,
						  [TABLE_DAY_SERVICE] = day,
						  [TABLE_WEEK_HOST] = day / USAGE_WEEK,
						  [TABLE_WEEK_SERVICE] = day / USAGE_WEEK };
	for (unsigned i = 0; i < TABLE__COUNTERS && code == SQLITE_OK; i++) {
		sqlite3_stmt *st = w->add[i];
		bind_number(st, 1, times[i]);
		/* each has some of these */
		if (TABLE_HAS_HOST(i))
			(void)sqlite3_bind_int64(st, 2, id.host);
		if (TABLE_HAS_SERVICE(i)) {
			(void)sqlite3_bind_int64(st, 3, id.service);
			(void)sqlite3_bind_int64(st, 4, id.place);
		}
		bind_number(st, 5, row->direction);
		if (!TABLE_HAS_HOST(i))
			(void)sqlite3_bind_int64(st, 6, id.zone);
		bind_counts(st, &row->counts);
		code = sqlite3_step(st);
		int end = sqlite3_reset(st);
		code = code == SQLITE_DONE ? SQLITE_OK : end;
	}
	return code;
}

uint64_t usage_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t number = 0;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		number = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return number > 0 ? (uint64_t)number : 0;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

int usage_forget(sqlite3 *db, uint64_t newest_day, uint32_t keep_days)
{
	char sql[1280];
	uint64_t day = less(newest_day + 1, keep_days);
	uint64_t hour_day = less(newest_day + 1, USAGE_HOURS_DAYS);
	/* the oldest week may begin earlier, and needs their names */
	uint64_t seen_ns = less(day, USAGE_WEEK) * USAGE_DAY_S * 1000000000u;
	(void)snprintf(sql, sizeof(sql),
		       "DELETE FROM hour WHERE t < %llu; DELETE FROM day WHERE t < %llu; "
		       "DELETE FROM day_host WHERE t < %llu; DELETE FROM day_service WHERE t < "
		       "%llu; DELETE FROM week WHERE t < %llu; DELETE FROM week_host WHERE t < "
		       "%llu; DELETE FROM week_service WHERE t < %llu; "
		       "DELETE FROM pack WHERE id %% 65536 < %llu; DELETE FROM packed WHERE t < "
		       "%llu; "
		       "DELETE FROM host WHERE last < %llu; DELETE FROM service WHERE last < %llu; "
		       "PRAGMA incremental_vacuum(4096)",
		       (unsigned long long)(hour_day > day ? hour_day : day) * 24,
		       (unsigned long long)day, (unsigned long long)day, (unsigned long long)day,
		       (unsigned long long)day / USAGE_WEEK, (unsigned long long)day / USAGE_WEEK,
		       (unsigned long long)day / USAGE_WEEK, (unsigned long long)day / USAGE_WEEK,
		       (unsigned long long)day / USAGE_WEEK, (unsigned long long)seen_ns,
		       (unsigned long long)seen_ns);
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}
