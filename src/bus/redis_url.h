/*
 * bus/redis_url.h - the address of a Redis.
 *
 * What: redis://[[user]:password@]host[:port][/db], rediss:// the same over TLS, and
 * unix://[[user]:password@]/path[?db=N];
 * %XX stands for a byte in user, password and path.  An IPv6 host stands in brackets.
 * Ownership: values.  Threads: any.
 */
#ifndef EXFILD_BUS_REDIS_URL_H
#define EXFILD_BUS_REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

struct redis_url {
	bool is_unix, is_tls;
	char host[256]; /* or the path of the socket */
	uint16_t port;
	uint32_t db;
	char username[128], password[256]; /* "" when not given */
};

/* -EXF_E_INVALID; the sentence never holds the password. */
int redis_url_parse(const char *text, struct redis_url *ret, char *ret_why,
		    size_t why_size) EXF_MUST_USE;
/* "127.0.0.1:6379/0" or "/run/redis.sock": for messages, without credentials. Returns dst. */
const char *redis_url_print(const struct redis_url *u, char *dst, size_t size);

#endif
