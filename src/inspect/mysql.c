/*
 * inspect/mysql.c - log-ins of MySQL and MariaDB (MySQL Internals, "Connection Phase"), and what
 * the server is told to do beside its business ("Command Phase").
 *
 *   packet: length 3 little-endian, number 1, payload
 *   server, first: 0a version NUL thread 4 ... | ff code 2 text: this host may not even ask
 *   client: capabilities 4, longest packet 4, charset 1, 23 zeros [, user NUL, answer ...]
 *   server: 00 all is well | ff code 2 [# state 5] text | fe other method | 01 more
 *
 * A client's first packet of 32 bytes asks for TLS, and TLS follows.  After the log-in only
 * statements of the client are read (03 text, 16 text).  A packet of the log-in that is longer than
 * the stream's window ends it.
 */
#include "exfild/base/cursor.h"
#include "exfild/flow/stream.h"
#include "exfild/inspect/inspector.h"
#include "login.h"
#include "order.h"

#define PORT_MYSQL    3306
#define HEAD_LEN      4
#define PROTOCOL_10   10
#define SSL_LEN       32
#define SSL_FLAG      0x0800u
#define PROTOCOL_41   0x0200u
#define GREETING_MIN  20
#define PACKETS_MAX   16 /* of the exchange after the greeting */
#define USER_MAX      80
#define COMMAND_QUERY 0x03
#define COMMAND_MAKE  0x16 /* a statement to be carried out later */
#define ANSWER_OK     0x00
#define ANSWER_ERROR  0xff
#define ANSWER_SWITCH 0xfe
#define ANSWER_MORE   0x01

#define ER_DBACCESS_DENIED 1044
#define ER_ACCESS_DENIED   1045
#define ER_NO_PASSWORD     1698 /* denied without a password asked */
#define ER_HOST_BLOCKED    1129
#define ER_HOST_DENIED     1130
#define ER_EXPIRED         1862
#define ER_LOCKED          3118
#define ER_LOCKED_TRIES    3955
#define ER_LOCKED_MARIADB  4151

struct mysql_state {
	bool is_accepted; /* the greeting was read */
	bool has_user;
	bool is_in;    /* the log-in went through */
	bool is_clear; /* the server wants the password as it is */
	uint8_t packets;
	uint8_t secret_mark;
	struct order_side orders;
	struct login_kept user_kept;
	uint8_t user[USER_MAX];
};

static bool is_greeting(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	uint32_t said = cursor_u8(&c);
	said |= (uint32_t)cursor_u8(&c) << 8 | (uint32_t)cursor_u8(&c) << 16;
	uint8_t number = cursor_u8(&c), protocol = cursor_u8(&c), digit = cursor_u8(&c);

	return cursor_ok(&c) && number == 0 && protocol == PROTOCOL_10 && said >= GREETING_MIN &&
	       said < 512 && digit >= '0' && digit <= '9';
}

static bool probe(const struct packet *p, bool from_client)
{
	if (from_client)
		return false;
	if (is_greeting(p->payload, p->payload_cap))
		return true;
	return p->sport == PORT_MYSQL && p->payload_cap > 6 && p->payload[3] == 0 &&
	       p->payload[4] == ANSWER_ERROR;
}

static void put_login(struct inspection *in, enum login_outcome outcome, uint32_t status)
{
	struct mysql_state *s = in->state;

	inspect_login(in, &(struct login){
				  .service = "mysql",
				  .app = APP_DATABASE,
				  .outcome = outcome,
				  .method = s->secret_mark ? LOGIN_PASSWORD : LOGIN_HASH,
				  .secret_mark = s->secret_mark,
				  .status = status,
				  .attempt = 1,
				  .user = { s->user, s->user_kept.len, s->user_kept.full },
			  });
	s->has_user = false;
}

static enum login_outcome outcome_of(uint16_t code)
{
	switch (code) {
	case ER_ACCESS_DENIED:
	case ER_NO_PASSWORD:
	case ER_DBACCESS_DENIED:
	case ER_HOST_DENIED:
		return LOGIN_FAILURE;
	case ER_EXPIRED:
	case ER_LOCKED:
	case ER_LOCKED_TRIES:
	case ER_LOCKED_MARIADB:
	case ER_HOST_BLOCKED:
		return LOGIN_LOCKED;
	default:
		return LOGIN_UNKNOWN;
	}
}

static enum inspect_verdict read_server(struct inspection *in, struct cursor *c)
{
	struct mysql_state *s = in->state;
	uint8_t kind = cursor_u8(c);

	if (kind == ANSWER_ERROR) {
		uint16_t code = cursor_le16(c);
		if (cursor_ok(c) && (s->has_user || !s->is_accepted))
			put_login(in, outcome_of(code), code);
		return INSPECT_DONE;
	}
	if (!s->is_accepted) {
		s->is_accepted = kind == PROTOCOL_10;
		return s->is_accepted ? INSPECT_MORE : INSPECT_NOT_MINE;
	}
	if (!s->has_user)
		return INSPECT_MORE;
	if (kind == ANSWER_OK) {
		put_login(in, LOGIN_SUCCESS, 0);
		s->is_in = true;
		s->orders.budget = ORDER_BUDGET;
		return INSPECT_SIDE_DONE;
	}
	if (kind == ANSWER_SWITCH) {
		static const char clear[] = "mysql_clear_password";
		const uint8_t *name = cursor_take(c, sizeof(clear));
		s->is_clear = name && memcmp(name, clear, sizeof(clear)) == 0;
	}
	return INSPECT_MORE;
}

static enum inspect_verdict read_client(struct inspection *in, struct cursor *c)
{
	struct mysql_state *s = in->state;

	if (s->has_user) { /* more of the exchange */
		size_t len = cursor_left(c);
		if (s->is_clear && len)
			s->secret_mark = login_secret(in, cursor_take(c, len), (uint32_t)len);
		return INSPECT_MORE;
	}
	size_t len = cursor_left(c);
	uint32_t flags = cursor_le16(c);
	if (flags & PROTOCOL_41)
		cursor_skip(c, SSL_LEN - 2);
	else
		cursor_skip(c, 3); /* longest packet */
	if (!cursor_ok(c))
		return INSPECT_DONE;
	if ((flags & SSL_FLAG) && len == SSL_LEN)
		return INSPECT_TURNS;
	const uint8_t *name = c->pos;
	const uint8_t *end = memchr(name, 0, cursor_left(c));
	if (!end)
		return INSPECT_DONE;
	login_keep(s->user, sizeof(s->user), &s->user_kept, name, (uint32_t)(end - name));
	s->has_user = true;
	return INSPECT_MORE;
}

/* The begin of a packet after the log-in; false: more of it is needed. */
static bool take_order(struct inspection *in, struct order_side *orders, const uint8_t *data,
		       uint32_t len, uint32_t *ret_used)
{
	struct cursor c = cursor_make(data, len);
	uint32_t said = cursor_u8(&c);
	said |= (uint32_t)cursor_u8(&c) << 8 | (uint32_t)cursor_u8(&c) << 16;
	cursor_skip(&c, 1);
	uint8_t command = cursor_u8(&c);

	*ret_used = 0;
	if (!cursor_ok(&c))
		return false;
	if (said == 0) {
		orders->budget = 0;
		return true;
	}
	uint32_t wanted = said - 1 < ORDER_SPAN ? said - 1 : ORDER_SPAN;
	bool is_order = command == COMMAND_QUERY || command == COMMAND_MAKE;
	if (is_order && cursor_left(&c) < wanted)
		return false;
	if (is_order)
		order_statement(in, ORDER_MYSQL, cursor_take(&c, wanted), wanted, false,
				&orders->budget);
	*ret_used = (uint32_t)cursor_offset(&c);
	orders->skip = said - 1 - (is_order ? wanted : 0);
	return true;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct mysql_state *s = in->state;
	struct cursor c = cursor_make(data, len);
	enum inspect_verdict verdict = INSPECT_MORE;

	*ret_used = 0;
	if (in->from_client && s->is_in)
		return order_stream(in, &s->orders, data, len, ret_used, take_order);
	while (verdict == INSPECT_MORE && cursor_left(&c) >= HEAD_LEN) {
		uint32_t said = cursor_u8(&c);
		said |= (uint32_t)cursor_u8(&c) << 8 | (uint32_t)cursor_u8(&c) << 16;
		cursor_skip(&c, 1);
		if (said == 0 || said > STREAM_WINDOW - HEAD_LEN || s->packets++ >= PACKETS_MAX)
			return s->is_accepted ? INSPECT_DONE : INSPECT_NOT_MINE;
		struct cursor payload = cursor_sub(&c, said);
		if (!cursor_ok(&payload)) {
			s->packets--;
			break;
		}
		*ret_used = (uint32_t)cursor_offset(&c);
		verdict = in->from_client ? read_client(in, &payload) : read_server(in, &payload);
	}
	return verdict;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct mysql_state *s = in->state;

	(void)data;
	(void)len;
	if (s->has_user)
		put_login(in, LOGIN_UNKNOWN, 0);
}

static bool is_resting(const void *state)
{
	return ((const struct mysql_state *)state)->is_in;
}

const struct inspector mysql_inspector = {
	.name = "mysql",
	.app = APP_DATABASE,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct mysql_state),
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
	.is_resting = is_resting,
};
