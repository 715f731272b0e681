/*
 * store/usage_rows.c - see usage_file.h: the tables as they are and as they were, and what goes.
 */
#include <stdio.h>

#include "usage_file.h"

/* Of formats 1 to 3; the present ones have one more. */
#define COUNTS_3                                                                           \
 "up INTEGER, down INTEGER, clear INTEGER, named INTEGER, opaque INTEGER, flows INTEGER, " \
 "alerts INTEGER, verdicts INTEGER, first INTEGER, last INTEGER"
#define SCORE "score INTEGER DEFAULT 0"

/* As ALTER TABLE writes it, too: a column more before the key. */
#define COUNTERS(name, keys, order, counts) \
 "CREATE TABLE " name "(" keys ", " counts ", PRIMARY KEY(" order ")) WITHOUT ROWID"
#define NOW  COUNTS_3 ", " SCORE
#define THEN COUNTS_3

#define ALL_KEYS      "t INTEGER, host INTEGER, service INTEGER, place INTEGER, direction INTEGER"
#define ALL_ORDER     "t, host, service, place, direction"
#define HOST_KEYS     "host INTEGER, direction INTEGER"
#define SERVICE_KEYS  "service INTEGER, zone INTEGER, place INTEGER, direction INTEGER"
#define HOST_ORDER    "host, direction"
#define SERVICE_ORDER "service, zone, place, direction"

#define HOUR(counts)       COUNTERS("hour", ALL_KEYS, ALL_ORDER, counts)
#define DAY(counts)        COUNTERS("day", ALL_KEYS, ALL_ORDER, counts)
#define OF_HOST(name)      COUNTERS(name, "t INTEGER, " HOST_KEYS, "t, " HOST_ORDER, NOW)
#define OF_SERVICE(name)   COUNTERS(name, "t INTEGER, " SERVICE_KEYS, "t, " SERVICE_ORDER, NOW)
#define OF_HOST_3(name)    COUNTERS(name, HOST_KEYS ", t INTEGER", HOST_ORDER ", t", THEN)
#define OF_SERVICE_3(name) COUNTERS(name, SERVICE_KEYS ", t INTEGER", SERVICE_ORDER ", t", THEN)

#define SERVICE(risk)                                                                          \
 "CREATE TABLE service(id INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL, "      \
 "category TEXT NOT NULL, tenant TEXT NOT NULL, sanction INTEGER NOT NULL, first INTEGER NOT " \
 "NULL, last INTEGER NOT NULL" risk ", UNIQUE(name, tenant))"
#define RISK "risk INTEGER DEFAULT 0"
#define PLACE_3                                                                        \
 "CREATE TABLE place(id INTEGER PRIMARY KEY, country TEXT NOT NULL, network TEXT NOT " \
 "NULL, UNIQUE(country, network))"
#define PLACE                                                                          \
 "CREATE TABLE place(id INTEGER PRIMARY KEY, country TEXT NOT NULL, network TEXT NOT " \
 "NULL, tls TEXT NOT NULL, UNIQUE(country, network, tls))"
#define PACK      "CREATE TABLE pack(id INTEGER PRIMARY KEY, data BLOB NOT NULL)"
#define PACK_HOUR "CREATE TABLE pack_hour(id INTEGER PRIMARY KEY, data BLOB NOT NULL)"
#define ROLLED    "CREATE TABLE rolled(t INTEGER PRIMARY KEY)"
#define DAYS      "CREATE TABLE days(t INTEGER PRIMARY KEY)"
#define FRESH                                                                    \
 "CREATE TABLE fresh(id INTEGER PRIMARY KEY, count INTEGER NOT NULL, data BLOB " \
 "NOT NULL)"

const char *const usage_tables[TABLE__COUNT] = {
	[TABLE_HOUR] = HOUR(NOW),
	[TABLE_DAY] = DAY(NOW),
	[TABLE_DAY_HOST] = OF_HOST("day_host"),
	[TABLE_DAY_SERVICE] = OF_SERVICE("day_service"),
	[TABLE_WEEK_HOST] = OF_HOST("week_host"),
	[TABLE_WEEK_SERVICE] = OF_SERVICE("week_service"),
	[TABLE_ZONE] = "CREATE TABLE zone(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
	[TABLE_HOST] = "CREATE TABLE host(id INTEGER PRIMARY KEY, zone INTEGER NOT NULL, address "
		       "TEXT NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, first INTEGER NOT "
		       "NULL, last INTEGER NOT NULL, UNIQUE(zone, address, user))",
	[TABLE_SERVICE] = SERVICE(", " RISK),
	[TABLE_PLACE] = PLACE,
	[TABLE_PACK] = PACK,
	[TABLE_PACK_HOUR] = PACK_HOUR,
	[TABLE_ROLLED] = ROLLED,
	[TABLE_DAYS] = DAYS,
	[TABLE_FRESH] = FRESH,
};

const char *const usage_older_tables[USAGE_OLDER_TABLES] = {
	HOUR(THEN),
	DAY(THEN),
	OF_HOST_3("day_host"),
	OF_SERVICE_3("day_service"),
	OF_HOST_3("week_host"),
	OF_SERVICE_3("week_service"),
	"CREATE TABLE week(host INTEGER, service INTEGER, place INTEGER, direction INTEGER, t "
	"INTEGER, " THEN ", PRIMARY KEY(host, service, place, direction, t)) WITHOUT ROWID",
	SERVICE(""),
	PLACE_3,
	"CREATE TABLE packed(t INTEGER PRIMARY KEY)",
};

#define COUNT_NAMES "up, down, clear, named, opaque, flows, alerts, verdicts, first, last"
#define COUNT_SUMS                                                                    \
 "sum(up), sum(down), sum(clear), sum(named), sum(opaque), sum(flows), sum(alerts), " \
 "sum(verdicts), min(first), max(last)"
#define ADD_SCORE(table) "ALTER TABLE " table " ADD COLUMN " SCORE

/* In the order of the time first, which ranges are of; from is a copy, since a table that is given
 * another name has another text. */
#define TIME_FIRST(name, keys, create)                                                        \
 "CREATE TABLE copied AS SELECT t, " keys ", " COUNT_NAMES " FROM " name "; DROP TABLE " name \
 "; " create "; INSERT INTO " name "(t, " keys ", " COUNT_NAMES ") SELECT * FROM copied "     \
 "ORDER BY 1, 2, 3, 4, 5; DROP TABLE copied"
/* Sums of days, which are in the order of their keys but for the time. */
#define WEEKS(week, day, keys)                                                            \
 "INSERT INTO " week "(t, " keys ", " COUNT_NAMES ") SELECT t / 7, " keys ", " COUNT_SUMS \
 " FROM " day " GROUP BY " keys ", t / 7"

const struct file_step usage_steps[USAGE_FORMAT - 1] = {
	{ .from = 1, .sql = { OF_HOST_3("week_host"), OF_SERVICE_3("week_service") } },
	{ .from = 2, .sql = { NULL } }, /* 3 added what is made anew */
	{ .from = 3,
	  .sql = { "DROP TABLE week",
		   "DROP TABLE IF EXISTS pack",
		   "DROP TABLE IF EXISTS packed",
		   "DROP TABLE week_host",
		   "DROP TABLE week_service",
		   PACK,
		   PACK_HOUR,
		   ROLLED,
		   DAYS,
		   OF_HOST("week_host"),
		   OF_SERVICE("week_service"),
		   WEEKS("week_host", "day_host", HOST_ORDER),
		   WEEKS("week_service", "day_service", SERVICE_ORDER),
		   "INSERT INTO rolled(t) SELECT t + 1 FROM day ORDER BY t DESC LIMIT 1",
		   "WITH RECURSIVE d(t) AS (SELECT min(t) FROM day UNION ALL SELECT (SELECT "
		   "min(day.t) FROM day WHERE day.t > d.t) FROM d WHERE d.t NOTNULL) INSERT INTO "
		   "days SELECT t FROM d WHERE t NOTNULL",
		   ADD_SCORE("hour"),
		   ADD_SCORE("day"),
		   TIME_FIRST("day_host", HOST_ORDER, OF_HOST("day_host")),
		   TIME_FIRST("day_service", SERVICE_ORDER, OF_SERVICE("day_service")),
		   "ALTER TABLE service ADD COLUMN " RISK,
		   "CREATE TABLE places AS SELECT id, country, network FROM place",
		   "DROP TABLE place",
		   PLACE,
		   "INSERT INTO place SELECT id, country, network, '' FROM places; DROP TABLE places" } },
	{ .from = 4, .sql = { FRESH } },
};
_Static_assert(USAGE_WEEK == 7, "as in the steps");

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

uint64_t usage_first_hour(sqlite3 *db)
{
	uint64_t hour = usage_number(db, "SELECT min(t) FROM hour");
	if (!usage_number(db, "SELECT count(*) FROM (SELECT 1 FROM pack_hour LIMIT 1)"))
		return hour;
	uint64_t first = usage_number(db, "SELECT min(t) FROM days");
	uint64_t newest = usage_number(db, "SELECT max(t) FROM days");
	uint64_t kept = newest + 1 > USAGE_HOURS_DAYS ? newest + 1 - USAGE_HOURS_DAYS : 0;
	return (kept > first ? kept : first) * 24;
}

int usage_with_days(sqlite3 *db, const char *sql, uint64_t from, uint64_t to)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	if (code != SQLITE_OK)
		return code;
	(void)sqlite3_bind_int64(st, 1, usage_sqlite_number(from));
	(void)sqlite3_bind_int64(st, 2, usage_sqlite_number(to));
	code = sqlite3_step(st);
	int end = sqlite3_finalize(st);
	return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : end;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

int usage_forget(sqlite3 *db, uint64_t newest_day, uint32_t keep_days)
{
	uint64_t day = less(newest_day + 1, keep_days), week = day / USAGE_WEEK;
	uint64_t hour_day = less(newest_day + 1, USAGE_HOURS_DAYS);
	uint64_t oldest = usage_number(db, "SELECT min(t) FROM days");
	/* the oldest week may begin earlier, and needs their names */
	uint64_t seen_ns = less(day, USAGE_WEEK) * USAGE_DAY_S * 1000000000u;
	const struct {
		const char *sql;
		uint64_t before;
	} steps[] = {
		{ "DELETE FROM hour WHERE t < ?1", (hour_day > day ? hour_day : day) * 24 },
		{ "DELETE FROM day WHERE t < ?1", day },
		{ "DELETE FROM day_host WHERE t < ?1", day },
		{ "DELETE FROM day_service WHERE t < ?1", day },
		{ "DELETE FROM days WHERE t < ?1", day },
		{ "DELETE FROM host WHERE last < ?1", seen_ns },
		{ "DELETE FROM service WHERE last < ?1", seen_ns },
		{ "DELETE FROM week_host WHERE t < ?1", week },
		{ "DELETE FROM week_service WHERE t < ?1", week },
		{ "DELETE FROM pack WHERE id % 65536 < ?1", week },
		{ "DELETE FROM pack_hour WHERE id % 65536 < ?1", hour_day > day ? hour_day : day },
	};
	const size_t last = sizeof(steps) / sizeof(steps[0]) - 1;
	int code = SQLITE_OK;
	for (size_t i = 0; i <= last && code == SQLITE_OK; i++) {
		bool is_of_hours = i == 0 || i == last, is_of_weeks = steps[i].before == week;
		if (is_of_hours || (oldest < day && (!is_of_weeks || oldest / USAGE_WEEK < week)))
			code = usage_with_days(db, steps[i].sql, steps[i].before, 0);
	}
	return code == SQLITE_OK ?
		       sqlite3_exec(db, "PRAGMA incremental_vacuum(4096)", NULL, NULL, NULL) :
		       code;
}
