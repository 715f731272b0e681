/*
 * bus/stream.h - entries of Redis streams, in order, from where one has come to.
 *
 * What: XREAD over several streams, which waits for new entries; whoever calls remembers how far it
 * has come in each.  What others write there is hostile: sizes are bounded, and an entry that is
 * beyond them can be stepped over.
 * Ownership: places are the caller's; an entry is valid within the call.
 * Threads: the connection's owner, which waits.
 * Limits: REDIS_STREAMS streams, STREAM_COUNT entries a call, REDIS_ANSWER_MAX bytes in all,
 * STREAM_FIELDS fields of an entry (of more the first are given, field_count is the true number).
 */
#ifndef EXFILD_BUS_STREAM_H
#define EXFILD_BUS_STREAM_H

#include "exfild/bus/redis.h"

#define REDIS_STREAMS 4
#define STREAM_COUNT  16
#define STREAM_FIELDS 8

struct redis_place {
	char key[200];
	char last[48]; /* id of the last entry that was given, "0-0" before the first */
};

struct redis_text {
	const char *data; /* ends with NUL, which the length does not count */
	size_t len;
};

struct redis_entry {
	size_t stream; /* number of its place */
	const char *id;
	size_t field_count;
	struct redis_text names[STREAM_FIELDS], values[STREAM_FIELDS];
};

typedef void (*redis_entry_fn)(void *arg, const struct redis_entry *e);

struct redis_reading {
	struct redis_place *places;
	size_t count;     /* of them */
	unsigned most;    /* entries of each */
	uint32_t wait_ms; /* for the first */
};

/*
 * Entries of each place; how many came.  A place moves on before fn hears of its entry.  -EXF_E_IO:
 * the connection is broken. -EXF_E_LIMIT: too large, and the connection is broken; with one place
 * and most 1 the place has moved behind the entry (where its id could be read). -EXF_E_UNSUPPORTED:
 * Redis refuses, and ret_why is its answer (redis_error_of).
 */
int redis_stream_read(struct redis_conn *c, const struct redis_reading *o, redis_entry_fn fn,
		      void *arg, char *ret_why, size_t why_size) EXF_MUST_USE;

/* "1732900000000-3" as its two numbers; false: it is none. */
bool redis_stream_id(const char *text, uint64_t *ret_ms, uint64_t *ret_n);

#endif
