/*
 * sink/redis_beat.h - what a sensor tells of itself in Redis, so that silence can be told from
 * peace.
 *
 * What: a hash that is gone when it is not renewed, and a line of JSON on a channel.
 * Threads: that of the connection.
 */
#ifndef EXFILD_SRC_SINK_REDIS_BEAT_H
#define EXFILD_SRC_SINK_REDIS_BEAT_H

#include "exfild/bus/redis.h"
#include "exfild/sink/sink.h"

/* Queues it; the caller flushes. */
int redis_beat_send(struct redis_conn *c, const char *key, const char *channel,
		    const struct sink_beat *b) EXF_MUST_USE;

#endif
