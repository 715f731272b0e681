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
	unsigned format;
	struct usage_words words; /* of one in memory */
};

struct piece {
	enum usage_table table;
	uint64_t from, to; /* in the table's unit */
};

struct asking {
	const struct usage_query *q;
	unsigned format; /* of the file */
	uint32_t used;   /* dimensions of groups and filters */
	uint32_t filtered;
	struct piece pieces[USAGE_PIECES];
	size_t piece_count;
	struct buf sql;
	struct buf host_ids, service_ids; /* "1,2,3": only these; "" all */
};

/* "10.1.*": what begins so. */
static inline bool is_beginning(const struct usage_filter *f)
{
	size_t len = strlen(f->value);
	return len > 0 && f->value[len - 1] == '*';
}

#define USAGE_SQL_MAX (256u << 10)

/* usage_sql.c: finds the pieces; false: no table has any of it. */
bool usage_cover(struct asking *a, sqlite3 *db);
/* The question as SQL, ?1 ... its filters' values. */
void usage_sql(struct asking *a, sqlite3 *db);
/* One piece row by row: host, service, place, direction, time (each 0 if it is not grouped by), and
 * a value; it must be of a table that has them. */
void usage_sql_rows(struct asking *a, const struct piece *p, const char *value, sqlite3 *db);
/* "SELECT column FROM from", of what the filters of these dimensions let through. */
void usage_sql_passing(struct asking *a, uint32_t dims, const char *column, const char *from);
/* usage_query.c: the filters' values. */
void usage_bind(const struct usage_query *q, sqlite3_stmt *st);

#endif
