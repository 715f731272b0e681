/*
 * engine/books.h - usage counters between the analysis and their database.
 *
 * What: shows events and alerts to the counters (usage/usage.h).  Live, what an hour has counted
 * goes to the writer of the database when the hour is over, and all of it at the end.  A database
 * that cannot be opened is tried again; counting goes on meanwhile.  A replay keeps all of it, and
 * writes only a database that its command line names (--set usage.database=FILE).
 * Ownership: owns counters and writer; borrows the context.  Threads: the analysis plane.
 */
#ifndef EXFILD_SRC_ENGINE_BOOKS_H
#define EXFILD_SRC_ENGINE_BOOKS_H

#include "exfild/alert/alert.h"
#include "exfild/config/config.h"
#include "exfild/engine/options.h"
#include "exfild/usage/usage.h"

#define BOOKS_PATH_MAX 4352

struct books;
struct snapshot;

struct books_options {
	const struct context *context;
	const struct config *config;
	struct hash_key key;
	uint32_t max_hosts, max_pairs;
	uint64_t max_bytes; /* of the database */
	const char *path;   /* NULL: in memory alone */
	bool is_live;
};

/* The database that this configuration and command line want written; false: none. */
bool books_path(const struct options *o, const struct config *c, char ret[BOOKS_PATH_MAX]);
/* -EXF_E_NOMEM; in a replay also what keeps the database from being opened, with a sentence. */
int books_open(const struct books_options *o, struct books **ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
/* NULL is accepted. */
void books_close(struct books *b);

void books_event(struct books *b, const struct event *e);
void books_alert(struct books *b, const struct alert *a);
/* Each tick of packet time. */
void books_tick(struct books *b, uint64_t now_ns);
/* What is counted goes to the database, if there is one; false: it could not. */
bool books_end(struct books *b);
/* What is counted and not yet elsewhere, as a database of its own; -EXF_E_x with a sentence. */
int books_ask(const struct books *b, struct usage_db **ret, char *ret_why,
	      size_t why_size) EXF_MUST_USE;
void books_snapshot(const struct books *b, struct snapshot *s);

#endif
