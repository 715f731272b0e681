/*
 * store/spool.h - the file in which alerts wait until every taker has them.
 *
 * What: DIRECTORY/spool.db, an SQLite database of records by number, each with a checksum, and how
 * far each taker (a sink) has come.  A commit is on the disk when it returns, through the loss of
 * power (WAL, synchronous FULL).  A record that all takers have stays among the last SPOOL_HISTORY,
 * to be sent again on request, and is the first to go.  A damaged file is set aside and never
 * deleted; what is good in it is carried over.
 * Ownership: one process a file.  Threads: one at a time.
 * Limits: max_bytes; records of SPOOL_RECORD_MAX bytes, SPOOL_TAKERS takers.
 */
#ifndef EXFILD_STORE_SPOOL_H
#define EXFILD_STORE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

#define SPOOL_FORMAT     1
#define SPOOL_RECORD_MAX 65536
#define SPOOL_TAKERS     8
#define SPOOL_NAME_MAX   16
#define SPOOL_HISTORY    10000

struct spool;

struct spool_options {
	const char *directory; /* made when it is not there */
	uint64_t max_bytes;
};

struct spool_taker {
	char name[SPOOL_NAME_MAX];
	uint64_t number; /* the last that it has */
};

/* -EXF_E_IO, -EXF_E_LIMIT (another process has it): ret_why has the sentence. */
int spool_open(const struct spool_options *o, struct spool **ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
void spool_close(struct spool *s);
/* What had to be set aside at the opening, "" nothing. */
const char *spool_complaint(const struct spool *s);

/* Of the oldest and the newest record; 0: none ever.  Numbers only grow. */
uint64_t spool_first(const struct spool *s);
uint64_t spool_last(const struct spool *s);
/* The takers of before; how many. */
size_t spool_takers(const struct spool *s, struct spool_taker ret[SPOOL_TAKERS]);

/*
 * One transaction: begin, any of these, commit.  After a failure nothing of it has happened, and
 * ret_why says what SQLite said.
 */
int spool_begin(struct spool *s) EXF_MUST_USE;
int spool_put(struct spool *s, uint64_t number, const void *data, size_t len) EXF_MUST_USE;
int spool_set_taker(struct spool *s, const char *name, uint64_t number) EXF_MUST_USE;
/* Of all takers nothing is known any more. */
int spool_clear_takers(struct spool *s) EXF_MUST_USE;
/* All below this number goes. */
int spool_drop_below(struct spool *s, uint64_t number) EXF_MUST_USE;
int spool_commit(struct spool *s, char *ret_why, size_t why_size) EXF_MUST_USE;
void spool_cancel(struct spool *s);

/*
 * Records from this number on, in order, at most so many; how many were shown, or -EXF_E_IO.  fn:
 * data NULL: the record is damaged.  It returns false to stop.
 */
typedef bool (*spool_read_fn)(void *arg, uint64_t number, const void *data, size_t len);
int spool_read(struct spool *s, uint64_t from, size_t most, spool_read_fn fn, void *arg);

/* Bytes in use, of the most that there may be. */
uint64_t spool_bytes(struct spool *s);
uint64_t spool_max_bytes(const struct spool *s);

#endif
