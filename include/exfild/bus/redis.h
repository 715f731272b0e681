/*
 * bus/redis.h - a connection to Redis (hiredis stays behind this file).
 *
 * What: connects by URL (redis://host:port/db, rediss:// over TLS, unix:///path) or by Sentinels,
 * authenticates, sends commands in a pipeline or as one transaction, and reads their answers.
 * hiredis writes and reads the protocol; the socket is ours (wire.h), so that no answer, however
 * slow or large, costs more time or memory than is given here.
 * Ownership: one connection, one owner.  Threads: one owner; it waits on the caller's thread, which
 * therefore is never one that has other work.
 * Limits: each wait timeout_ms, a flush four times that; answers of REDIS_ANSWER_MAX bytes and
 * REDIS_ELEMENTS elements.
 */
#ifndef EXFILD_BUS_REDIS_H
#define EXFILD_BUS_REDIS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

#define REDIS_ARGS_MAX   32 /* arguments of one command */
#define REDIS_ANSWER_MAX (1u << 20)
#define REDIS_ELEMENTS   4096
#define REDIS_OUT_MAX    (32u << 20) /* bytes of commands that wait to be flushed */

struct redis_options {
	const char *url;
	const char *username, *password; /* NULL: none */
	uint32_t timeout_ms;             /* connect and command; 0: 3000 */
	const char *ca_file;             /* of rediss://; NULL: what the system trusts */
	const char *const *sentinels;    /* "HOST:PORT": they name the server instead of the url */
	size_t sentinel_count;
	const char *sentinel_name;
	const char *at;          /* "HOST:PORT" that an answer named; NULL: as the url says */
	const atomic_bool *stop; /* waits end soon when it becomes true; NULL: none */
};

struct redis_conn;

/* What an error answer asks for. */
enum redis_error {
	REDIS_ERROR_NONE,
	REDIS_ERROR_WAIT,  /* LOADING, BUSY, MASTERDOWN, TRYAGAIN, CLUSTERDOWN: it passes */
	REDIS_ERROR_ROOM,  /* OOM, MISCONF: it has no room; somebody must look */
	REDIS_ERROR_OTHER, /* READONLY: another server is the one now */
	REDIS_ERROR_RIGHT, /* NOAUTH, WRONGPASS, NOPERM: user, password or rights */
	REDIS_ERROR_TYPE,  /* WRONGTYPE: the key is something else */
	REDIS_ERROR_MOVED, /* MOVED: the slot is elsewhere */
	REDIS_ERROR_ASK,   /* ASK: for this once it is elsewhere */
	REDIS_ERROR_ABORT, /* EXECABORT: another command of the transaction was refused */
	REDIS_ERROR_ELSE,
};
/* NULL: NONE */
enum redis_error redis_error_of(const char *text);
/* "HOST:PORT" of MOVED and ASK; false: it has none. */
bool redis_error_place(const char *text, char *dst, size_t size);

/* -EXF_E_INVALID (URL), -EXF_E_IO. */
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
/*
 * The same as one transaction: what was sent since redis_begin() happens in whole or not at all,
 * but for commands that the data itself refuses (WRONGTYPE).  fn is called for each of them, at
 * once when all answers are there.
 */
int redis_begin(struct redis_conn *c) EXF_MUST_USE;
int redis_commit(struct redis_conn *c, redis_answer_fn fn, void *arg, char *ret_why,
		 size_t why_size) EXF_MUST_USE;
/* Commands queued and not yet flushed. */
size_t redis_pending(const struct redis_conn *c);
/* The server that it is connected to, "HOST:PORT" or a path; without credentials. */
const char *redis_where(const struct redis_conn *c);
/* Asks one thing and copies the texts of the answer; how many, or -EXF_E_IO. */
int redis_ask(struct redis_conn *c, size_t argc, const char *const *argv, char ret_texts[][128],
	      size_t most);

#endif
