/*
 * store/file.h - one database file: opened and checked, set aside, made anew.
 *
 * Ownership: file_close() closes.  Threads: one at a time.
 */
#ifndef EXFILD_SRC_STORE_FILE_H
#define EXFILD_SRC_STORE_FILE_H

#include <sqlite3.h>

#include "exfild/store/store.h"

#define FILE_PATH_MAX 768

enum file_state {
	FILE_NEW,     /* nothing is in it */
	FILE_GOOD,    /* ours; so far */
	FILE_DAMAGED, /* not a database of ours, or not whole */
	FILE_NEWER,   /* of a newer format */
	FILE_OLDER,   /* holds something of a form that is not read any more */
};

#define FILE_STEP_SQL 24

/* From a format to the next one. */
struct file_step {
	int from;
	const char *sql[FILE_STEP_SQL]; /* NULL ends */
};

/* What is in a file, and how safe it must be. */
struct file_kind {
	const char *name; /* "state.db" */
	int32_t id;       /* application_id */
	int format;       /* user_version */
	const char *const *tables;
	size_t table_count;
	const char *const *older_tables; /* of earlier formats, where they were others */
	size_t older_count;
	/* from its first format on, without a gap; NULL: what is older is set aside */
	const struct file_step *steps;
	size_t step_count;
	/* of a new file; an old one keeps its own.  Large ones make large entries cheap. */
	unsigned page_bytes;
	uint64_t log_bytes; /* of the write-ahead log, before it goes into the file */
	bool is_safe;       /* what is committed outlives the loss of power too */
	bool is_shared;     /* others read it meanwhile; its owner keeps other writers off */
};

struct file {
	sqlite3 *db;
	const struct file_kind *kind;
	char path[FILE_PATH_MAX];
	uint64_t max_bytes;
	uint64_t page_bytes;
	enum file_state state;
	char copy[FILE_PATH_MAX + 32]; /* of the file before it was converted; "" it was not */
	char what[160];                /* is wrong with it, "" nothing */
};

/* -EXF_E_IO or -EXF_E_LIMIT with a sentence; a bad file is no error but its state. */
int file_open(struct file *f, const struct file_kind *kind, const struct store_options *o,
	      char *why, size_t size) EXF_MUST_USE;
void file_close(struct file *f);
/* Closes it, gives it a name that says its state, and opens a new one. */
int file_replace(struct file *f, char *why, size_t size) EXF_MUST_USE;
/* The first complaint stays; NEWER is not called damaged. */
void file_complain(struct file *f, enum file_state state, const char *what);
/* Whether this answer of SQLite comes from what is in the file. */
bool file_is_damage(int code);
/* Ends a transaction: rolls back unless all of it went well, the last step too. */
int file_end(sqlite3 *db, int code);
/* 0 or -EXF_E_IO, with the database's words in why. */
int file_do(struct file *f, const char *sql, char *why, size_t size) EXF_MUST_USE;

/* id of an entry's row: part, whose it is of the two generations, place */
#define FILE_PART_SHIFT  33
#define FILE_EPOCH_SHIFT 32
uint64_t file_sum(uint64_t id, const void *data, size_t len);

#endif
