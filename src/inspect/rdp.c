/*
 * inspect/rdp.c - how remote desktop connections begin (MS-RDPBCGR 2.2.1.1 to 2.2.1.3;
 * X.224, 13.3).
 *
 *   TPKT: 03 00 length 2, X.224 head: length 1, code 1 (e0 request, d0 confirm, f0 data) ...
 *   request: [Cookie: mstshash=USER CR LF] [01 flags 1, 08 00, protocols 4 little-endian]
 *   confirm: [02 flags 1, 08 00, chosen 4 | 03 flags 1, 08 00, failure 4]
 *   data, with standard security: T.125 connect-initial with a GCC request (T.124), in it after
 * "Duca" blocks of type 2, length 2: c001 core, c002 security, c003 channels
 *
 * One event_rdp a connection.  With TLS or NLA it is told at the confirm, and the rest is TLS: what
 * the client calls itself is not seen, and whether the log-in went well neither.
 */
#include <strings.h>

#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "login.h"

#define PORT_RDP      3389
#define TPKT_LEN      4
#define TPKT_VERSION  3
#define CODE_REQUEST  0xe0
#define CODE_CONFIRM  0xd0
#define CODE_DATA     0xf0
#define REQUEST_HEAD  7 /* X.224 from its length on, before what follows */
#define NEG_REQUEST   1
#define NEG_RESPONSE  2
#define NEG_FAILURE   3
#define NEG_LEN       8
#define BLOCK_CORE    0xc001
#define BLOCK_NET     0xc003
#define NAME_UNITS    15
#define COOKIE_MAX    64
#define CHANNEL_LEN   8
#define CHANNELS_TEXT (RDP_CHANNELS_MAX * (CHANNEL_LEN + 2))

struct rdp_state {
	uint32_t requested;
	bool has_request;
	bool is_accepted;
	bool is_told;
	struct login_kept cookie_kept;
	uint8_t cookie[COOKIE_MAX];
};

/* What the client's settings say. */
struct settings {
	bool is_there;
	uint32_t build;
	uint16_t width, height;
	uint8_t name[3 * NAME_UNITS];
	uint32_t name_len;
	char channels[CHANNELS_TEXT];
	uint32_t channels_len;
	uint8_t count;
	bool has_inner;
};

static bool is_request(const uint8_t *data, size_t len)
{
	return len >= TPKT_LEN + REQUEST_HEAD && data[0] == TPKT_VERSION && data[1] == 0 &&
	       data[5] == CODE_REQUEST;
}

static bool probe(const struct packet *p, bool from_client)
{
	if (!from_client || !is_request(p->payload, p->payload_cap))
		return false;
	return p->dport == PORT_RDP || memmem(p->payload, p->payload_cap, "mstshash=", 9) ||
	       (p->payload_cap == TPKT_LEN + REQUEST_HEAD + NEG_LEN &&
		p->payload[TPKT_LEN + REQUEST_HEAD] == NEG_REQUEST);
}

static enum inspect_verdict put_event(struct inspection *in, uint32_t selected, uint32_t failure,
				      const struct settings *t)
{
	struct rdp_state *s = in->state;
	struct event_rdp *e = inspect_event(in, EVENT_RDP, sizeof(*e));

	if (e->e.app == APP_UNKNOWN)
		e->e.app = APP_RDP;
	e->requested = s->requested;
	e->selected = selected;
	e->failure = failure;
	e->has_request = s->has_request;
	if (s->cookie_kept.len)
		event_log_str(in->log, &e->cookie, s->cookie, s->cookie_kept.len,
			      s->cookie_kept.full);
	if (t && t->is_there) {
		e->has_settings = true;
		e->client_build = t->build;
		e->width = t->width;
		e->height = t->height;
		e->channel_count = t->count;
		e->has_inner = t->has_inner;
		if (t->name_len)
			event_log_str(in->log, &e->client_name, t->name, t->name_len, t->name_len);
		if (t->channels_len)
			event_log_str(in->log, &e->channels, t->channels, t->channels_len,
				      t->channels_len);
	}
	event_log_commit(in->log);
	s->is_told = true;
	return selected && !failure ? INSPECT_TURNS : INSPECT_DONE;
}

static void read_request(struct rdp_state *s, struct cursor *c)
{
	static const char mark[] = "Cookie: mstshash=";
	size_t len = cursor_left(c);
	const uint8_t *data = cursor_take(c, len);

	s->is_accepted = true;
	if (!data)
		return;
	if (len > sizeof(mark) && memcmp(data, mark, sizeof(mark) - 1) == 0) {
		const uint8_t *user = data + sizeof(mark) - 1;
		const uint8_t *end = memchr(user, '\r', len - (size_t)(user - data));
		if (end)
			login_keep(s->cookie, sizeof(s->cookie), &s->cookie_kept, user,
				   (uint32_t)(end - user));
	}
	if (len >= NEG_LEN) {
		struct cursor tail = cursor_make(data + len - NEG_LEN, NEG_LEN);
		uint8_t type = cursor_u8(&tail);
		cursor_skip(&tail, 1);
		if (type == NEG_REQUEST && cursor_le16(&tail) == NEG_LEN) {
			s->has_request = true;
			s->requested = cursor_le32(&tail);
		}
	}
}

static enum inspect_verdict read_confirm(struct inspection *in, struct cursor *c)
{
	uint8_t type = cursor_u8(c);
	cursor_skip(c, 1);
	uint16_t len = cursor_le16(c);
	uint32_t value = cursor_le32(c);

	if (!cursor_ok(c) || len != NEG_LEN)
		return INSPECT_MORE; /* an old server: the client's settings come next */
	if (type == NEG_FAILURE)
		return put_event(in, 0, value ? value : UINT32_MAX, NULL);
	if (type == NEG_RESPONSE && value)
		return put_event(in, value, 0, NULL);
	return INSPECT_MORE;
}

/* version 4, width 2, height 2, depth 2, sequence 2, keyboard 4, build 4, name 32 */
static void read_core(struct cursor c, struct settings *t)
{
	cursor_skip(&c, 4);
	t->width = cursor_le16(&c);
	t->height = cursor_le16(&c);
	cursor_skip(&c, 8);
	t->build = cursor_le32(&c);
	const uint8_t *name = cursor_take(&c, 2 * NAME_UNITS + 2);
	if (!name)
		return;
	uint32_t units = 0;
	while (units < NAME_UNITS && (name[2 * units] || name[2 * units + 1]))
		units++;
	t->name_len = login_utf16(t->name, sizeof(t->name), name, 2 * units);
	t->is_there = true;
}

/* count 4, then names of 8 bytes that end with NUL, with options 4 */
static void read_channels(struct cursor c, struct settings *t)
{
	uint32_t count = cursor_le32(&c);

	for (uint32_t i = 0; i < count && i < RDP_CHANNELS_MAX; i++) {
		const uint8_t *name = cursor_take(&c, CHANNEL_LEN);
		cursor_skip(&c, 4);
		if (!cursor_ok(&c))
			return;
		size_t len = strnlen((const char *)name, CHANNEL_LEN);
		static const char inner[] = "MS_T120";
		bool is_inner = len == sizeof(inner) - 1 &&
				strncasecmp((const char *)name, inner, len) == 0;
		t->has_inner |= is_inner;
		t->count++;
		if (t->channels_len) {
			memcpy(t->channels + t->channels_len, ", ", 2);
			t->channels_len += 2;
		}
		memcpy(t->channels + t->channels_len, name, len);
		t->channels_len += (uint32_t)len;
	}
}

/* The user data of the GCC request: behind "Duca" and a length in PER. */
static enum inspect_verdict read_settings(struct inspection *in, struct cursor *c)
{
	struct settings t = { .is_there = false };
	size_t len = cursor_left(c);
	const uint8_t *data = cursor_take(c, len);
	const uint8_t *mark = data ? memmem(data, len, "Duca", 4) : NULL;

	if (!mark)
		return put_event(in, 0, 0, NULL);
	struct cursor u = cursor_make(mark + 4, len - (size_t)(mark + 4 - data));
	if (cursor_u8(&u) & 0x80)
		cursor_skip(&u, 1);
	while (cursor_left(&u) >= 4) {
		uint16_t type = cursor_le16(&u), block = cursor_le16(&u);
		if (block < 4)
			break;
		struct cursor body = cursor_sub(&u, block - 4u);
		if (!cursor_ok(&body))
			break;
		if (type == BLOCK_CORE)
			read_core(body, &t);
		else if (type == BLOCK_NET)
			read_channels(body, &t);
	}
	return put_event(in, 0, 0, &t);
}

static enum inspect_verdict read_packet(struct inspection *in, struct cursor *c)
{
	struct rdp_state *s = in->state;
	uint8_t head = cursor_u8(c), code = cursor_u8(c);

	if (!cursor_ok(c) || head < 2)
		return s->is_accepted ? INSPECT_DONE : INSPECT_NOT_MINE;
	if (in->from_client && code == CODE_REQUEST) {
		cursor_skip(c, REQUEST_HEAD - 2);
		read_request(s, c);
		return INSPECT_MORE;
	}
	if (!s->is_accepted && in->from_client)
		return INSPECT_NOT_MINE;
	if (!in->from_client && code == CODE_CONFIRM) {
		cursor_skip(c, REQUEST_HEAD - 2);
		return read_confirm(in, c);
	}
	if (in->from_client && code == CODE_DATA)
		return read_settings(in, c);
	return in->from_client ? INSPECT_DONE : INSPECT_MORE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct rdp_state *s = in->state;
	struct cursor c = cursor_make(data, len);
	enum inspect_verdict verdict = INSPECT_MORE;

	*ret_used = 0;
	while (verdict == INSPECT_MORE && cursor_left(&c) >= TPKT_LEN) {
		uint8_t version = cursor_u8(&c);
		cursor_skip(&c, 1);
		uint16_t said = cursor_be16(&c);
		if (version != TPKT_VERSION || said < TPKT_LEN + 2 || said > 16000)
			return s->is_accepted ? INSPECT_DONE : INSPECT_NOT_MINE;
		struct cursor body = cursor_sub(&c, said - TPKT_LEN);
		if (!cursor_ok(&body))
			break;
		*ret_used = (uint32_t)cursor_offset(&c);
		verdict = read_packet(in, &body);
	}
	return verdict;
}

/* Asked, and never answered. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct rdp_state *s = in->state;

	(void)data;
	(void)len;
	if (s->is_accepted && !s->is_told)
		(void)put_event(in, 0, 0, NULL);
}

const struct inspector rdp_inspector = {
	.name = "rdp",
	.app = APP_RDP,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct rdp_state),
	.apps = { APP_RDP },
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
};
