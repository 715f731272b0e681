/*
 * store/usage_file.h - the tables of the usage database, and how rows come into them.
 *
 * What: hosts, services, places and zones are numbered in tables of their own.  Counters stand in
 * seven: by hour; by day; by week of days since 1970 (answers over months, in the order of host and
 * service); and days and weeks once more without services, and without hosts.  A row is added to
 * all of them in one transaction, so that they always agree.
 * Ownership: of whoever has the database.  Threads: one at a time.
 */
#ifndef EXFILD_SRC_STORE_USAGE_FILE_H
#define EXFILD_SRC_STORE_USAGE_FILE_H

#include "exfild/base/buf.h"
#include "exfild/store/usage.h"
#include "file.h"

#define USAGE_DAY_S  86400u
#define USAGE_WEEK   7u /* days */
#define USAGE_PAGE   4096u
#define USAGE_WAL    (8u << 20)
#define USAGE_FILEID 0x45784675 /* "ExFu" */

enum usage_table {
	TABLE_HOUR,
	TABLE_DAY,
	TABLE_WEEK,
	TABLE_DAY_HOST,
	TABLE_DAY_SERVICE,
	TABLE_WEEK_HOST,
	TABLE_WEEK_SERVICE,
	TABLE__COUNTERS,
	TABLE_ZONE = TABLE__COUNTERS,
	TABLE_HOST,
	TABLE_SERVICE,
	TABLE_PLACE,
	TABLE_PACK,   /* weeks that are over, a host's rows in one: usage_packs.h */
	TABLE_PACKED, /* which weeks these are */
	TABLE__COUNT
};

/* What stands in them besides time and direction. */
#define TABLE_HAS_HOST(t)    ((t) != TABLE_DAY_SERVICE && (t) != TABLE_WEEK_SERVICE)
#define TABLE_HAS_SERVICE(t) ((t) != TABLE_DAY_HOST && (t) != TABLE_WEEK_HOST)

extern const char *const usage_tables[TABLE__COUNT];
/* From format 1, in which the weeks without services and without hosts were not yet; 2 had no
 * packs. */
extern const struct file_step usage_steps[USAGE_FORMAT - 1];

/* A row on its way: texts and numbers in their place. */
struct usage_words {
	sqlite3_stmt *add[TABLE__COUNT];
	uint64_t packed_until; /* weeks from here on are not packed */
};

/* A row that was packed; its texts stay where they were. */
struct usage_packed {
	struct usage_host host;
	struct usage_service service;
	struct usage_place place;
	struct usage_row row;
};

/* False: there is no room, and nothing of it was added. */
bool usage_pack(struct buf *b, const struct usage_row *row);
/* One row of what usage_pack() made of ours; *at goes behind it. */
void usage_unpack(const char **at, struct usage_packed *ret);

/* SQLite's codes. */
int usage_words_prepare(sqlite3 *db, struct usage_words *w);
void usage_words_finalize(struct usage_words *w);
int usage_words_add(const struct usage_words *w, const struct usage_row *row);
/* All that is older than so many days before the newest; hours than USAGE_HOURS_DAYS. */
int usage_forget(sqlite3 *db, uint64_t newest_day, uint32_t keep_days);
/* The first number of the first row; 0: none. */
uint64_t usage_number(sqlite3 *db, const char *sql);

#endif
