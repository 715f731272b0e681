/*
 * bus/redis_words.c - what is wrong with a connection to Redis, in a sentence that says what to do.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

void redis_explain(const struct redis_conn *c, const char *what, int err, char *why, size_t size)
{
	const char *where = c->where;

	if (err == ECONNREFUSED)
		snprintf(why, size,
			 "Redis at %s refused the connection: is it running? (systemctl status "
			 "redis-server; check redis.url)",
			 where);
	else if (err == ENOENT)
		snprintf(why, size,
			 "no Redis socket at %s: check unixsocket in redis.conf and redis.url",
			 where);
	else if (err == EACCES || err == EPERM)
		snprintf(why, size,
			 "no permission for the Redis socket %s: check unixsocketperm and the "
			 "user's groups",
			 where);
	else if (err == EAGAIN || err == ETIMEDOUT || err == EINPROGRESS)
		snprintf(why, size,
			 "Redis at %s gave no answer within %u ms: check the address and the "
			 "firewall",
			 where, c->timeout_ms);
	else
		snprintf(why, size, "%s Redis at %s: %s", what, where,
			 err           ? strerror(err) :
			 c->problem[0] ? c->problem :
					 "Server closed the connection");
}

void redis_explain_refusal(const char *where, const char *error, bool has_user, char *why,
			   size_t size)
{
	if (strncmp(error, "NOAUTH", 6) == 0)
		snprintf(why, size, "Redis at %s asks for a password: set redis.password_file",
			 where);
	else if (strncmp(error, "WRONGPASS", 9) == 0 || strstr(error, "invalid password"))
		snprintf(why, size,
			 "Redis at %s does not know this user and password: check "
			 "redis.username and redis.password_file",
			 where);
	else if (has_user && strstr(error, "wrong number of arguments"))
		snprintf(why, size,
			 "Redis at %s is older than 6 and knows no users: leave "
			 "redis.username out",
			 where);
	else
		snprintf(why, size, "Redis at %s refused the log-in: %.100s", where, error);
}
