/*
 * store/usage_feed.h - rows in memory that SQL reads as if they were a table.
 *
 * What: a statement of its own for each row costs SQLite more than the row does.  "INSERT ...
 * SELECT
 * ... FROM feed" is one statement for thousands, and keeps its place in the table between them.
 * Ownership: of whoever gives the rows; it outlives the database connection.
 * Threads: the connection's.
 */
#ifndef EXFILD_SRC_STORE_USAGE_FEED_H
#define EXFILD_SRC_STORE_USAGE_FEED_H

#include <sqlite3.h>
#include <stdbool.h>

struct usage_feed {
	const char *columns; /* "CREATE TABLE feed(t, host, ...)" */
	/* Goes to the first row, or to the next one; false: there is none. */
	bool (*step)(void *arg, bool is_first);
	/* One column of the row that it stands at. */
	void (*cell)(void *arg, int column, sqlite3_context *to);
	void *arg;
};

/* SQLite's code.  One statement at a time may read it. */
int usage_feed_register(sqlite3 *db, const char *name, struct usage_feed *f);

#endif
