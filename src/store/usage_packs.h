/*
 * store/usage_packs.h - what is over: a host's days of a week, its hours of a day, in one entry.
 *
 * What: ten thousand hosts with a dozen services a day are ten million rows in 90 days, and to step
 * through them one by one takes SQLite seconds and a gigabyte.  The rows of a day that is over go
 * into packs, column by column: one for each host and week from the table `day`, one for each host
 * and day from `hour`.  A row is in its table or in a pack, never in both; one that comes late
 * stands in its table until it is added to its pack.
 * Threads: one at a time.
 * Limits: PACK_MAX bytes a pack; weeks and days are numbers of 16 bits.
 */
#ifndef EXFILD_SRC_STORE_USAGE_PACKS_H
#define EXFILD_SRC_STORE_USAGE_PACKS_H

#include "usage_file.h"

#define PACK_MAX      (16u << 20)
#define PACK_AGE_BITS 16 /* an id: the host's number, and below it that of the week or day */

enum pack_kind { PACK_DAYS, PACK_HOURS, PACK_KIND__COUNT };
/* Rows of one pack: of so many of the table's units. */
#define PACK_UNITS(kind)  ((kind) == PACK_DAYS ? USAGE_WEEK : 24u)
#define PACK_UNIT_S(kind) ((kind) == PACK_DAYS ? USAGE_DAY_S : 3600u)
extern const char *const usage_pack_tables[PACK_KIND__COUNT];

enum pack_column {
	PACK_SERVICE,
	PACK_TIME, /* the day of its week, the hour of its day */
	PACK_PLACE,
	PACK_DIRECTION,
	PACK_KEYS,
	PACK_UP = PACK_KEYS,
	PACK_DOWN,
	PACK_CLEAR,
	PACK_OPAQUE,
	PACK_NAMED,
	PACK_FLOWS,
	PACK_ALERTS,
	PACK_VERDICTS,
	PACK_SCORE,
	PACK_FIRST,
	PACK_LAST,
	PACK__COUNT
};

struct pack_row {
	uint64_t key[PACK_KEYS];
	struct usage_counts n; /* times to the microsecond */
};

/* The rows of units [from, to), which are of one pack each, within a transaction; SQLite's code,
 * SQLITE_TOOBIG: some host has too many. */
int usage_pack_rows(sqlite3 *db, enum pack_kind kind, uint64_t from, uint64_t to);

/* Rows in the order of their keys; begin_s: of the pack. */
void usage_pack_write(struct buf *to, const struct pack_row *rows, uint32_t count,
		      uint64_t begin_s);
/* False: enough. */
typedef bool (*usage_pack_fn)(void *arg, const struct pack_row *row);
/* keys: 1u << enum pack_column, others are 0.  False: it is damaged, or it was enough. */
bool usage_pack_read(const void *data, size_t len, uint64_t begin_s, uint32_t keys,
		     usage_pack_fn fn, void *arg);

#endif
