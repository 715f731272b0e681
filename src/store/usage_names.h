/*
 * store/usage_names.h - numbers for names: of zones, hosts, services and places.
 *
 * What: a row's texts are exchanged for the numbers under which the database has them.  Those that
 * were met before are in memory; others are looked for in the database, and get the next number if
 * they are not there.  What is new, and when hosts and services were seen, is written at once for
 * many rows.
 * Ownership: usage_names_close(); texts are borrowed until usage_names_write() or _forget().
 * Threads: one.
 * Limits: NAMES_MAX in memory; when a portion might not fit, all are forgotten and looked for anew.
 */
#ifndef EXFILD_SRC_STORE_USAGE_NAMES_H
#define EXFILD_SRC_STORE_USAGE_NAMES_H

#include "exfild/base/table.h"
#include "usage_feed.h"
#include "usage_file.h"

#define NAMES_MAX 131072u

enum name_kind { NAME_ZONE, NAME_HOST, NAME_SERVICE, NAME_PLACE, NAME__COUNT };

/* What its kind is told apart by comes first. */
#define NAME_TEXTS 4

struct usage_name {
	int64_t id;
	uint64_t number; /* a host's zone, by which it is told apart; a service's sanction */
	uint64_t risk;   /* of a service */
	const char *text[NAME_TEXTS];
	uint64_t first_ns, last_ns;
};

struct name_list {
	struct usage_name *list; /* to be written */
	uint32_t count, room;
};

struct usage_names {
	sqlite3_stmt *find[NAME__COUNT], *put[NAME__COUNT];
	struct usage_feed feed;
	struct table known;
	struct hash_key key;
	struct name_list waiting[NAME__COUNT];
	int64_t last_id[NAME__COUNT];
	uint32_t turn;     /* counts what was written */
	bool has_all;      /* all that are in the database are in memory */
	enum name_kind at; /* of what is being written */
	uint32_t row;
};

/* Bytes of a text that are kept: it is cut within no character of UTF-8. */
int usage_name_len(const char *text);
/* SQLite's codes. */
int usage_names_open(struct usage_names *n, sqlite3 *db);
void usage_names_close(struct usage_names *n);
/* Its number in ret->id's place; `what` has everything but that. */
int usage_names_find(struct usage_names *n, enum name_kind kind, const struct usage_name *what,
		     int64_t *ret_id);
int usage_names_write(struct usage_names *n);
/* Room for so many rows. */
int usage_names_begin(struct usage_names *n, uint32_t rows);
/* After rows have gone from the database, or have not come into it. */
int usage_names_forget(struct usage_names *n);

#endif
