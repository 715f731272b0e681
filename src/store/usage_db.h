/*
 * store/usage_db.h - what opening and asking share.
 *
 * Threads: one.
 */
#ifndef EXFILD_SRC_STORE_USAGE_DB_H
#define EXFILD_SRC_STORE_USAGE_DB_H

#include <string.h>

#include "exfild/base/buf.h"
#include "usage_file.h"

#define USAGE_PIECES 5

struct usage_db {
	sqlite3 *sqlite;
	struct usage_words words; /* of one in memory */
};

struct piece {
	enum usage_table table;
	uint64_t from, to; /* in the table's unit */
};

struct asking {
	const struct usage_query *q;
	uint32_t used; /* dimensions of groups and filters */
	struct piece pieces[USAGE_PIECES];
	size_t piece_count;
	struct buf sql;
};

/* "10.1.*": what begins so. */
static inline bool is_beginning(const struct usage_filter *f)
{
	size_t len = strlen(f->value);
	return len > 0 && f->value[len - 1] == '*';
}

/* usage_sql.c: the question as SQL, ?1 ... its filters' values; false: no table has any of it. */
bool usage_sql(struct asking *a, sqlite3 *db);

#endif
