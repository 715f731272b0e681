/*
 * store/usage_runs.h - more groups than memory should hold, put in order by way of a file.
 *
 * What: where all rows are wanted (`--top 0`), groups that are complete are put in order some
 * hundred thousand at once and written to a file without a name, in $TMPDIR or /var/tmp; then they
 * are read again side by side.
 * Ownership: runs_free(); the file goes with it, or with the process.
 * Threads: one.  Limits: RUNS_MAX runs of RUN_ROWS groups; memory for one run, and a buffer for
 * each.
 */
#ifndef EXFILD_SRC_STORE_USAGE_RUNS_H
#define EXFILD_SRC_STORE_USAGE_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#define RUN_ROWS 131072u
#define RUNS_MAX 512u

struct group;
struct usage_query;

struct run {
	uint64_t at, rows; /* that are not read yet */
	struct group *list;
	uint32_t count, next;
};

struct runs {
	struct run *list;
	uint32_t count;
	uint64_t end;  /* of the file */
	int fd, error; /* fd: valid with any runs; errno of what failed */
};

/* Groups in their order.  False: error says why. */
bool runs_write(struct runs *r, const struct group *list, uint32_t count);
/* The next of all; false: there is none, or error is set. */
bool runs_next(struct runs *r, const struct usage_query *q, struct group *ret);
void runs_free(struct runs *r);

#endif
