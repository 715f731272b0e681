/*
 * sink/sink.h - where alerts go.
 *
 * What: a sink is one file and one line of sinks.def.  It gets each alert in its rendered form;
 * sinks know the alert record only.  A sink that fails says so and never stops the others.
 * Threads: analysis plane (guarantees and threads of their own come with the spool).
 */
#ifndef EXFILD_SINK_SINK_H
#define EXFILD_SINK_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/alert/alert.h"
#include "exfild/base/err.h"

struct sink_options { /* each sink reads its own part */
	const struct alert_options *alert;
	bool text; /* stdout: the form for people */
	bool colour;
	const char *file_path; /* file */
	const char *redis_url; /* redis://host:port/db, unix://path */
	const char *redis_prefix, *redis_username, *redis_password;
	uint64_t redis_stream_maxlen;
	bool redis_channel, redis_stream, redis_list;
	bool may_wait; /* live: a Redis that is away is no reason not to watch */
};

struct sink_health {
	uint64_t sent, failed;
	uint64_t waiting;   /* held until the next flush succeeds */
	uint64_t receivers; /* subscribers of the last PUBLISH */
	char error[160];    /* the last one, "" if none */
};

struct sink_type {
	const char *name; /* "stdout", "file", "redis" */
	int (*open)(const struct sink_options *o, void **ret, char *ret_why, size_t why_size);
	/* json: the ECS line. 0 or -EXF_E_IO. */
	int (*put)(void *sink, const struct alert *a, const char *json, size_t len);
	int (*flush)(void *sink);
	void (*health)(const void *sink, struct sink_health *ret);
	void (*close)(void *sink);
};

/* All registered sinks, sorted by name; NULL ends. */
const struct sink_type *const *sink_list(void);
const struct sink_type *sink_find(const char *name);

#endif
