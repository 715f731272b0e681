/*
 * sink/redis_parts.h - what the files of the sink to Redis share.
 *
 * Threads: the sink's own.
 */
#ifndef EXFILD_SRC_SINK_REDIS_PARTS_H
#define EXFILD_SRC_SINK_REDIS_PARTS_H

#include "exfild/bus/redis.h"
#include "exfild/sink/sink.h"

#define KEY_MAX 200

enum command { COMMAND_PUBLISH, COMMAND_XADD, COMMAND_RPUSH, COMMAND_LTRIM, COMMAND__COUNT };

struct sent { /* which command an answer belongs to */
	uint16_t record;
	uint16_t command;
};

struct redis_sink {
	struct redis_conn *conn; /* NULL: lost */
	char *url, *username, *password, *ca_file, *sentinel_name;
	char **sentinels;
	size_t sentinel_count;
	const atomic_bool *stop;
	char channel[KEY_MAX], key[KEY_MAX], list_key[KEY_MAX], beat_key[KEY_MAX + 80];
	char beat_channel[KEY_MAX], prefix[KEY_MAX];
	char maxlen[24], trim_from[24];
	uint8_t commands;
	uint64_t done[COMMAND__COUNT]; /* numbers of records */
	bool is_cluster, is_asking;
	char at[300];    /* that MOVED or ASK named; "" as configured */
	char where[300]; /* that it was connected to last */
	uint64_t confirmed, rewind_to;
	uint64_t heard_ns; /* when a PUBLISH had a receiver last, or the first one went out */
	/* of the transaction under way */
	struct record *const *list;
	struct sent *sent;
	size_t sent_count, sent_room;
	uint64_t first_refused[COMMAND__COUNT]; /* number of a record; 0: none */
	enum redis_error worst;
	bool stays;       /* one of its keys has not moved, whatever the worst says */
	char answer[200]; /* the words of the worst */
	struct sink_health health;
};

/* redis_options.c: takes copies; 0, -EXF_E_NOMEM, or -EXF_E_RANGE: the prefix is too long. */
int redis_sink_options(struct redis_sink *s, const struct sink_options *o) EXF_MUST_USE;
/* Closes the connection and wipes what is secret. */
void redis_sink_free(struct redis_sink *s);

#endif
