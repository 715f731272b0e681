/*
 * store/usage_fresh.h - rows as they were handed over, in the database but in no table yet.
 *
 * What: a row in its tables costs SQLite some 29,000 instructions, and a small network makes a few
 * hundred rows an hour.  So an hour's rows are written as they are, in one entry; when a day is
 * over, or there are more than fit, all go into the tables at once, in the transaction that takes
 * the entries away.  Whoever asks adds them up beside the tables.
 * Ownership: of whoever has the database.  Threads: one at a time.
 * Limits: USAGE_PORTION rows and FRESH_BYTES; an entry that says more is damaged.
 */
#ifndef EXFILD_SRC_STORE_USAGE_FRESH_H
#define EXFILD_SRC_STORE_USAGE_FRESH_H

#include "usage_batch.h"

#define FRESH_BYTES (4u << 20)

/* What the writer knows of those that are there. */
struct usage_fresh {
	uint64_t rows, bytes;
};

/* Rows that are written together. */
struct usage_handed {
	const char *data; /* as usage_pack() has them */
	size_t len;
	uint64_t rows, first_day, last_day;
};

/* SQLite's codes; the writer's within a transaction of the caller's, after whose end by ROLLBACK
 * usage_fresh_count() must be called. */
int usage_fresh_count(struct usage_fresh *f, sqlite3 *db);
bool usage_fresh_fits(const struct usage_fresh *f, const struct usage_handed *h);
int usage_fresh_add(struct usage_fresh *f, sqlite3 *db, const struct usage_handed *h);
/* All of them into the tables. */
int usage_fresh_fold(struct usage_fresh *f, struct usage_batch *b);

/* Rows and names into an empty batch; their texts are in *text. */
int usage_fresh_read(struct usage_batch *b, struct buf *text);

#endif
