/*
 * bus/redis.c - see include/exfild/bus/redis.h
 *
 * hiredis 0.14 and 1.x.  hiredis writes with plain write(2): a server that has gone would end the
 * process by SIGPIPE, so the signal is held back around every write and taken away if it came.
 */
#include "exfild/bus/redis.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <hiredis/hiredis.h>

#include "redis_url.h"

#define DEFAULT_TIMEOUT_MS 3000

struct redis_conn {
	redisContext *context;
	size_t pending;
	uint32_t timeout_ms;
	char where[300];
};

struct pipe_guard {
	sigset_t before;
	bool was_pending;
};

static bool is_pipe_pending(void)
{
	sigset_t pending;
	return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void pipe_hold(struct pipe_guard *g)
{
	sigset_t pipe_only;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	g->was_pending = is_pipe_pending();
	pthread_sigmask(SIG_BLOCK, &pipe_only, &g->before);
}

static void pipe_release(const struct pipe_guard *g)
{
	static const struct timespec at_once;
	sigset_t pipe_only;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	if (!g->was_pending && is_pipe_pending()) {
		while (sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR)
			;
	}
	pthread_sigmask(SIG_SETMASK, &g->before, NULL);
}

/* The sentence for a broken connection: what happened, and what to look at. */
static void explain(const struct redis_conn *c, const char *what, int err, char *why, size_t size)
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
			 err                                 ? strerror(err) :
			 c->context && c->context->errstr[0] ? c->context->errstr :
							       "unknown error");
}

static void explain_context(const struct redis_conn *c, const char *what, int err, char *why,
			    size_t size)
{
	explain(c, what, c->context && c->context->err == REDIS_ERR_IO ? err : 0, why, size);
}

/* What a server's refusal of AUTH, SELECT or PING means for the operator. */
static void explain_refusal(const char *where, const char *error, bool has_user, char *why,
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

/* One command and its answer; *ret_error is copied, "" when it succeeded. */
static int ask(struct redis_conn *c, int argc, const char **argv, char *ret_error, size_t size)
{
	struct pipe_guard guard;
	pipe_hold(&guard);
	errno = 0;
	redisReply *reply = redisCommandArgv(c->context, argc, argv, NULL);
	int err = errno;
	pipe_release(&guard);
	if (!reply) {
		errno = err;
		return -EXF_E_IO;
	}
	snprintf(ret_error, size, "%s",
		 reply->type != REDIS_REPLY_ERROR ? "" :
		 reply->str && reply->str[0]      ? reply->str :
						    "unknown error");
	freeReplyObject(reply);
	return 0;
}

static int log_in(struct redis_conn *c, const char *username, const char *password, uint32_t db,
		  char *why, size_t size)
{
	char number[16], error[160] = "";
	const char *auth[3] = { "AUTH", username ? username : password, password };
	const char *select[2] = { "SELECT", number };
	const char *ping[1] = { "PING" };
	int err = 0;

	snprintf(number, sizeof(number), "%u", db);
	if (password)
		err = ask(c, username ? 3 : 2, auth, error, sizeof(error));
	if (err == 0 && !error[0] && db > 0)
		err = ask(c, 2, select, error, sizeof(error));
	if (err == 0 && !error[0]) {
		err = ask(c, 1, ping, error, sizeof(error));
		if (strncmp(error, "NOPERM", 6) == 0)
			error[0] = '\0'; /* an ACL user of the least rights: it is logged in */
	}
	if (err < 0) {
		explain_context(c, "cannot talk to", errno, why, size);
		return err;
	}
	if (error[0]) {
		explain_refusal(c->where, error, username != NULL, why, size);
		return -EXF_E_IO;
	}
	return 0;
}

static int open_socket(struct redis_conn *c, const struct redis_url *u, char *why, size_t size)
{
	struct timeval timeout = { .tv_sec = c->timeout_ms / 1000,
				   .tv_usec = (suseconds_t)(c->timeout_ms % 1000) * 1000 };

	errno = 0;
	c->context = u->is_unix ? redisConnectUnixWithTimeout(u->host, timeout) :
				  redisConnectWithTimeout(u->host, u->port, timeout);
	int err = errno;
	if (!c->context)
		return -EXF_E_NOMEM;
	if (c->context->err) {
		explain_context(c, "cannot connect to", err, why, size);
		return -EXF_E_IO;
	}
	(void)redisSetTimeout(c->context, timeout);
	if (!u->is_unix)
		(void)redisEnableKeepAlive(c->context);
	return 0;
}

static const char *given(const char *option, const char *of_url)
{
	if (option && option[0])
		return option;
	return of_url[0] ? of_url : NULL;
}

int redis_connect(const struct redis_options *o, struct redis_conn **ret, char *ret_why,
		  size_t why_size)
{
	struct redis_url url;
	int err = redis_url_parse(o->url, &url, ret_why, why_size);
	if (err < 0)
		return err;
	struct redis_conn *c = calloc(1, sizeof(*c));
	if (!c) {
		snprintf(ret_why, why_size, "%s", exf_strerror(EXF_E_NOMEM));
		return -EXF_E_NOMEM;
	}
	c->timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
	redis_url_print(&url, c->where, sizeof(c->where));
	err = open_socket(c, &url, ret_why, why_size);
	if (err == 0)
		err = log_in(c, given(o->username, url.username), given(o->password, url.password),
			     url.db, ret_why, why_size);
	if (err < 0) {
		redis_close(c);
		return err;
	}
	*ret = c;
	return 0;
}

void redis_close(struct redis_conn *c)
{
	if (!c)
		return;
	if (c->context)
		redisFree(c->context);
	free(c);
}

int redis_send(struct redis_conn *c, size_t argc, const char *const *argv, const size_t *lens)
{
	const char *copy[REDIS_ARGS_MAX];

	if (argc == 0 || argc > REDIS_ARGS_MAX)
		return -EXF_E_RANGE;
	if (c->context->err)
		return -EXF_E_IO;
	memcpy(copy, argv, argc * sizeof(*copy));
	if (redisAppendCommandArgv(c->context, (int)argc, copy, lens) != REDIS_OK)
		return -EXF_E_NOMEM;
	c->pending++;
	return 0;
}

int redis_flush(struct redis_conn *c, redis_answer_fn fn, void *arg, char *ret_why, size_t why_size)
{
	struct pipe_guard guard;
	int err = 0, os_error = 0;

	pipe_hold(&guard);
	for (size_t i = 0; c->pending > 0; i++) {
		void *raw = NULL;
		errno = 0;
		if (redisGetReply(c->context, &raw) != REDIS_OK || !raw) {
			os_error = errno;
			err = -EXF_E_IO;
			break;
		}
		redisReply *reply = raw;
		c->pending--;
		if (fn)
			fn(arg, i, reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1,
			   reply->type == REDIS_REPLY_ERROR ? reply->str : NULL);
		freeReplyObject(reply);
	}
	pipe_release(&guard);
	if (err < 0) {
		c->pending = 0; /* nothing more will be answered here */
		explain_context(c, "lost the connection to", os_error, ret_why, why_size);
	}
	return err;
}

size_t redis_pending(const struct redis_conn *c)
{
	return c->pending;
}
