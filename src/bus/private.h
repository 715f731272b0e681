/*
 * bus/private.h - what the files of the connection share.
 *
 * Threads: the connection's owner.
 */
#ifndef EXFILD_SRC_BUS_PRIVATE_H
#define EXFILD_SRC_BUS_PRIVATE_H

#include <hiredis/hiredis.h>

#include "exfild/base/buf.h"
#include "exfild/bus/redis.h"
#include "exfild/bus/wire.h"
#include "redis_url.h"

#define REDIS_TIMEOUT_MS 3000

struct redis_conn {
	struct wire *wire; /* NULL: broken */
	redisReader *reader;
	struct buf out;
	size_t pending;
	size_t begun; /* commands that were pending before the transaction; SIZE_MAX: none */
	uint32_t timeout_ms;
	char where[300], problem[128];
	/* of the answer that is being read */
	size_t texts, text_bytes;
	bool is_too_large;
	char second[48]; /* its second text, "" if that is longer */
};

/* One command and its answer, the caller's to free; -EXF_E_LIMIT: it is too large.  After an error
 * the connection is broken. */
int redis_exchange(struct redis_conn *c, size_t argc, const char *const *argv, redisReply **ret,
		   char *why, size_t size) EXF_MUST_USE;

/* The server at this address, logged in to; the url gives all but host and port. */
int redis_connect_url(const struct redis_options *o, const struct redis_url *u,
		      struct redis_conn **ret, char *why, size_t size) EXF_MUST_USE;

/* redis_reader.c: NULL: no memory. */
redisReader *redis_reader(struct redis_conn *c);

/* redis_words.c: the sentence for a broken connection: what happened, and what to look at. */
void redis_explain(const struct redis_conn *c, const char *what, int err, char *why, size_t size);
/* What a server's refusal of AUTH, SELECT or PING means for the operator. */
void redis_explain_refusal(const char *where, const char *error, bool has_user, char *why,
			   size_t size);

#endif
