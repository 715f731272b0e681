/*
 * bus/private.h - what redis.c and redis_find.c share.
 *
 * Threads: the connection's owner.
 */
#ifndef EXFILD_SRC_BUS_PRIVATE_H
#define EXFILD_SRC_BUS_PRIVATE_H

#include "exfild/bus/redis.h"
#include "redis_url.h"

#define REDIS_TIMEOUT_MS 3000

/* The server at this address, logged in to; the url gives all but host and port. */
int redis_connect_url(const struct redis_options *o, const struct redis_url *u,
		      struct redis_conn **ret, char *why, size_t size) EXF_MUST_USE;

#endif
