/*
 * store/usage_file.h - the tables of the usage database, and how rows come into them.
 *
 * What: rows come as they were handed over (usage_fresh.h), and into the tables later, thousands at
 * once.  Hosts, services, places and zones are numbered in tables of their own.  Counters stand in
 * six: by hour and by day, until the day is over and they go into packs (usage_packs.h); by day
 * once more without services, and without hosts; and these two by week of days since 1970.  A row
 * is added to hours and days in one transaction, so that they always agree; weeks have what the
 * days before that in `rolled` have. Ownership: of whoever has the database.  Threads: one at a
 * time.
 */
#ifndef EXFILD_SRC_STORE_USAGE_FILE_H
#define EXFILD_SRC_STORE_USAGE_FILE_H

#include "exfild/base/buf.h"
#include "exfild/store/usage.h"
#include "file.h"

#define USAGE_DAY_S  86400u
#define USAGE_WEEK   7u /* days */
#define USAGE_PAGE   16384u
#define USAGE_WAL    (8u << 20)
#define USAGE_FILEID 0x45784675 /* "ExFu" */

enum usage_table {
	TABLE_HOUR,
	TABLE_DAY,
	TABLE_DAY_HOST,
	TABLE_DAY_SERVICE,
	TABLE_WEEK_HOST,
	TABLE_WEEK_SERVICE,
	TABLE__COUNTERS,
	TABLE_ZONE = TABLE__COUNTERS,
	TABLE_HOST,
	TABLE_SERVICE,
	TABLE_PLACE,
	TABLE_PACK,
	TABLE_PACK_HOUR,
	TABLE_ROLLED, /* one row: days before it are in their weeks, later ones not yet */
	TABLE_DAYS,   /* that there is something of */
	TABLE_FRESH,
	TABLE__COUNT
};

/* What stands in them besides time and direction. */
#define TABLE_HAS_HOST(t)    ((t) != TABLE_DAY_SERVICE && (t) != TABLE_WEEK_SERVICE)
#define TABLE_HAS_SERVICE(t) ((t) != TABLE_DAY_HOST && (t) != TABLE_WEEK_HOST)

extern const char *const usage_tables[TABLE__COUNT];
/* Of earlier formats, where they were others. */
#define USAGE_OLDER_TABLES 10
extern const char *const usage_older_tables[USAGE_OLDER_TABLES];
extern const struct file_step usage_steps[USAGE_FORMAT - 1];

/* A row that was taken out again; its texts stay where they were. */
struct usage_packed {
	struct usage_host host;
	struct usage_service service;
	struct usage_place place;
	struct usage_row row;
};

/* False: there is no room, and nothing of it was added. */
bool usage_pack(struct buf *b, const struct usage_row *row);
/* One row of what usage_pack() made; *at goes behind it.  False: it is none. */
bool usage_unpack(const char **at, const char *stop, struct usage_packed *ret);

/* All that is older than so many days before the newest; hours than USAGE_HOURS_DAYS. */
int usage_forget(sqlite3 *db, uint64_t newest_day, uint32_t keep_days);
/* As SQLite has numbers: what is too large is the largest. */
static inline int64_t usage_sqlite_number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}
/* ?1, ?2; SQLite's code. */
int usage_with_days(sqlite3 *db, const char *sql, uint64_t from, uint64_t to);
/* The first hour of which hours are kept; 0: there is none. */
uint64_t usage_first_hour(sqlite3 *db);
/* The first number of the first row; 0: none. */
uint64_t usage_number(sqlite3 *db, const char *sql);

#endif
