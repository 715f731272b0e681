/*
 * inspect/mssql.c - log-ins of Microsoft SQL Server (MS-TDS 2.2.1, 2.2.6.4, 2.2.7), and what it is
 * told to do beside its business (2.2.6.6, 2.2.6.7).
 *
 *   packet: type 1, status 1 (bit 0: the message ends), length 2, process 2, number 1, window 1,
 * data type 0x12 pre-login, 0x10 LOGIN7, 0x11 SSPI, 0x04 the server's answer as tokens, 0x01 a
 * batch of statements, 0x03 a call of a procedure
 *
 * LOGIN7 holds pairs of offset and count of UTF-16 characters: host at 36, user 40, password 44.
 * Where client and server agree on it, LOGIN7 alone goes through TLS, whose handshake lies in
 * pre-login packets; then the answer and all that follows is seen, and the user is not.  Of the
 * server nothing is read after its answer to the log-in.
 */
#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "login.h"
#include "order.h"

#define PORT_MSSQL   1433
#define HEAD_LEN     8
#define LENGTH_MAX   16000
#define TYPE_BATCH   0x01
#define TYPE_CALL    0x03
#define TYPE_ANSWER  0x04
#define TYPE_LOGIN   0x10
#define TYPE_SSPI    0x11
#define TYPE_PRE     0x12
#define TYPE_TLS     0x17
#define TOKENS_MAX   64
#define NAME_MAX_LEN 80
#define PACKETS_MAX  32
#define AT_HOST      36
#define AT_USER      40
#define AT_SECRET    44

#define TOKEN_ERROR    0xaa
#define TOKEN_INFO     0xab
#define TOKEN_LOGINACK 0xad
#define TOKEN_ENV      0xe3
#define TOKEN_SSPI     0xed
#define TOKEN_FEATURE  0xae

#define ERROR_LOGIN_FAILED 18456
#define ERROR_UNTRUSTED    18452
#define ERROR_DISABLED     18470
#define ERROR_LOCKED       18486
#define ERROR_EXPIRED      18487
#define ERROR_MUST_CHANGE  18488

struct mssql_state {
	bool is_accepted;
	bool is_asked; /* a log-in waits for its answer */
	bool is_in;    /* the log-in went through */
	uint8_t packets;
	uint8_t method; /* enum login_method */
	uint8_t secret_mark;
	uint32_t attempts;
	struct order_side orders;
	struct login_kept user_kept, host_kept;
	uint8_t user[NAME_MAX_LEN], host[NAME_MAX_LEN];
};

static bool probe(const struct packet *p, bool from_client)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	uint8_t type = cursor_u8(&c), status = cursor_u8(&c);
	uint16_t len = cursor_be16(&c);

	cursor_skip(&c, 4);
	if (!from_client || !cursor_ok(&c) || status > 1 || len < HEAD_LEN || len > LENGTH_MAX)
		return false;
	return (type == TYPE_PRE && len == p->payload_len && len > HEAD_LEN + 5) ||
	       (type == TYPE_LOGIN && p->dport == PORT_MSSQL);
}

static void put_login(struct inspection *in, enum login_outcome outcome, uint32_t status)
{
	struct mssql_state *s = in->state;

	inspect_login(in, &(struct login){
				  .service = "mssql",
				  .app = APP_DATABASE,
				  .outcome = outcome,
				  .method = (enum login_method)s->method,
				  .secret_mark = s->secret_mark,
				  .status = status,
				  .attempt = ++s->attempts,
				  .user = { s->user, s->user_kept.len, s->user_kept.full },
				  .workstation = { s->host, s->host_kept.len, s->host_kept.full },
			  });
	s->is_asked = false;
	if (outcome == LOGIN_SUCCESS) {
		s->is_in = true;
		s->orders.budget = ORDER_BUDGET;
	}
}

/* The text that an offset and a count at `at` point to, or NULL. */
static const uint8_t *text_at(struct cursor login, size_t at, uint32_t *ret_len)
{
	cursor_seek(&login, at);
	uint16_t offset = cursor_le16(&login), chars = cursor_le16(&login);
	cursor_seek(&login, offset);
	*ret_len = chars * 2u;
	return cursor_take(&login, *ret_len);
}

static void keep_text(struct cursor login, size_t at, uint8_t *dst, struct login_kept *kept)
{
	uint8_t text[NAME_MAX_LEN];
	uint32_t len;
	const uint8_t *data = text_at(login, at, &len);

	if (!data)
		return;
	uint32_t n = login_utf16(text, sizeof(text), data, len);
	login_keep(dst, NAME_MAX_LEN, kept, text, n);
	if (len / 2 > n)
		kept->full = (uint16_t)(len / 2);
}

static void read_login(struct inspection *in, struct cursor login)
{
	struct mssql_state *s = in->state;
	uint32_t len;

	keep_text(login, AT_HOST, s->host, &s->host_kept);
	keep_text(login, AT_USER, s->user, &s->user_kept);
	const uint8_t *secret = text_at(login, AT_SECRET, &len);
	s->method = s->user_kept.len ? LOGIN_PASSWORD : LOGIN_HASH;
	if (secret && s->user_kept.len)
		s->secret_mark = login_secret(in, secret, len);
	s->is_asked = true;
}

static enum login_outcome outcome_of(uint32_t number)
{
	switch (number) {
	case ERROR_LOGIN_FAILED:
	case ERROR_UNTRUSTED:
		return LOGIN_FAILURE;
	case ERROR_DISABLED:
	case ERROR_LOCKED:
	case ERROR_EXPIRED:
	case ERROR_MUST_CHANGE:
		return LOGIN_LOCKED;
	default:
		return LOGIN_UNKNOWN;
	}
}

/* Whether the answer to a log-in was found. */
static bool read_tokens(struct inspection *in, struct cursor *c)
{
	for (unsigned i = 0; i < TOKENS_MAX && cursor_left(c); i++) {
		uint8_t token = cursor_u8(c);
		if (token == TOKEN_FEATURE)
			return false;
		if (token != TOKEN_ERROR && token != TOKEN_INFO && token != TOKEN_ENV &&
		    token != TOKEN_LOGINACK && token != TOKEN_SSPI)
			return false;
		size_t len = cursor_u8(c);
		len |= (size_t)cursor_u8(c) << 8;
		struct cursor body = cursor_sub(c, len);
		if (token == TOKEN_LOGINACK && cursor_ok(c)) {
			put_login(in, LOGIN_SUCCESS, 0);
			return true;
		}
		uint32_t number = cursor_le32(&body);
		if (token == TOKEN_ERROR && cursor_ok(&body) &&
		    outcome_of(number) != LOGIN_UNKNOWN) {
			put_login(in, outcome_of(number), number);
			return true;
		}
	}
	return false;
}

static enum inspect_verdict read_packet(struct inspection *in, uint8_t type, struct cursor *body)
{
	struct mssql_state *s = in->state;

	if (in->from_client) {
		if (type == TYPE_LOGIN)
			read_login(in, *body);
		else if (type != TYPE_PRE && type != TYPE_SSPI)
			return s->is_accepted ? INSPECT_DONE : INSPECT_NOT_MINE;
		s->is_accepted = true;
		return INSPECT_MORE;
	}
	if (type != TYPE_ANSWER)
		return type == TYPE_PRE ? INSPECT_MORE : INSPECT_DONE;
	/* the answer to pre-login is of this type, too: an option's number, not a token */
	if (!read_tokens(in, body))
		return INSPECT_MORE;
	return s->is_in ? INSPECT_SIDE_DONE : INSPECT_DONE;
}

/*
 * The begin of a packet of the client after its log-in; false: more of it is needed.  A batch and a
 * call begin with headers (2.2.5.3), which are no text.
 */
static bool take_order(struct inspection *in, struct order_side *orders, const uint8_t *data,
		       uint32_t len, uint32_t *ret_used)
{
	struct cursor c = cursor_make(data, len);
	uint8_t type = cursor_u8(&c), status = cursor_u8(&c);
	uint16_t said = cursor_be16(&c);

	*ret_used = 0;
	cursor_skip(&c, HEAD_LEN - 4);
	if (!cursor_ok(&c))
		return false;
	if (type == TYPE_TLS || said < HEAD_LEN || status > 0x1f) {
		orders->budget = 0; /* encrypted altogether */
		return true;
	}
	uint32_t body = said - HEAD_LEN;
	uint32_t wanted = body < 2 * ORDER_SPAN ? body : 2 * ORDER_SPAN;
	bool is_order = type == TYPE_BATCH || type == TYPE_CALL;
	if (is_order && cursor_left(&c) < wanted)
		return false;
	const uint8_t *text = is_order ? cursor_take(&c, wanted) : NULL;
	if (text)
		order_statement(in, ORDER_MSSQL, text, wanted, true, &orders->budget);
	/* arguments of a call may begin at an odd place */
	if (text && type == TYPE_CALL && wanted > 1)
		order_statement(in, ORDER_MSSQL, text + 1, wanted - 1, true, &orders->budget);
	*ret_used = (uint32_t)cursor_offset(&c);
	orders->skip = said - *ret_used;
	return true;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct mssql_state *s = in->state;
	struct cursor c = cursor_make(data, len);
	enum inspect_verdict verdict = INSPECT_MORE;

	*ret_used = 0;
	if (in->from_client && s->is_in)
		return order_stream(in, &s->orders, data, len, ret_used, take_order);
	while (verdict == INSPECT_MORE && cursor_left(&c) >= HEAD_LEN) {
		uint8_t type = cursor_u8(&c);
		cursor_skip(&c, 1);
		uint16_t said = cursor_be16(&c);
		cursor_skip(&c, 4);
		if (type == TYPE_TLS && in->from_client && s->is_accepted) {
			s->is_asked = true; /* LOGIN7 alone is encrypted, or all that follows */
			cursor_seek(&c, *ret_used + 3);
			uint16_t record = cursor_be16(&c);
			if (cursor_ok(&c) && record > LENGTH_MAX)
				return INSPECT_SIDE_DONE;
			(void)cursor_take(&c, record);
			if (!cursor_ok(&c))
				break;
			*ret_used = (uint32_t)cursor_offset(&c);
			continue;
		}
		if (said < HEAD_LEN || said > LENGTH_MAX || s->packets >= PACKETS_MAX ||
		    (type != TYPE_ANSWER && (type < TYPE_LOGIN || type > TYPE_PRE)))
			return s->is_accepted ? INSPECT_DONE : INSPECT_NOT_MINE; /* TLS, or none */
		struct cursor body = cursor_sub(&c, said - HEAD_LEN);
		if (!cursor_ok(&body))
			break;
		s->packets++;
		*ret_used = (uint32_t)cursor_offset(&c);
		verdict = read_packet(in, type, &body);
	}
	return verdict;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct mssql_state *s = in->state;

	(void)data;
	(void)len;
	if (s->is_asked)
		put_login(in, LOGIN_UNKNOWN, 0);
}

static bool is_resting(const void *state)
{
	return ((const struct mssql_state *)state)->is_in;
}

const struct inspector mssql_inspector = {
	.name = "mssql",
	.app = APP_DATABASE,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct mssql_state),
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
	.is_resting = is_resting,
};
