/*
 * store/usage_packs.h - weeks that are over once more, a host's rows of a week in one entry.
 *
 * What: ten thousand hosts with hundreds of services each are millions of rows in 90 days, and to
 * step through them one by one takes SQLite seconds.  A week that is over is packed: what a host
 * did in it stands in one blob, with the counters that answers are ordered by.  Packs are what the
 * table week says, for those that look for the first rows; the rows themselves are asked for there.
 * A row that comes late makes its week one that is not packed any more.
 * Threads: one at a time.
 * Limits: PACK_MAX bytes a pack; weeks are numbers of 16 bits.
 */
#ifndef EXFILD_SRC_STORE_USAGE_PACKS_H
#define EXFILD_SRC_STORE_USAGE_PACKS_H

#include "usage_file.h"

#define PACK_WEEK_BITS 16
#define PACK_MAX       (16u << 20)

enum pack_column {
	PACK_SERVICE,
	PACK_PLACE,
	PACK_DIRECTION,
	PACK_UP,
	PACK_DOWN,
	PACK_CLEAR,
	PACK_OPAQUE,
	PACK_FLOWS,
	PACK_ALERTS,
	PACK__COUNT
};

/* As SQL has them. */
extern const char *const usage_pack_columns[PACK__COUNT];

/* Within a transaction; SQLite's code. */
int usage_pack_week(sqlite3 *db, const struct usage_words *w, uint64_t week);

/* False: enough. */
typedef bool (*usage_pack_fn)(void *arg, const uint64_t n[PACK__COUNT]);
/* Rows of a pack; columns: 1u << enum pack_column, others are 0.  False: it is damaged, or it was
 * enough. */
bool usage_pack_read(const void *data, size_t len, uint32_t columns, usage_pack_fn fn, void *arg);

#endif
