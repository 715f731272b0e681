/*
 * control/usage.h - what the files of exfilctl usage share.
 *
 * What: reads the usage database without a daemon; asks, and shows rows as columns, JSON or CSV.
 * Threads: one.
 */
#ifndef EXFILD_SRC_CONTROL_USAGE_H
#define EXFILD_SRC_CONTROL_USAGE_H

#include <stdio.h>

#include "exfild/base/buf.h"
#include "exfild/store/usage.h"

#define USAGE_DATABASE "/var/lib/exfild/usage.db"

enum usage_form { USAGE_TABLE, USAGE_JSON, USAGE_CSV };

struct usage_asked {
	const char *path;
	enum usage_form form;
	struct usage_query query;
	uint64_t first_s, end_s;   /* what the database knows of */
	uint64_t before_s;         /* compare: begin of the period that ends at since_s */
	const char *list;          /* an inventory; NULL: none */
	const char *since, *until; /* as they were said */
	bool compares, has_by, has_order, has_limit;
};

/* usage_time.c: a time in words before end_s; false: it is none. */
bool usage_time(const char *words, uint64_t end_s, uint64_t *ret_s);
/* "2026-11-23 19:00" of UTC. */
const char *usage_time_text(char *dst, size_t size, uint64_t time_s);

/* usage_view.c: rows one after the other. */
struct usage_view {
	const struct usage_asked *asked;
	FILE *out;
	struct buf *line; /* of JSON */
	const char *title;
	unsigned long long rows;
	bool is_begun;
};
/* The head goes before the first one. */
bool usage_view_row(void *view, const struct usage_answer *a);
/* total: of all that was asked for, whatever was shown of it. */
void usage_view_end(struct usage_view *v, const struct usage_counts *total);
/* Text of others into a cell of CSV: quoted, and no formula. */
void usage_csv_text(FILE *out, const char *text);

/* usage_compare.c: two periods; 0 or -EXF_E_x with a sentence. */
int usage_compare(struct usage_db *db, const struct usage_asked *a, FILE *out, char *ret_why,
		  size_t why_size) EXF_MUST_USE;

/* usage_inventory.c: the question behind a list; false: there is none of this name. */
bool usage_inventory(struct usage_asked *a, const char **ret_title);
/* "services, tenants, ..." with what each is, a line each. */
void usage_inventory_help(FILE *out);

#endif
