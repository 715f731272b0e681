/*
 * store/usage_batch.h - rows on their way into the tables, thousands at once.
 *
 * What: a row's texts become numbers (usage_names.h); rows that are one in a table are added up
 * here; then each table takes what comes to it by one statement, in the order of its key.
 *   Sums by week are of weeks that are over: usage_batch_roll() adds their days to them, once; each
 * hour would touch most pages of a large table.  A row that comes late is added to its week as
 * well. Ownership: usage_batch_close().  Texts are borrowed until usage_batch_write() or _drop().
 * Threads: one.  Within a transaction of the caller's.
 * Limits: USAGE_PORTION rows at once.
 */
#ifndef EXFILD_SRC_STORE_USAGE_BATCH_H
#define EXFILD_SRC_STORE_USAGE_BATCH_H

#include "usage_names.h"

#define USAGE_PORTION 8192u

enum batch_key { KEY_TIME, KEY_HOST, KEY_SERVICE, KEY_PLACE, KEY_DIRECTION, KEY_ZONE, KEY__COUNT };
#define BATCH_SORTED 5 /* keys of a table at most */
#define BATCH_COUNTS 11

struct batch_row {
	uint64_t key[KEY__COUNT]; /* time: hours */
	uint64_t sorted[BATCH_SORTED];
	struct usage_counts n;
};

struct usage_batch {
	sqlite3 *db;
	struct usage_names names;
	struct usage_feed feed;
	sqlite3_stmt *put[TABLE__COUNTERS], *put_day;
	struct batch_row *rows, **order;
	uint32_t count;
	uint64_t rolled_until; /* days from here on are in no week */
	uint64_t day;          /* that there is something of; the last that was told so */
	/* as a table */
	enum usage_table at;
	uint32_t ordered, next;
	uint64_t cells[KEY__COUNT + BATCH_COUNTS]; /* of rows of one key */
};

/* SQLite's codes. */
int usage_batch_open(struct usage_batch *b, sqlite3 *db);
void usage_batch_close(struct usage_batch *b);
int usage_batch_add(struct usage_batch *b, const struct usage_row *row);
bool usage_batch_is_full(const struct usage_batch *b);
int usage_batch_write(struct usage_batch *b);
/* As many rows of what usage_pack() made as fit, written; *at goes behind them. */
int usage_batch_portion(struct usage_batch *b, const char **at, const char *stop,
			uint64_t *ret_rows, uint64_t *ret_newest_day);
/* The transaction was rolled back, or rows have gone from the database. */
int usage_batch_drop(struct usage_batch *b);
/* Days before this one are over. */
int usage_batch_roll(struct usage_batch *b, uint64_t day);

#endif
