/*
 * inspect/postgres.c - log-ins of PostgreSQL (PostgreSQL documentation, "Message Flow",
 * "Message Formats"), and what the server is told to do beside its business.
 *
 *   client, first: length 4, version 4 (3.0, or a request for TLS or GSS), name NUL value NUL ...
 * NUL server's answer to a request for TLS: one byte, S or N later: type 1, length 4, body. Server:
 * R authentication, E error, S K N ...; client: p
 *
 * After the log-in only statements of the client are read (Q text; P name NUL text); after S the
 * rest is TLS.
 */
#include "exfild/base/cursor.h"
#include "exfild/flow/stream.h"
#include "exfild/inspect/inspector.h"
#include "login.h"
#include "order.h"

#define VERSION_3     0x00030000u
#define REQUEST_TLS   80877103u
#define REQUEST_GSS   80877104u
#define START_MIN     8
#define START_MAX     10000
#define USER_MAX      80
#define MESSAGES_MAX  32
#define AUTH_OK       0
#define AUTH_CLEAR    3
#define AUTH_MD5      5
#define AUTH_SASL     10
#define STATE_LEN     5
#define ASKED_NOTHING 0
#define ASKED_TLS     1
#define ASKED_GSS     2

struct postgres_state {
	uint8_t asked; /* ASKED_x, of the server */
	bool is_started;
	bool is_in;     /* the log-in went through */
	uint8_t method; /* enum login_method */
	uint8_t messages;
	uint8_t secret_mark;
	bool wants_clear;
	struct order_side orders;
	struct login_kept user_kept, database_kept;
	uint8_t user[USER_MAX], database[USER_MAX];
};

static bool probe(const struct packet *p, bool from_client)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	uint32_t len = cursor_be32(&c), version = cursor_be32(&c);

	if (!from_client || !cursor_ok(&c) || len != p->payload_len)
		return false;
	if (version == VERSION_3) /* the first name is a word */
		return len > START_MIN && p->payload_cap > START_MIN &&
		       p->payload[START_MIN] >= '_' && p->payload[START_MIN] <= 'z';
	return len == START_MIN && (version == REQUEST_TLS || version == REQUEST_GSS);
}

static void put_login(struct inspection *in, enum login_outcome outcome)
{
	struct postgres_state *s = in->state;

	inspect_login(
		in, &(struct login){
			    .service = "postgresql",
			    .app = APP_DATABASE,
			    .outcome = outcome,
			    .method = (enum login_method)s->method,
			    .secret_mark = s->secret_mark,
			    .attempt = 1,
			    .user = { s->user, s->user_kept.len, s->user_kept.full },
			    .domain = { s->database, s->database_kept.len, s->database_kept.full },
		    });
	s->is_started = false;
}

/* A string that ends with NUL; false when it does not. */
static bool take_string(struct cursor *c, const uint8_t **ret, size_t *ret_len)
{
	size_t left = cursor_left(c);
	const uint8_t *end = left ? memchr(c->pos, 0, left) : NULL;

	if (!end)
		return false;
	*ret = c->pos;
	*ret_len = (size_t)(end - c->pos);
	cursor_skip(c, *ret_len + 1);
	return true;
}

static bool is_name(const uint8_t *name, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(name, text, len) == 0;
}

static enum inspect_verdict read_start(struct inspection *in, struct cursor *c)
{
	struct postgres_state *s = in->state;
	uint32_t version = cursor_be32(c);
	const uint8_t *name, *value;
	size_t name_len, value_len;

	if (version == REQUEST_TLS || version == REQUEST_GSS) {
		s->asked = version == REQUEST_TLS ? ASKED_TLS : ASKED_GSS;
		return INSPECT_MORE;
	}
	if (version != VERSION_3) /* to cancel a query */
		return INSPECT_DONE;
	while (take_string(c, &name, &name_len) && name_len && take_string(c, &value, &value_len)) {
		if (is_name(name, name_len, "user"))
			login_keep(s->user, sizeof(s->user), &s->user_kept, value,
				   (uint32_t)value_len);
		else if (is_name(name, name_len, "database"))
			login_keep(s->database, sizeof(s->database), &s->database_kept, value,
				   (uint32_t)value_len);
	}
	s->is_started = true;
	return INSPECT_MORE;
}

static enum inspect_verdict take_start(struct inspection *in, struct cursor *c)
{
	uint32_t len = cursor_be32(c);

	if (!cursor_ok(c))
		return INSPECT_MORE;
	if (len < START_MIN || len > START_MAX)
		return INSPECT_NOT_MINE;
	struct cursor body = cursor_sub(c, len - 4);
	return cursor_ok(&body) ? read_start(in, &body) : INSPECT_MORE;
}

/* SQLSTATE (appendix A): 28P01 wrong password, 28000 may not. */
static enum inspect_verdict read_error(struct inspection *in, struct cursor *c)
{
	enum login_outcome outcome = LOGIN_UNKNOWN;
	const uint8_t *text;
	size_t len;

	for (uint8_t field = cursor_u8(c); field && take_string(c, &text, &len);
	     field = cursor_u8(c)) {
		if (field == 'C' && len == STATE_LEN && memcmp(text, "28", 2) == 0)
			outcome = LOGIN_FAILURE;
		else if (field == 'C' && len == STATE_LEN && memcmp(text, "3D000", 5) == 0)
			outcome = LOGIN_SUCCESS; /* let in, and there is no such database */
	}
	put_login(in, outcome);
	return INSPECT_DONE;
}

static enum inspect_verdict read_server(struct inspection *in, uint8_t type, struct cursor *c)
{
	struct postgres_state *s = in->state;

	if (type == 'E')
		return read_error(in, c);
	if (type != 'R')
		return INSPECT_MORE;
	uint32_t kind = cursor_be32(c);
	if (!cursor_ok(c))
		return INSPECT_MORE;
	if (kind == AUTH_OK) {
		if (s->method == LOGIN_OTHER)
			s->method = LOGIN_NONE; /* trusted */
		put_login(in, LOGIN_SUCCESS);
		s->is_in = true;
		s->orders.budget = ORDER_BUDGET;
		return INSPECT_SIDE_DONE;
	}
	if (kind == AUTH_CLEAR)
		s->method = LOGIN_PASSWORD;
	else if (kind == AUTH_MD5 || kind == AUTH_SASL)
		s->method = LOGIN_HASH;
	s->wants_clear = kind == AUTH_CLEAR;
	return INSPECT_MORE;
}

/* A message with its type; one that is not there whole is waited for. */
static enum inspect_verdict take_message(struct inspection *in, struct cursor *c)
{
	struct postgres_state *s = in->state;
	uint8_t type = cursor_u8(c);
	uint32_t len = cursor_be32(c);

	if (!cursor_ok(c))
		return INSPECT_MORE;
	if (len < 4 || len > STREAM_WINDOW - 1 || s->messages >= MESSAGES_MAX)
		return INSPECT_DONE;
	struct cursor body = cursor_sub(c, len - 4);
	if (!cursor_ok(&body))
		return INSPECT_MORE;
	s->messages++;
	if (!in->from_client)
		return read_server(in, type, &body);
	size_t left = cursor_left(&body);
	if (type == 'p' && s->wants_clear && left)
		s->secret_mark = login_secret(in, cursor_take(&body, left), (uint32_t)left);
	return INSPECT_MORE;
}

static enum inspect_verdict take(struct inspection *in, struct cursor *c)
{
	struct postgres_state *s = in->state;

	if (in->from_client && !s->is_started)
		return take_start(in, c);
	if (!in->from_client && s->asked) {
		uint8_t asked = s->asked;
		uint8_t answer = cursor_u8(c);
		s->asked = ASKED_NOTHING;
		if (answer == 'S' && asked == ASKED_TLS)
			return INSPECT_TURNS;
		return answer == 'N' ? INSPECT_MORE : INSPECT_DONE;
	}
	if (!s->is_started)
		return INSPECT_DONE;
	return take_message(in, c);
}

/* The begin of a message after the log-in; false: more of it is needed. */
static bool take_order(struct inspection *in, struct order_side *orders, const uint8_t *data,
		       uint32_t len, uint32_t *ret_used)
{
	struct cursor c = cursor_make(data, len);
	uint8_t type = cursor_u8(&c);
	uint32_t said = cursor_be32(&c);

	*ret_used = 0;
	if (!cursor_ok(&c))
		return false;
	if (said < 4) {
		orders->budget = 0;
		return true;
	}
	uint32_t wanted = said - 4 < ORDER_SPAN ? said - 4 : ORDER_SPAN;
	bool is_order = type == 'Q' || type == 'P';
	if (is_order && cursor_left(&c) < wanted)
		return false;
	if (is_order)
		order_statement(in, ORDER_POSTGRES, cursor_take(&c, wanted), wanted, false,
				&orders->budget);
	*ret_used = (uint32_t)cursor_offset(&c);
	orders->skip = said - 4 - (is_order ? wanted : 0);
	return true;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct postgres_state *s = in->state;
	struct cursor c = cursor_make(data, len);
	enum inspect_verdict verdict = INSPECT_MORE;

	*ret_used = 0;
	if (in->from_client && s->is_in)
		return order_stream(in, &s->orders, data, len, ret_used, take_order);
	while (verdict == INSPECT_MORE && cursor_left(&c)) {
		verdict = take(in, &c);
		if (!cursor_ok(&c))
			break;
		*ret_used = (uint32_t)cursor_offset(&c);
	}
	return verdict;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct postgres_state *s = in->state;

	(void)data;
	(void)len;
	if (s->is_started)
		put_login(in, LOGIN_UNKNOWN);
}

static bool is_resting(const void *state)
{
	return ((const struct postgres_state *)state)->is_in;
}

const struct inspector postgres_inspector = {
	.name = "postgres",
	.app = APP_DATABASE,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct postgres_state),
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
	.is_resting = is_resting,
};
