/*
 * inspect/tls/tls.c - TLS over TCP: the hellos of both sides (RFC 8446, 5.1).
 *
 *   record: type 1, version 2, length 2, fragment
 *   handshake message, in the fragments of one record or of several: type 1, length 3, body
 *
 * A message that lies whole in the first record is read where it is; one that is cut over several
 * records is put together in the shard's buffer, anew with each segment, since nothing but the
 * stream itself keeps bytes.  What does not fit into the stream's window, or was not captured, is
 * read as far as it goes: a name may be there, a fingerprint is not.
 *
 * After the hello of both sides, or the client's and one record of another kind from the server,
 * nothing more is wanted.
 */
#include "exfild/flow/stream.h"
#include "exfild/inspect/inspector.h"
#include "hello_event.h"

#define RECORD_HEAD      5
#define RECORD_MAX       (16384 + 2048)
#define RECORD_CHANGE    20
#define RECORD_ALERT     21
#define ALERT_WARNING    1
#define PASSING_MAX      4 /* records before a hello */
#define RECORD_HANDSHAKE 22
#define PARTIAL_MIN      8192 /* of a hello that the window cannot hold, this much is waited for */

struct tls_state {
	uint16_t record_version[2];
	bool is_retried;  /* the server asked for another client hello */
	bool is_accepted; /* a hello was read */
	uint8_t passed;   /* records before the server's hello */
};

struct tls_shard {
	uint8_t message[STREAM_WINDOW]; /* only within one call */
};

/* What stands at the front of the stream. */
struct front {
	const uint8_t *message; /* with its head */
	size_t len;             /* of it that is there */
	size_t whole_len;       /* that it says; 0: not known yet */
	uint32_t used;          /* bytes of the stream up to the end of the last record touched */
	bool is_other;          /* a record of another kind follows before its end */
};

static bool probe(const struct packet *p, bool from_client)
{
	/* type, major version, -, length (a hello is under 16 KiB), -, message type */
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	uint8_t type = cursor_u8(&c);
	uint8_t major = cursor_u8(&c);

	(void)from_client;
	if (type != RECORD_HANDSHAKE)
		return false;
	if (!cursor_ok(&c)) /* cut at any byte: the stream decides */
		return true;
	uint8_t minor = cursor_u8(&c);
	if (major != 3 || minor > 4)
		return false;
	uint16_t len = cursor_be16(&c);
	if (!cursor_ok(&c))
		return true;
	uint8_t message = cursor_u8(&c);
	if (len == 0 || len > RECORD_MAX)
		return false;
	return !cursor_ok(&c) || message == TLS_CLIENT_HELLO || message == TLS_SERVER_HELLO;
}

static size_t message_len(const struct front *f)
{
	struct cursor c = cursor_make(f->message, f->len);

	cursor_skip(&c, 1);
	size_t len = cursor_be24(&c);
	return cursor_ok(&c) ? TLS_HANDSHAKE_HEAD + len : 0;
}

/* Joins the fragments of handshake records from the front until the message is whole. */
static void gather(struct tls_shard *shard, const uint8_t *data, uint32_t len, struct front *f)
{
	struct cursor c = cursor_make(data, len);

	memset(f, 0, sizeof(*f));
	while (cursor_left(&c) >= RECORD_HEAD) {
		uint8_t type = cursor_u8(&c);
		cursor_skip(&c, 2);
		size_t said = cursor_be16(&c);
		size_t left = cursor_left(&c);
		size_t there = said < left ? said : left;
		const uint8_t *fragment = cursor_take(&c, there);
		if (type != RECORD_HANDSHAKE || said == 0 || said > RECORD_MAX) {
			f->is_other = true;
			break;
		}
		if (f->len == 0) {
			f->message = fragment;
		} else {
			if (f->message != shard->message)
				memcpy(shard->message, f->message, f->len);
			f->message = shard->message;
			/* all of it comes from one window, without its record heads */
			memcpy(shard->message + f->len, fragment, there);
		}
		f->len += there;
		f->used = (uint32_t)cursor_offset(&c);
		f->whole_len = message_len(f);
		if (f->whole_len && f->len >= f->whole_len)
			break;
	}
	if (f->whole_len && f->len > f->whole_len)
		f->len = f->whole_len;
}

/* Will no more of this message come than there is? */
static bool is_last(const struct inspection *in, const struct front *f, uint32_t len)
{
	if (in->packet->payload_cap < in->packet->payload_len || f->is_other)
		return true;
	return f->whole_len > STREAM_WINDOW - RECORD_HEAD * 2 ? len >= PARTIAL_MIN :
								len >= STREAM_WINDOW;
}

static enum inspect_verdict read_client(struct inspection *in, const struct front *f)
{
	struct tls_state *state = in->state;
	struct tls_hello h;

	if (tls_hello_client(f->message + TLS_HANDSHAKE_HEAD, f->len - TLS_HANDSHAKE_HEAD, &h) < 0)
		return state->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
	if (f->len < f->whole_len)
		h.is_whole = false;
	state->is_accepted = true;
	tls_put_client_hello(in, EVENT_TLS, &h, state->record_version[in->side], 0);
	return INSPECT_SIDE_DONE;
}

static enum inspect_verdict read_server(struct inspection *in, const struct front *f)
{
	struct tls_state *state = in->state;
	struct tls_hello h;

	if (tls_hello_server(f->message + TLS_HANDSHAKE_HEAD, f->len - TLS_HANDSHAKE_HEAD, &h) < 0)
		return state->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
	if (f->len < f->whole_len)
		h.is_whole = false;
	state->is_accepted = true;
	if (h.is_retry && !state->is_retried) {
		state->is_retried = true;
		return INSPECT_MORE; /* the true hello follows */
	}
	tls_put_server_hello(in, &h, state->record_version[in->side]);
	return INSPECT_SIDE_DONE;
}

/* May a server send this before its hello? */
static bool is_passing(const struct tls_state *state, uint8_t type, uint32_t said,
		       const uint8_t *fragment)
{
	if (type == RECORD_ALERT) /* "unrecognised name", as a warning */
		return said == 2 && (!fragment || fragment[0] == ALERT_WARNING);
	/* for middle boxes, between the request to try again and the true hello */
	return type == RECORD_CHANGE && said == 1 && state->is_retried;
}

/* A first record that is no handshake. */
static enum inspect_verdict read_other(struct inspection *in, uint8_t type, uint32_t said,
				       struct cursor *c, uint32_t *ret_used)
{
	struct tls_state *state = in->state;
	const uint8_t *fragment = cursor_left(c) >= said ? cursor_take(c, said) : NULL;

	if (state->is_accepted && state->passed < PASSING_MAX &&
	    is_passing(state, type, said, fragment)) {
		if (fragment) {
			state->passed++;
			*ret_used = (uint32_t)cursor_offset(c);
		}
		return INSPECT_MORE;
	}
	return state->is_accepted || in->flow->app == APP_TLS ? INSPECT_SIDE_DONE :
								INSPECT_NOT_MINE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct tls_state *state = in->state;
	struct cursor c = cursor_make(data, len);
	uint8_t type = cursor_u8(&c);
	uint16_t version = cursor_be16(&c);
	uint16_t said = cursor_be16(&c);
	struct front f;

	*ret_used = 0;
	if (!cursor_ok(&c))
		return INSPECT_MORE;
	if (len > STREAM_WINDOW) /* a segment that the card has put together */
		len = STREAM_WINDOW;
	if (type != RECORD_HANDSHAKE || version >> 8 != 3 || said == 0 || said > RECORD_MAX)
		return read_other(in, type, said, &c, ret_used);
	state->record_version[in->side] = version;
	gather(in->shard_state, data, len, &f);
	if (f.len < TLS_HANDSHAKE_HEAD) {
		if (is_last(in, &f, len))
			return state->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
		return INSPECT_MORE;
	}
	if (f.len < f.whole_len && !is_last(in, &f, len))
		return INSPECT_MORE;
	enum inspect_verdict verdict;
	if (f.message[0] == TLS_CLIENT_HELLO)
		verdict = read_client(in, &f);
	else if (f.message[0] == TLS_SERVER_HELLO)
		verdict = read_server(in, &f);
	else
		verdict = state->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
	*ret_used = verdict == INSPECT_MORE ? f.used : 0;
	return verdict;
}

/* A hello that never got complete. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	uint32_t used;

	if (len)
		(void)on_stream(in, data, len, &used);
}

const struct inspector tls_inspector = {
	.name = "tls",
	.app = APP_TLS,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct tls_state),
	.shard_state_size = sizeof(struct tls_shard),
	.apps = { APP_TLS },
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
	.follows_clear = true,
};
