/*
 * bus/redis.c - see include/exfild/bus/redis.h
 *
 * hiredis 0.14 and 1.x as writer and reader of the protocol; the socket is wire.c's.
 */
#include "exfild/bus/redis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define READ_SIZE    16384
#define FLUSH_FACTOR 4 /* a flush may take so many time-outs */
#define NS_MS        1000000ull

static uint64_t deadline_of(const struct redis_conn *c, unsigned times)
{
	return wire_now_ns() + (uint64_t)c->timeout_ms * times * NS_MS;
}

/* The next answer, the caller's to free; -EXF_E_IO with errno, 0 there: see problem. */
static int next_reply(struct redis_conn *c, uint64_t deadline_ns, redisReply **ret)
{
	char data[READ_SIZE];
	c->texts = 0;
	c->text_bytes = 0;
	c->is_too_large = false;
	c->second[0] = '\0';
	for (;;) {
		void *raw = NULL;
		errno = 0;
		if (redisReaderGetReply(c->reader, &raw) != REDIS_OK) {
			(void)snprintf(c->problem, sizeof(c->problem), "%s", c->reader->errstr);
			errno = 0;
			return -EXF_E_IO;
		}
		if (raw) {
			*ret = raw;
			return 0;
		}
		if (c->reader->len - c->reader->pos > REDIS_ANSWER_MAX) {
			(void)snprintf(c->problem, sizeof(c->problem), "an answer has no end");
			c->is_too_large = true;
			errno = 0;
			return -EXF_E_IO;
		}
		uint64_t wait_ns = deadline_of(c, 1);
		int n = wire_read(c->wire, data, sizeof(data),
				  wait_ns < deadline_ns ? wait_ns : deadline_ns);
		if (n < 0)
			return n;
		if (redisReaderFeed(c->reader, data, (size_t)n) != REDIS_OK) {
			errno = ENOMEM;
			return -EXF_E_IO;
		}
	}
}

static void break_off(struct redis_conn *c)
{
	int kept = errno;
	wire_close(c->wire);
	c->wire = NULL;
	c->pending = 0; /* nothing more will be answered here */
	c->begun = SIZE_MAX;
	buf_reset(&c->out);
	errno = kept;
}

static int send_out(struct redis_conn *c, uint64_t deadline_ns)
{
	if (!c->wire) {
		errno = EPIPE;
		return -EXF_E_IO;
	}
	int err = wire_write(c->wire, c->out.data, c->out.len, deadline_ns);
	buf_reset(&c->out);
	return err;
}

static const char *error_text(const redisReply *r)
{
	if (r->type != REDIS_REPLY_ERROR)
		return NULL;
	return r->str && r->str[0] ? r->str : "unknown error";
}

/* --- connecting -------------------------------------------------------------------------- */

/* One command and its answer; *ret_error is copied, "" when it succeeded. */
static int ask(struct redis_conn *c, size_t argc, const char *const *argv, char *ret_error,
	       size_t size)
{
	size_t lens[REDIS_ARGS_MAX];
	redisReply *reply = NULL;
	uint64_t deadline_ns = deadline_of(c, 1);
	for (size_t i = 0; i < argc; i++)
		lens[i] = strlen(argv[i]);
	int err = redis_send(c, argc, argv, lens);
	if (!err)
		err = send_out(c, deadline_ns);
	if (!err)
		err = next_reply(c, deadline_ns, &reply);
	c->pending = 0;
	if (err)
		return err;
	const char *error = error_text(reply);
	(void)snprintf(ret_error, size, "%s", error ? error : "");
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
		redis_explain(c, "cannot talk to", errno, why, size);
		return err;
	}
	if (error[0]) {
		redis_explain_refusal(c->where, error, username != NULL, why, size);
		return -EXF_E_IO;
	}
	return 0;
}

static const char *given(const char *option, const char *of_url)
{
	if (option && option[0])
		return option;
	return of_url[0] ? of_url : NULL;
}

int redis_connect_url(const struct redis_options *o, const struct redis_url *u,
		      struct redis_conn **ret, char *why, size_t size)
{
	struct redis_conn *c = calloc(1, sizeof(*c));
	struct wire_options wire = { .host = u->host,
				     .port = u->port,
				     .is_unix = u->is_unix,
				     .is_tls = u->is_tls,
				     .ca_file = o->ca_file,
				     .timeout_ms = o->timeout_ms ? o->timeout_ms : REDIS_TIMEOUT_MS,
				     .stop = o->stop };
	if (!c) {
		snprintf(why, size, "%s", exf_strerror(EXF_E_NOMEM));
		return -EXF_E_NOMEM;
	}
	buf_init(&c->out, REDIS_OUT_MAX);
	c->begun = SIZE_MAX;
	c->timeout_ms = wire.timeout_ms;
	c->reader = redis_reader(c);
	redis_url_print(u, c->where, sizeof(c->where));
	int err = c->reader ? 0 : -EXF_E_NOMEM;
	if (!err) {
		err = wire_open(&wire, &c->wire, c->problem, sizeof(c->problem));
		if (err)
			redis_explain(c, "cannot connect to", errno, why, size);
	}
	if (!err)
		err = log_in(c, given(o->username, u->username), given(o->password, u->password),
			     u->db, why, size);
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
	wire_close(c->wire);
	if (c->reader)
		redisReaderFree(c->reader);
	if (c->out.data)
		explicit_bzero(c->out.data, c->out.cap); /* AUTH went this way */
	buf_deinit(&c->out);
	free(c);
}

/* --- commands ---------------------------------------------------------------------------- */

static void put_count(struct buf *out, char mark, size_t number)
{
	char text[24];
	size_t at = sizeof(text);
	text[--at] = '\n';
	text[--at] = '\r';
	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	text[--at] = mark;
	buf_add(out, text + at, sizeof(text) - at);
}

/* As redisFormatCommandArgv() writes it, without its allocation for each. */
int redis_send(struct redis_conn *c, size_t argc, const char *const *argv, const size_t *lens)
{
	if (argc == 0 || argc > REDIS_ARGS_MAX)
		return -EXF_E_RANGE;
	if (!c->wire)
		return -EXF_E_IO;
	size_t before = c->out.len;
	put_count(&c->out, '*', argc);
	for (size_t i = 0; i < argc; i++) {
		put_count(&c->out, '$', lens[i]);
		buf_add(&c->out, argv[i], lens[i]);
		buf_add(&c->out, "\r\n", 2);
	}
	if (c->out.full) {
		buf_truncate(&c->out, before);
		return -EXF_E_NOMEM;
	}
	c->pending++;
	return 0;
}

static int lost(struct redis_conn *c, char *why, size_t size)
{
	int err = errno;
	break_off(c);
	redis_explain(c, "lost the connection to", err, why, size);
	return -EXF_E_IO;
}

int redis_flush(struct redis_conn *c, redis_answer_fn fn, void *arg, char *why, size_t size)
{
	uint64_t deadline_ns = deadline_of(c, FLUSH_FACTOR);
	if (send_out(c, deadline_ns) < 0)
		return lost(c, why, size);
	for (size_t i = 0; c->pending > 0; i++) {
		redisReply *reply = NULL;
		if (next_reply(c, deadline_ns, &reply) < 0)
			return lost(c, why, size);
		c->pending--;
		if (fn)
			fn(arg, i, reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1,
			   error_text(reply));
		freeReplyObject(reply);
	}
	return 0;
}

int redis_begin(struct redis_conn *c)
{
	static const char *const argv[] = { "MULTI" };
	static const size_t lens[] = { 5 };
	int err = redis_send(c, 1, argv, lens);
	c->begun = c->pending;
	return err;
}

/* What was said to the commands while they were queued; the first refusal of each is kept. */
static int read_queued(struct redis_conn *c, size_t count, char (*errors)[128],
		       uint64_t deadline_ns)
{
	for (size_t i = 0; i <= count; i++) { /* MULTI first */
		redisReply *reply = NULL;
		int err = next_reply(c, deadline_ns, &reply);
		if (err)
			return err;
		const char *error = error_text(reply);
		if (error)
			(void)snprintf(errors[i], sizeof(errors[i]), "%s", error);
		freeReplyObject(reply);
	}
	return 0;
}

static void tell_executed(const redisReply *exec, size_t count, char (*errors)[128],
			  redis_answer_fn fn, void *arg)
{
	const char *whole = error_text(exec);
	bool is_whole = exec->type == REDIS_REPLY_ARRAY && exec->elements == count;
	for (size_t i = 0; i < count; i++) {
		const redisReply *r = is_whole ? exec->element[i] : NULL;
		const char *own = errors[i + 1][0] ? errors[i + 1] :
				  errors[0][0]     ? errors[0] : /* MULTI itself */
						     NULL;
		if (r)
			fn(arg, i, r->type == REDIS_REPLY_INTEGER ? r->integer : -1, error_text(r));
		else
			fn(arg, i, -1, own ? own : whole ? whole : "EXECABORT nothing was done");
	}
}

int redis_commit(struct redis_conn *c, redis_answer_fn fn, void *arg, char *why, size_t size)
{
	static const char *const argv[] = { "EXEC" };
	static const size_t lens[] = { 4 };
	if (!c->wire || c->begun == SIZE_MAX) {
		errno = EPIPE;
		return lost(c, why, size);
	}
	size_t count = c->pending - c->begun;
	uint64_t deadline_ns = deadline_of(c, FLUSH_FACTOR);
	redisReply *exec = NULL;
	char(*errors)[128] = calloc(count + 1, sizeof(*errors));
	int err = errors ? redis_send(c, 1, argv, lens) : -EXF_E_NOMEM;
	if (!err)
		err = send_out(c, deadline_ns);
	/* what came before MULTI (ASKING) has an answer too */
	for (size_t i = 1; i < c->begun && !err; i++) {
		err = next_reply(c, deadline_ns, &exec);
		if (!err)
			freeReplyObject(exec);
	}
	if (!err)
		err = read_queued(c, count, errors, deadline_ns);
	if (!err)
		err = next_reply(c, deadline_ns, &exec);
	if (err) {
		free(errors);
		return lost(c, why, size);
	}
	c->pending = 0;
	c->begun = SIZE_MAX;
	tell_executed(exec, count, errors, fn, arg);
	freeReplyObject(exec);
	free(errors);
	return 0;
}

size_t redis_pending(const struct redis_conn *c)
{
	return c->pending;
}

const char *redis_where(const struct redis_conn *c)
{
	return c->where;
}

int redis_exchange(struct redis_conn *c, size_t argc, const char *const *argv, redisReply **ret,
		   char *why, size_t size)
{
	size_t lens[REDIS_ARGS_MAX];
	uint64_t deadline_ns = deadline_of(c, FLUSH_FACTOR);
	for (size_t i = 0; i < argc && i < REDIS_ARGS_MAX; i++)
		lens[i] = strlen(argv[i]);
	int err = redis_send(c, argc, argv, lens);
	if (!err)
		err = send_out(c, deadline_ns);
	if (!err)
		err = next_reply(c, deadline_ns, ret);
	c->pending = 0;
	if (!err)
		return 0;
	(void)lost(c, why, size);
	return c->is_too_large ? -EXF_E_LIMIT : -EXF_E_IO;
}

int redis_ask(struct redis_conn *c, size_t argc, const char *const *argv, char ret_texts[][128],
	      size_t most)
{
	size_t lens[REDIS_ARGS_MAX];
	redisReply *r = NULL;
	uint64_t deadline_ns = deadline_of(c, 1);
	for (size_t i = 0; i < argc && i < REDIS_ARGS_MAX; i++)
		lens[i] = strlen(argv[i]);
	int err = redis_send(c, argc, argv, lens);
	if (!err)
		err = send_out(c, deadline_ns);
	if (!err)
		err = next_reply(c, deadline_ns, &r);
	if (err) {
		break_off(c);
		return -EXF_E_IO;
	}
	c->pending = 0;
	size_t count = r->type == REDIS_REPLY_ARRAY ? r->elements : 0, taken = 0;
	for (; taken < count && taken < most; taken++) {
		const redisReply *e = r->element[taken];
		(void)snprintf(ret_texts[taken], 128, "%.*s", e->str ? (int)(e->len & 0xff) : 0,
			       e->str ? e->str : "");
	}
	if (r->type == REDIS_REPLY_INTEGER && most) {
		(void)snprintf(ret_texts[0], 128, "%lld", r->integer);
		taken = 1;
	}
	freeReplyObject(r);
	return (int)taken;
}
