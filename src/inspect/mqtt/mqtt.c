/*
 * inspect/mqtt/mqtt.c - messages of things to their broker (OASIS MQTT 3.1.1 and 5.0).
 *
 *   type and flags (1), length (1 to 4, 7 bits each), then
 *   CONNECT: "MQTT", level, flags, keep alive, [properties], client, [will], [user], [password]
 *   CONNACK: flags, code    PUBLISH: topic, [id], [properties], payload
 *
 * Told are the log-in, and of each message that may leave what rides in it: encoded words of texts,
 * and payloads that are files or have no order at all.  Measured values in a form of their own,
 * pictures, and small messages that a program packs are what things send.  All that may leave is
 * looked through.  A head of more than HEAD_MAX bytes is passed over with its message.  Whether a
 * program is led by it is talk.h's.
 */
#include "exfild/base/cursor.h"
#include "exfild/content/packed.h"
#include "exfild/inspect/inspector.h"
#include "../content/carried.h"
#include "../content/magic.h"
#include "../content/scan.h"
#include "../login.h"
#include "talk.h"

#define USER_MAX    80
#define HEAD_MAX    4096u
#define LOOK_MAX    1024u /* bytes of a payload that tell what it is */
#define PACKED_MAX  16384u
#define LEVEL_5     5
#define HAS_USER    0x80
#define HAS_SECRET  0x40
#define HAS_WILL    0x04
#define QOS         0x06
#define BAD_USER    4 /* 3.1.1 */
#define NOT_ALLOWED 5
#define BAD_USER_5  0x86
#define NO_RIGHT_5  0x87

enum packet_type { PACKET_CONNECT = 1, PACKET_CONNACK = 2, PACKET_PUBLISH = 3 };
enum payload { PAYLOAD_NONE, PAYLOAD_TEXT, PAYLOAD_NOISE, PAYLOAD_PICTURE, PAYLOAD_OTHER };

struct mqtt_side {
	uint32_t skip;     /* bytes of a packet that are passed over */
	uint32_t left;     /* bytes of the payload still to come */
	uint32_t said;     /* bytes of the message that came */
	uint8_t payload;   /* enum payload */
	bool is_text_open; /* texts in a row are looked through as one */
	struct carried carried;
};

struct mqtt_state {
	struct mqtt_side side[2];
	uint8_t level;   /* of the protocol; 0: no CONNECT yet */
	bool is_waiting; /* a log-in for its answer */
	uint8_t secret_mark;
	struct login_kept user_kept;
	uint8_t user[USER_MAX];
	struct mqtt_talk talk;
};

_Static_assert(sizeof(struct mqtt_state) <= INSPECT_STATE_MAX, "talk and names fit into the state");

static bool is_connect(struct cursor c)
{
	unsigned n = 0;
	if (cursor_u8(&c) != PACKET_CONNECT << 4)
		return false;
	while (cursor_u8(&c) & 0x80 && n < 3)
		n++;
	uint16_t len = cursor_be16(&c);
	const uint8_t *name = cursor_take(&c, len == 6 ? 6 : 4);
	return name && ((len == 4 && memcmp(name, "MQTT", 4) == 0) ||
			(len == 6 && memcmp(name, "MQIsdp", 6) == 0));
}

static bool probe(const struct packet *p, bool from_client)
{
	return from_client && is_connect(cursor_make(p->payload, p->payload_cap));
}

/* A length of up to four bytes; false: it is longer, or not there. */
static bool read_length(struct cursor *c, uint32_t *ret)
{
	*ret = 0;
	for (unsigned i = 0; i < 4; i++) {
		uint8_t byte = cursor_u8(c);
		*ret |= (uint32_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80))
			return cursor_ok(c);
	}
	return false;
}

/* Text or bytes behind a length of two. */
static const uint8_t *read_field(struct cursor *c, uint16_t *ret_len)
{
	*ret_len = cursor_be16(c);
	return cursor_take(c, *ret_len);
}

static void pass_properties(struct cursor *c)
{
	uint32_t len;
	if (read_length(c, &len))
		cursor_skip(c, len);
}

static void put_login(struct inspection *in, enum login_outcome outcome, uint32_t status)
{
	struct mqtt_state *s = in->state;
	inspect_login(in, &(struct login){
				  .service = "mqtt",
				  .app = APP_MQTT,
				  .outcome = outcome,
				  .method = LOGIN_PASSWORD,
				  .secret_mark = s->secret_mark,
				  .status = status,
				  .attempt = 1,
				  .user = { s->user, s->user_kept.len, s->user_kept.full },
			  });
	s->is_waiting = false;
}

static void read_connect(struct inspection *in, struct cursor c)
{
	struct mqtt_state *s = in->state;
	uint16_t len;
	(void)read_field(&c, &len); /* the protocol's name */
	s->level = cursor_u8(&c);
	uint8_t flags = cursor_u8(&c);
	cursor_skip(&c, 2);
	if (s->level >= LEVEL_5)
		pass_properties(&c);
	const uint8_t *client = read_field(&c, &len);
	if (client)
		mqtt_talk_client(&s->talk, client, len);
	if (flags & HAS_WILL) {
		if (s->level >= LEVEL_5)
			pass_properties(&c);
		(void)read_field(&c, &len);
		(void)read_field(&c, &len);
	}
	if (!(flags & HAS_USER) || !cursor_ok(&c))
		return;
	const uint8_t *user = read_field(&c, &len);
	if (!user)
		return;
	login_keep(s->user, sizeof(s->user), &s->user_kept, user, len);
	const uint8_t *secret = flags & HAS_SECRET ? read_field(&c, &len) : NULL;
	s->secret_mark = secret && len ? login_secret(in, secret, len) : 0;
	s->is_waiting = true;
}

static void read_answer(struct inspection *in, struct cursor c)
{
	const struct mqtt_state *s = in->state;
	cursor_skip(&c, 1);
	uint8_t code = cursor_u8(&c);
	bool is_refused = s->level >= LEVEL_5 ? code == BAD_USER_5 || code == NO_RIGHT_5 :
						code == BAD_USER || code == NOT_ALLOWED;
	if (s->is_waiting && cursor_ok(&c))
		put_login(in,
			  code == 0  ? LOGIN_SUCCESS :
			  is_refused ? LOGIN_FAILURE :
				       LOGIN_UNKNOWN,
			  code);
}

static struct scan_source source_of(void)
{
	return (struct scan_source){ "mqtt", NULL, 0, APP_MQTT, false };
}

static void end_texts(struct inspection *in, struct mqtt_side *side)
{
	const struct scan_source source = source_of();
	if (side->is_text_open)
		scan_end(in, &source);
	side->is_text_open = false;
}

/* What the first bytes of a payload of `size` say that it is. */
static enum payload payload_of(const uint8_t *data, size_t len, uint32_t size)
{
	bool is_packed = len > 1 && packed_is(data[0], data[1]);
	if (magic_is_picture(data, len))
		return PAYLOAD_PICTURE;
	if (is_packed && size < PACKED_MAX)
		return PAYLOAD_OTHER; /* a program packs each message */
	if (magic_is_text(data, len))
		return PAYLOAD_TEXT;
	return magic_is_loaded(data, len) || magic_is_noise(data, len) ? PAYLOAD_NOISE :
									 PAYLOAD_OTHER;
}

static void weigh(struct inspection *in, struct mqtt_side *side, const uint8_t *data, size_t len)
{
	const struct scan_source source = source_of();
	if (side->payload == PAYLOAD_TEXT)
		carried_add_text(&side->carried, in->key, data, len);
	else if (side->payload == PAYLOAD_NOISE)
		carried_add(&side->carried, in->key, data, len);
	if (side->payload != PAYLOAD_PICTURE && scan_may_leave(in)) {
		scan_take(in, &source, data, (uint32_t)len);
		side->is_text_open = true;
	}
}

static void end_message(struct inspection *in, struct mqtt_side *side)
{
	const struct scan_source source = source_of();
	if (in->from_client && carried_may_leave(in))
		carried_put_message(in, APP_MQTT, side->said, &side->carried);
	if (side->payload != PAYLOAD_TEXT)
		end_texts(in, side);
	else if (side->is_text_open)
		scan_take(in, &source, (const uint8_t *)"\n", 1);
	memset(&side->carried, 0, sizeof(side->carried));
	side->payload = PAYLOAD_NONE;
	side->said = 0;
}

/* The payload's next bytes; false: its first ones are not all there. */
static bool take_payload(struct inspection *in, struct mqtt_side *side, struct cursor *c)
{
	struct mqtt_state *s = in->state;
	size_t left = cursor_left(c), n = left < side->left ? left : side->left;
	const uint8_t *data;
	if (side->payload == PAYLOAD_NONE) {
		size_t look = side->left < LOOK_MAX ? side->left : LOOK_MAX;
		if (n < look)
			return false;
		struct cursor first = *c;
		data = cursor_take(&first, look);
		side->payload = (uint8_t)payload_of(data, look, side->left);
		mqtt_talk_take(&s->talk, in, data, look);
		if (side->payload != PAYLOAD_TEXT)
			end_texts(in, side);
	}
	data = cursor_take(c, n);
	weigh(in, side, data, n);
	side->left -= (uint32_t)n;
	carried_begin(&side->carried, in);
	side->said += (uint32_t)n;
	if (side->left == 0)
		end_message(in, side);
	return true;
}

/* The head of a message, of which `body` holds what is there, and its length; false: it is longer.
 */
static bool read_publish(struct inspection *in, struct mqtt_side *side, uint8_t first,
			 struct cursor *body, uint32_t len, uint32_t *ret_head)
{
	struct mqtt_state *s = in->state;
	uint16_t topic_len;
	const uint8_t *topic = read_field(body, &topic_len);
	if (first & QOS)
		cursor_skip(body, 2);
	if (s->level >= LEVEL_5)
		pass_properties(body);
	if (!topic || !cursor_ok(body))
		return false;
	*ret_head = (uint32_t)cursor_offset(body);
	side->said = *ret_head;
	side->left = len - *ret_head;
	mqtt_talk_topic(&s->talk, in, topic, topic_len);
	carried_add_text(&side->carried, in->key, topic, topic_len);
	if (side->left == 0)
		end_message(in, side);
	return true;
}

/* One packet, or the head of a message.  INSPECT_SIDE_DONE: that is none; *ret_more: not all there.
 */
static enum inspect_verdict read_packet(struct inspection *in, struct mqtt_side *side,
					struct cursor *c, bool *ret_more)
{
	struct cursor at = *c;
	uint8_t first = cursor_u8(&at);
	unsigned type = first >> 4;
	uint32_t len, head_len;
	if (!read_length(&at, &len)) {
		*ret_more = !cursor_ok(&at);
		return *ret_more ? INSPECT_MORE : INSPECT_SIDE_DONE;
	}
	size_t left = cursor_left(&at), there = left < len ? left : len;
	struct cursor body = cursor_sub(&at, there);
	bool is_greeting = type == (in->from_client ? PACKET_CONNECT : PACKET_CONNACK);
	bool is_publish = type == PACKET_PUBLISH;
	if (is_publish && read_publish(in, side, first, &body, len, &head_len)) {
		cursor_seek(c, cursor_offset(&at) - there + head_len);
		return INSPECT_MORE;
	}
	*ret_more = (is_publish || is_greeting) && there < len && there < HEAD_MAX;
	if (*ret_more)
		return INSPECT_MORE;
	if (is_greeting && there == len) {
		if (in->from_client)
			read_connect(in, body);
		else
			read_answer(in, body);
	}
	side->skip = len - (uint32_t)there;
	*c = at;
	return INSPECT_MORE;
}

/* Whether more of this side would be looked at, once the log-in is through. */
static bool is_wanted(const struct inspection *in)
{
	const struct mqtt_state *s = in->state;
	return in->from_client ? carried_may_leave(in) :
				 scan_may_leave(in) || mqtt_talk_listens(&s->talk, in);
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct mqtt_state *s = in->state;
	struct mqtt_side *side = &s->side[in->side];
	struct cursor c = cursor_make(data, len);
	enum inspect_verdict verdict = INSPECT_MORE;
	bool more = false;

	while (verdict == INSPECT_MORE && !more && cursor_left(&c)) {
		size_t left = cursor_left(&c), pass = side->skip < left ? side->skip : left;
		if (pass) {
			cursor_skip(&c, pass);
			side->skip -= (uint32_t)pass;
		} else if (side->left) {
			more = !take_payload(in, side, &c);
		} else {
			verdict = read_packet(in, side, &c, &more);
			if (verdict == INSPECT_MORE && !more && !is_wanted(in))
				verdict = INSPECT_SIDE_DONE;
		}
	}
	*ret_used = (uint32_t)cursor_offset(&c);
	if (verdict == INSPECT_SIDE_DONE)
		end_texts(in, side);
	return verdict;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct mqtt_state *s = in->state;
	struct mqtt_side *side = &s->side[in->side];
	(void)data;
	(void)len;
	if (side->said)
		end_message(in, side);
	end_texts(in, side);
	if (s->is_waiting)
		put_login(in, LOGIN_UNKNOWN, 0);
}

const struct inspector mqtt_inspector = {
	.name = "mqtt",
	.app = APP_MQTT,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct mqtt_state),
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
};
