/*
 * bus/redis.h - a connection to Redis (hiredis stays behind this file).
 *
 * What: connects by URL (redis://host:port/db, unix:///path), authenticates, sends commands in a
 * pipeline and reads their answers.  Every answer that is an error is counted by kind.
 * Ownership: one connection, one owner.  Threads: one owner.
 * Limits: commands and answers as hiredis allows; time-outs as given.
 */
#ifndef EXFILD_BUS_REDIS_H
#define EXFILD_BUS_REDIS_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

#define REDIS_ARGS_MAX 32 /* arguments of one command */

struct redis_options {
	const char *url;
	const char *username, *password; /* NULL: none */
	uint32_t timeout_ms;             /* connect and command; 0: 3000 */
};

struct redis_conn;

/* -EXF_E_INVALID (URL), -EXF_E_UNSUPPORTED (rediss:// without TLS in hiredis), -EXF_E_IO. */
int redis_connect(const struct redis_options *o, struct redis_conn **ret, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
void redis_close(struct redis_conn *c);
/* Queues a command: argc arguments with their lengths. -EXF_E_IO after the connection broke. */
int redis_send(struct redis_conn *c, size_t argc, const char *const *argv,
	       const size_t *lens) EXF_MUST_USE;
/*
 * Sends what is queued and reads all answers in order: fn(arg, i, integer answer or -1, error text
 * or NULL). -EXF_E_IO when the connection broke.
 */
typedef void (*redis_answer_fn)(void *arg, size_t i, int64_t integer, const char *error);
int redis_flush(struct redis_conn *c, redis_answer_fn fn, void *arg, char *ret_why,
		size_t why_size) EXF_MUST_USE;
/* Commands queued and not yet flushed. */
size_t redis_pending(const struct redis_conn *c);

#endif
