/*
 * sink/sink.h - where alerts go.
 *
 * What: a sink is one file and one line of sinks.def.  It gets records in their order and says how
 * many of them it has for certain; the others come again (delivery.h).  A sink sees records only.
 * Ownership: whoever opened it closes it.
 * Threads: one at a time: each sink has a thread of its own, so that one that waits holds up no
 * other.  Standard output of a replay is the exception: it is written where the alert is made.
 */
#ifndef EXFILD_SINK_SINK_H
#define EXFILD_SINK_SINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/sink/record.h"

struct sink_options { /* each sink reads its own part */
	const char *sensor_name;
	bool text;               /* stdout: the form for people */
	const char *file_path;   /* file */
	uint64_t file_max_bytes; /* 0: none */
	const char *redis_url;   /* redis://host:port/db, rediss://, unix://path */
	const char *redis_prefix, *redis_username, *redis_password, *redis_ca_file;
	const char *const *redis_sentinels;
	size_t redis_sentinel_count;
	const char *redis_sentinel_name;
	bool redis_cluster;
	uint64_t redis_stream_maxlen;
	bool redis_channel, redis_stream, redis_list;
	const char *syslog_url; /* udp://, tcp://, tls://, unix:// */
	const char *syslog_format, *syslog_ca_file;
	const char *journal_socket; /* NULL: systemd's */
	bool may_wait;              /* live: a sink that is away is no reason not to watch */
	const atomic_bool *stop;    /* waits end soon when it becomes true; NULL: none */
};

struct sink_health {
	uint64_t sent;
	uint64_t failed;    /* of those that nobody tries again: standard output */
	uint64_t refusals;  /* answers that were errors */
	uint64_t connects;  /* connections made */
	uint64_t receivers; /* subscribers of the last PUBLISH */
	uint64_t unheard_s; /* for so long no PUBLISH had a receiver, though there were some */
	char error[160];    /* the last one, "" if none, or it is over */
};

/* What a sink tells of the sensor itself, so that silence can be told from peace. */
struct sink_beat {
	char sensor[64], version[24], session[40];
	uint64_t time_ns; /* wall time */
	double packets_per_s, bytes_per_s;
	uint64_t packets, drops, flows, alerts;
	uint64_t spool_depth; /* alerts that this sink has not yet */
	uint64_t sequence;    /* of the last alert */
};

struct sink_type {
	const char *name; /* "stdout", "file", "redis" */
	int (*open)(const struct sink_options *o, void **ret, char *ret_why, size_t why_size);
	/* How many of these, from the first on, it has now.  Fewer: health has the reason. */
	size_t (*put)(void *sink, struct record *const *list, size_t count);
	/* Now and then, also while nothing else happens; false: it has not got through. NULL: none.
	 */
	bool (*beat)(void *sink, const struct sink_beat *b);
	/* The other end may have lost records from this number on; 0: it has not. NULL: never. */
	uint64_t (*rewind)(void *sink);
	void (*health)(const void *sink, struct sink_health *ret);
	void (*close)(void *sink);
};

/* All registered sinks, sorted by name; NULL ends. */
const struct sink_type *const *sink_list(void);
const struct sink_type *sink_find(const char *name);

#endif
