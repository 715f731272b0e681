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
 * After its hello a server of TLS 1.2 and older shows its certificate, which is read from the same
 * window (certificate.h).  From then on only the heads of records are looked at, for a while
 * (shape.h): how long they are and who sends them.
 */
#include "exfild/flow/stream.h"
#include "exfild/inspect/inspector.h"
#include "certificate.h"
#include "hello_event.h"
#include "shape.h"

#define RECORD_HEAD      5
#define RECORD_MAX       (16384 + 2048)
#define RECORD_CHANGE    20
#define RECORD_ALERT     21
#define ALERT_WARNING    1
#define PASSING_MAX      4 /* records before a hello */
#define RECORD_HANDSHAKE 22
#define PARTIAL_MIN      8192 /* of a hello that the window cannot hold, this much is waited for */

#define CERTIFICATE  11
#define NAME_MAX_LEN 128
#define VERSION_1_2  0x0303

enum phase { PHASE_HELLO, PHASE_CERTIFICATE, PHASE_RECORDS, PHASE_OVER };

struct tls_state {
	struct tls_shape shape;
	uint8_t phase[2];
	uint8_t is_over[2]; /* nothing more can be read of this side */
	uint8_t client;     /* 1 + side of who sent the client hello */
	bool has_sni;
	uint8_t sni_len; /* of the name, lower case; 0: none, or too long */
	char sni[NAME_MAX_LEN];
	uint16_t version; /* chosen */
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

/* All handshake fragments from the front on, one after the other; true: another kind follows. */
static bool join(struct tls_shard *shard, const uint8_t *data, uint32_t len, size_t *ret_len)
{
	struct cursor c = cursor_make(data, len < STREAM_WINDOW ? len : STREAM_WINDOW);

	while (cursor_left(&c) >= RECORD_HEAD) {
		uint8_t type = cursor_u8(&c);
		cursor_skip(&c, 2);
		size_t said = cursor_be16(&c);
		size_t left = cursor_left(&c);
		size_t there = said < left ? said : left;
		if (type != RECORD_HANDSHAKE || said == 0 || said > RECORD_MAX)
			return true;
		/* all of it comes from one window, without its record heads */
		memcpy(shard->message + *ret_len, cursor_take(&c, there), there);
		*ret_len += there;
	}
	return false;
}

/* Will no more of this message come than there is? */
static bool is_last(const struct inspection *in, const struct front *f, uint32_t len)
{
	if (in->packet->payload_cap < in->packet->payload_len || f->is_other)
		return true;
	return f->whole_len > STREAM_WINDOW - RECORD_HEAD * 2 ? len >= PARTIAL_MIN :
								len >= STREAM_WINDOW;
}

static void keep_name(struct tls_state *state, const struct tls_hello *h)
{
	state->has_sni = h->sni.len > 0;
	if (h->sni.len > sizeof(state->sni))
		return;
	for (size_t i = 0; i < h->sni.len; i++) {
		uint8_t ch = h->sni.data[i];
		state->sni[i] = (char)(ch >= 'A' && ch <= 'Z' ? ch + 32 : ch);
	}
	state->sni_len = (uint8_t)h->sni.len;
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
	state->client = (uint8_t)(1 + in->side);
	keep_name(state, &h);
	tls_put_client_hello(in, EVENT_TLS, &h, state->record_version[in->side], 0);
	if (f->len < f->whole_len)
		return INSPECT_SIDE_DONE;
	state->phase[in->side] = PHASE_RECORDS;
	return INSPECT_MORE;
}

static enum inspect_verdict read_server(struct inspection *in, struct front *f)
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
	state->client = (uint8_t)(1 + !in->side);
	state->version = h.version;
	if (f->len < f->whole_len)
		return INSPECT_SIDE_DONE;
	state->phase[in->side] = h.version <= VERSION_1_2 ? PHASE_CERTIFICATE : PHASE_RECORDS;
	if (h.version <= VERSION_1_2)
		f->used = 0; /* the certificate may lie in the same record */
	return INSPECT_MORE;
}

/*
 * The message after the hello, whose record still stands at the front.  False: more may come.
 */
static bool read_certificate(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct tls_state *state = in->state;
	struct tls_shard *shard = in->shard_state;
	size_t used = 0;
	bool is_other = join(shard, data, len, &used);
	struct cursor c = cursor_make(shard->message, used);
	uint16_t chain = 0;

	cursor_skip(&c, 1);
	cursor_skip(&c, cursor_be24(&c)); /* the hello */
	uint8_t type = cursor_u8(&c);
	cursor_skip(&c, 3);
	if (cursor_ok(&c) && type != CERTIFICATE)
		return true;
	struct certificate_name der;
	size_t left = cursor_left(&c);
	int found =
		cursor_ok(&c) ? certificate_first(cursor_take(&c, left), left, &der, &chain) : 0;
	if (found > 0) {
		struct certificate cert;
		certificate_read(der.data, der.len, state->sni, state->sni_len, &cert);
		certificate_tell(in, &cert, chain, state->version, state->sni_len > 0);
	}
	return found || is_other || len >= STREAM_WINDOW ||
	       in->packet->payload_cap < in->packet->payload_len;
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

static enum inspect_verdict read_hello(struct inspection *in, const uint8_t *data, uint32_t len,
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

/* The side that ends last takes what was counted along. */
static enum inspect_verdict finish(struct inspection *in, enum inspect_verdict verdict)
{
	struct tls_state *state = in->state;

	if (verdict != INSPECT_SIDE_DONE)
		return verdict;
	state->is_over[in->side] = true;
	if (state->is_over[!in->side])
		tls_shape_end(&state->shape, in);
	return verdict;
}

static enum inspect_verdict read_records(struct inspection *in, const uint8_t *data, uint32_t len,
					 uint32_t *ret_used)
{
	struct tls_state *state = in->state;
	bool is_client = state->client == 1 + in->side;

	if (!tls_shape_read(&state->shape, in, is_client, data, len, ret_used))
		return INSPECT_SIDE_DONE;
	if (tls_shape_is_full(&state->shape)) {
		tls_shape_end(&state->shape, in);
		return INSPECT_DONE;
	}
	tls_shape_step(&state->shape, in);
	return INSPECT_MORE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct tls_state *state = in->state;
	uint8_t *phase = &state->phase[in->side];
	enum inspect_verdict verdict = INSPECT_MORE;
	uint32_t used = 0;

	*ret_used = 0;
	if (*phase == PHASE_OVER)
		return finish(in, INSPECT_SIDE_DONE);
	if (*phase == PHASE_HELLO)
		verdict = read_hello(in, data, len, ret_used);
	if (*phase == PHASE_HELLO || verdict != INSPECT_MORE)
		return finish(in, verdict);
	if (*phase == PHASE_CERTIFICATE) {
		if (!read_certificate(in, data, len))
			return INSPECT_MORE;
		*phase = PHASE_RECORDS;
	}
	verdict = read_records(in, data + *ret_used, len - *ret_used, &used);
	*ret_used += used;
	return finish(in, verdict);
}

/* What is missing of a hello never gets complete; of records the next segment may begin with one.
 */
static void on_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct tls_state *state = in->state;
	uint8_t *phase = &state->phase[in->side];
	uint32_t used;

	if (*phase == PHASE_HELLO) {
		if (len)
			(void)read_hello(in, data, len, &used);
		*phase = PHASE_OVER;
	} else if (*phase == PHASE_CERTIFICATE) {
		if (len)
			(void)read_certificate(in, data, len);
		*phase = PHASE_RECORDS;
	}
	if (*phase == PHASE_RECORDS)
		tls_shape_gap(&state->shape, in->side, missing);
}

/* What never got complete, and the last word on the records. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct tls_state *state = in->state;
	uint32_t used;

	if (len && state->phase[in->side] == PHASE_HELLO)
		(void)read_hello(in, data, len, &used);
	else if (len && state->phase[in->side] == PHASE_CERTIFICATE)
		(void)read_certificate(in, data, len);
	tls_shape_end(&state->shape, in);
}

/* Its hellos are told: what is left is worth less than a new flow. */
static bool is_resting(const void *arg)
{
	const struct tls_state *state = arg;
	return state->phase[0] == PHASE_RECORDS && state->phase[1] == PHASE_RECORDS;
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
	.on_gap = on_gap,
	.on_end = on_end,
	.is_resting = is_resting,
	.follows_clear = true,
};
