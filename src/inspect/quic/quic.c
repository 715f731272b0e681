/*
 * inspect/quic/quic.c - QUIC: the client hello in its Initial packets (RFC 9000, 9001, 9369).
 *
 * The first Initial of a flow must open with the keys of its own connection id: that is proof that
 * the flow is QUIC.  Its side is the client from then on, whatever the flow table guessed, and the
 * other side is not looked at.  Pieces of the hello come in CRYPTO frames, in any order and over
 * several packets and datagrams; the packets after a Retry have new keys and the same hello.
 *
 * One event_quic a flow, when the hello is whole, or after 8 Initial packets with what there is.
 * From then on only the sizes of datagrams are counted, for a while (../tls/shape.h): DNS over QUIC
 * and HTTP/3 show in them what they carry, as TLS does in its records.
 */
#include "exfild/inspect/inspector.h"
#include "../tls/hello_event.h"
#include "../tls/shape.h"
#include "assemble.h"
#include "initial.h"

#define DATAGRAM_MIN  1200 /* of a client with an Initial (RFC 9000, 14.1) */
#define INITIALS_MAX  8
#define DATAGRAMS_MAX 32 /* of both sides, until the hello is given up */

enum frame {
	FRAME_PADDING = 0,
	FRAME_PING = 1,
	FRAME_ACK = 2,
	FRAME_ACK_ECN = 3,
	FRAME_CRYPTO = 6,
	FRAME_CRYPTO_GOOGLE = 8, /* in versions T050 and T051 */
};

struct quic_state {
	struct quic_keys keys;
	struct tls_shape shape;
	uint32_t version;
	bool is_accepted; /* a packet was opened: keys, version and side hold */
	bool is_told;     /* the hello: the rest is counted */
	uint8_t side;     /* of the client */
	uint8_t slot;
	uint8_t initials, datagrams;
};

struct quic_shard {
	struct quic_pool pool;
	uint8_t plain[QUIC_PLAIN_MAX]; /* only within one call */
};

static bool probe(const struct packet *p, bool from_client)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	uint8_t first = cursor_u8(&c);
	uint32_t version = cursor_be32(&c);
	uint8_t dcid_len = cursor_u8(&c);

	(void)from_client;
	return cursor_ok(&c) && (first & 0xc0) == 0xc0 && dcid_len <= QUIC_CID_MAX &&
	       p->payload_len >= DATAGRAM_MIN && quic_version_is_known(version);
}

static uint64_t read_varint(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	uint64_t v = first & 0x3f;

	for (unsigned n = (1u << (first >> 6)) - 1; n; n--)
		v = v << 8 | cursor_u8(c);
	return v;
}

static void skip_ack(struct cursor *c, bool has_ecn)
{
	(void)read_varint(c); /* largest */
	(void)read_varint(c); /* delay */
	uint64_t ranges = read_varint(c);
	(void)read_varint(c); /* first range */
	for (; ranges && cursor_ok(c); ranges--) {
		(void)read_varint(c);
		(void)read_varint(c);
	}
	for (unsigned n = has_ecn ? 3 : 0; n; n--)
		(void)read_varint(c);
}

/* Of a cut frame, what is there. */
static void take_crypto(struct cursor *c, struct quic_slot *slot)
{
	uint64_t offset = read_varint(c);
	uint64_t len = read_varint(c);
	size_t left = cursor_left(c);

	if (!cursor_ok(c))
		return;
	size_t there = len < left ? (size_t)len : left;
	const uint8_t *data = cursor_take(c, there);
	if (data && !quic_slot_add(slot, offset, data, there))
		c->error = true;
	if (there < len)
		c->error = true;
}

static void take_frames(const uint8_t *plain, size_t len, uint32_t version, struct quic_slot *slot)
{
	struct cursor c = cursor_make(plain, len);
	bool is_google = version >> 8 == 0x543035; /* "T05" */

	while (cursor_left(&c) > 0) {
		switch (cursor_u8(&c)) {
		case FRAME_PADDING:
		case FRAME_PING:
			break;
		case FRAME_ACK:
			skip_ack(&c, false);
			break;
		case FRAME_ACK_ECN:
			skip_ack(&c, true);
			break;
		case FRAME_CRYPTO:
			take_crypto(&c, slot);
			break;
		case FRAME_CRYPTO_GOOGLE:
			if (!is_google)
				return;
			take_crypto(&c, slot);
			break;
		default: /* the end of the connection, or no frame */
			return;
		}
	}
}

/* Opens with the keys of the flow; where they fail, with those of the packet's own id (a Retry). */
static int open_packet(struct quic_state *state, const struct quic_packet *p, uint8_t *plain,
		       size_t *ret_len)
{
	struct quic_keys keys;

	if (state->is_accepted && p->version == state->version) {
		int r = quic_open(p, &state->keys, plain, ret_len);
		if (r != -EXF_E_INVALID)
			return r;
	}
	if (!quic_keys_make(p->version, p->dcid, p->dcid_len, &keys))
		return -EXF_E_UNSUPPORTED;
	int r = quic_open(p, &keys, plain, ret_len);
	if (r < 0)
		return r;
	state->keys = keys;
	state->version = p->version;
	return 0;
}

static enum inspect_verdict end(struct inspection *in)
{
	struct quic_state *state = in->state;
	struct quic_shard *shard = in->shard_state;

	quic_pool_give(&shard->pool, in->flow->id, state->slot);
	return INSPECT_DONE;
}

/* The hello, if it is whole or nothing more of it will come. */
static enum inspect_verdict try_hello(struct inspection *in, bool is_last)
{
	struct quic_state *state = in->state;
	struct quic_shard *shard = in->shard_state;
	struct quic_slot *slot = quic_pool_take(&shard->pool, in->flow->id, &state->slot);
	struct cursor c = cursor_make(slot->data, quic_slot_front(slot));
	struct tls_hello h;

	uint8_t type = cursor_u8(&c);
	size_t len = cursor_be24(&c);
	if (!cursor_ok(&c))
		return is_last ? end(in) : INSPECT_MORE;
	if (type != TLS_CLIENT_HELLO)
		return end(in);
	bool is_whole = cursor_left(&c) >= len;
	if (len > QUIC_HELLO_MAX - TLS_HANDSHAKE_HEAD)
		is_last = true;
	if (!is_whole && !is_last)
		return INSPECT_MORE;
	if (tls_hello_client(c.pos, is_whole ? len : cursor_left(&c), &h) == 0) {
		if (!is_whole)
			h.is_whole = false;
		tls_put_client_hello(in, EVENT_QUIC, &h, 0, state->version);
		state->is_told = true;
	}
	(void)end(in);
	return state->is_told ? INSPECT_MORE : INSPECT_DONE;
}

static enum inspect_verdict take_initial(struct inspection *in, const struct quic_packet *p)
{
	struct quic_state *state = in->state;
	struct quic_shard *shard = in->shard_state;
	size_t len;

	int r = open_packet(state, p, shard->plain, &len);
	if (r < 0)
		return state->is_accepted ? INSPECT_MORE : INSPECT_NOT_MINE;
	state->is_accepted = true;
	state->side = (uint8_t)in->side;
	state->initials++;
	take_frames(shard->plain, len, state->version,
		    quic_pool_take(&shard->pool, in->flow->id, &state->slot));
	return try_hello(in, state->initials >= INITIALS_MAX);
}

/* Tells what there is of the hello; the packet at hand may be the server's. */
static enum inspect_verdict give_up(const struct inspection *in)
{
	const struct quic_state *state = in->state;
	struct inspection client = *in;

	client.side = state->side;
	client.from_client = in->from_client == (in->side == state->side);
	return try_hello(&client, true);
}

/* A packet of the handshake has a long header; what is sealed for good has a short one. */
static enum inspect_verdict count_datagram(struct inspection *in)
{
	struct quic_state *state = in->state;
	const struct packet *p = in->packet;

	if (p->payload_cap && !(p->payload[0] & 0x80))
		tls_shape_add(&state->shape, in->side == state->side, p->payload_len, p->time_ns);
	if (tls_shape_is_full(&state->shape)) {
		tls_shape_end(&state->shape, in);
		return INSPECT_DONE;
	}
	tls_shape_step(&state->shape, in);
	return INSPECT_MORE;
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	struct quic_state *state = in->state;
	const struct packet *p = in->packet;
	enum inspect_verdict verdict = INSPECT_MORE;
	size_t at = 0;

	if (state->is_told)
		return count_datagram(in);
	if (state->is_accepted && ++state->datagrams >= DATAGRAMS_MAX)
		return give_up(in);
	if (state->is_accepted && in->side != state->side)
		return INSPECT_MORE;
	while (verdict == INSPECT_MORE && at < p->payload_cap && !state->is_told) {
		struct quic_packet packet;
		size_t used;
		if (quic_packet_read(p->payload + at, p->payload_cap - at, p->payload_len - at,
				     &packet, &used) < 0) {
			if (at == 0 && state->is_accepted) /* it has gone on without Initials */
				return give_up(in);
			break;
		}
		if (packet.is_initial)
			verdict = take_initial(in, &packet);
		at += used;
	}
	return state->is_accepted || verdict == INSPECT_DONE ? verdict : INSPECT_NOT_MINE;
}

/* Its hello is told: what is left is worth less than a new flow. */
static bool is_resting(const void *arg)
{
	const struct quic_state *state = arg;
	return state->is_told;
}

const struct inspector quic_inspector = {
	.name = "quic",
	.app = APP_QUIC,
	.proto = PROTO_UDP,
	.state_size = sizeof(struct quic_state),
	.shard_state_size = sizeof(struct quic_shard),
	.probe = probe,
	.on_datagram = on_datagram,
	.is_resting = is_resting,
};
