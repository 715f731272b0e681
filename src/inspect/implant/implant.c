/*
 * inspect/implant/implant.c - remote access tools and bots in protocols of their own, in the clear.
 *
 * Their frames are told by structure (forms.h), with both sides taken together: a prefix, lengths
 * and zlib; a length in figures; a hello of four bytes and keep-alives of two; bare words of a text
 * protocol and orders; .NET's message framing; reports of what host it is.  What is no frame any
 * more ends the look. One event_implant as the form is sure, at each new mark, and at the end.  No
 * content is kept.
 */
#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "../irc/orders.h"
#include "../line.h"
#include "forms.h"

#define HELLO_LEN  4 /* of Mirai: 00 00 00 01 */
#define NAME_MAX   64
#define PINGS      2 /* that were answered */
#define FRAMES     2 /* of a side, until it is held to speak so */
#define HEX_LEN    12
#define STRANGE    8 /* lines that are neither a word of the protocol nor an order */
#define LOOKED_NET 4096u
#define FACTS      3 /* kinds, by which a text is a report of a host */
#define REPORTS    3 /* by which it goes on */

struct implant_state {
	uint32_t skip[2];
	uint32_t frames[2], pings[2], orders;
	uint32_t looked;
	uint32_t marks, told_marks;
	uint8_t family; /* enum implant_family; 0: not known yet */
	uint8_t strange;
	bool has_name; /* Mirai's bot has said its own */
	struct form_packed packed;
};

static bool is_word(const uint8_t *data, uint32_t len, const char *word)
{
	uint32_t n = (uint32_t)strlen(word);
	if (len < n || memcmp(data, word, n) != 0)
		return false;
	while (n < len && (data[n] == '\r' || data[n] == '\n' || data[n] == 0 || data[n] == ' '))
		n++;
	return n == len;
}

static bool is_hex(const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (!(data[i] >= '0' && data[i] <= '9') && !(data[i] >= 'A' && data[i] <= 'F'))
			return false;
	return len >= HEX_LEN && len % 2 == 0;
}

static bool is_numbered_whole(const uint8_t *data, uint32_t len)
{
	uint32_t body, head = form_numbered(data, len, &body);
	return head && head != UINT32_MAX && head + body == len && body;
}

/* What the client's first payload is. */
static enum implant_family of_client(const uint8_t *data, uint32_t len)
{
	struct form_packed packed;
	const uint8_t *via;
	uint32_t marked;
	if (len < HELLO_LEN)
		return IMPLANT_NONE;
	if (len == HELLO_LEN && memcmp(data, "\0\0\0\1", HELLO_LEN) == 0)
		return IMPLANT_KEPT_ALIVE;
	if (data[0] >= '0' && data[0] <= '9' && is_numbered_whole(data, len))
		return IMPLANT_NUMBERED;
	if (data[0] == 0 && form_net_tcp(data, len, &via))
		return IMPLANT_NET_TCP;
	marked = form_marked(data, len);
	if (marked && marked + 8 == len)
		return IMPLANT_MARKED;
	if (len < NAME_MAX && len > 6 && memcmp(data, "BUILD ", 6) == 0 && data[len - 1] == '\n')
		return IMPLANT_WORDS;
	if (form_find_packed(data, len, &packed))
		return IMPLANT_PACKED;
	return form_facts(data, len) >= FACTS ? IMPLANT_REPORTED : IMPLANT_NONE;
}

/* What the server's first payload is, where it speaks first. */
static enum implant_family of_server(const uint8_t *data, uint32_t len)
{
	if (len == HEX_LEN && is_hex(data, len))
		return IMPLANT_FIGURES;
	if (len <= 6 && is_word(data, len, "PING"))
		return IMPLANT_WORDS;
	return len > 3 && memcmp(data, "!* ", 3) == 0 ? IMPLANT_WORDS : IMPLANT_NONE;
}

static bool probe(const struct packet *p, bool from_client)
{
	if (p->payload_cap != p->payload_len || p->payload_cap < HELLO_LEN)
		return false;
	return from_client ? of_client(p->payload, p->payload_cap) :
			     of_server(p->payload, p->payload_cap);
}

static void put_event(struct inspection *in, bool is_end)
{
	struct implant_state *s = in->state;
	struct event_implant *e = inspect_event(in, EVENT_IMPLANT, sizeof(*e));
	e->family = s->family;
	e->is_end = is_end;
	e->marks = s->marks;
	e->orders = s->orders;
	e->frames[0] = s->frames[0];
	e->frames[1] = s->frames[1];
	e->pings = s->pings[0] < s->pings[1] ? s->pings[0] : s->pings[1];
	if (s->family == IMPLANT_PACKED)
		event_log_str(in->log, &e->prefix, s->packed.prefix, s->packed.prefix_len,
			      s->packed.prefix_len);
	event_log_commit(in->log);
	s->told_marks = s->marks;
}

/* One frame of a form with lengths: bytes that it takes, 0: not all of its head is there,
 * UINT32_MAX: it is none. */
static uint32_t read_frame(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct implant_state *s = in->state;
	uint32_t head, body = 0;
	switch (s->family) {
	case IMPLANT_PACKED:
		if (len < form_packed_head(&s->packed))
			return 0;
		body = form_packed_len(&s->packed, data, len);
		return body && memcmp(data, s->packed.prefix, s->packed.prefix_len) == 0 ?
			       body :
			       UINT32_MAX;
	case IMPLANT_NUMBERED:
		head = form_numbered(data, len, &body);
		if (head == UINT32_MAX)
			return 0;
		if (head && in->from_client && s->frames[!in->from_client] == 0 &&
		    form_has_fields(data + head, len - head < body ? len - head : body))
			s->marks |= IMPLANT_FIELDS;
		return head ? head + body : UINT32_MAX;
	default:
		if (len < 8)
			return 0;
		body = form_marked(data, len);
		return body ? body + 8 : UINT32_MAX;
	}
}

static enum inspect_verdict read_frames(struct inspection *in, const uint8_t *data, uint32_t len,
					uint32_t *ret_used)
{
	struct implant_state *s = in->state;
	unsigned side = !in->from_client;
	uint32_t at = 0;
	while (at < len) {
		uint32_t left = len - at, pass = s->skip[side] < left ? s->skip[side] : left;
		if (pass) {
			at += pass;
			s->skip[side] -= pass;
			continue;
		}
		uint32_t frame = read_frame(in, data + at, left);
		if (frame == 0)
			break;
		if (frame == UINT32_MAX)
			return s->frames[side] ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
		s->frames[side]++;
		s->skip[side] = frame;
	}
	*ret_used = at;
	s->marks |= IMPLANT_FORM;
	if (s->frames[0] && s->frames[1])
		s->marks |= IMPLANT_ANSWERED;
	if (s->frames[0] >= FRAMES && s->frames[1] >= FRAMES)
		s->marks |= IMPLANT_GOES_ON;
	return INSPECT_MORE;
}

/* Mirai's: 00 00 00 01 and a name of its length; from then on 00 00 of the bot and its echo, and
 * orders. */
static enum inspect_verdict read_kept_alive(struct inspection *in, const uint8_t *data,
					    uint32_t len, uint32_t *ret_used)
{
	struct implant_state *s = in->state;
	uint32_t at = 0;
	if (in->from_client && !s->frames[0]) {
		at = HELLO_LEN;
		s->frames[0]++;
	}
	if (in->from_client && !s->has_name && at < len) {
		if (data[at] >= NAME_MAX)
			return INSPECT_NOT_MINE;
		if (len - at < 1u + data[at]) {
			*ret_used = at;
			return INSPECT_MORE;
		}
		at += 1u + data[at];
		s->has_name = true;
	}
	for (; len - at >= 2; at += 2) {
		uint32_t order = in->from_client ? 0 : form_attack(data + at, len - at);
		if (order) {
			s->orders++;
			s->marks |= IMPLANT_ORDER | IMPLANT_FORM;
			at += order - 2;
		} else if (data[at] || data[at + 1]) {
			return s->pings[0] && s->pings[1] ? INSPECT_DONE : INSPECT_NOT_MINE;
		} else {
			s->pings[!in->from_client]++;
		}
	}
	*ret_used = at;
	if (s->pings[0] >= PINGS && s->pings[1] >= PINGS)
		s->marks |= IMPLANT_FORM | IMPLANT_GOES_ON;
	return INSPECT_MORE;
}

static bool read_words_line(struct inspection *in, const struct line *l)
{
	struct implant_state *s = in->state;
	if (is_word(l->data, l->len, in->from_client ? "PONG" : "PING")) {
		s->pings[!in->from_client]++;
	} else if (!in->from_client && irc_is_order(l, false)) {
		s->orders++;
		s->marks |= IMPLANT_ORDER | IMPLANT_FORM;
	} else if (l->len && (!line_begins(l, "BUILD ") || !in->from_client)) {
		return ++s->strange <= STRANGE;
	}
	if (s->pings[0] >= PINGS && s->pings[1] >= PINGS)
		s->marks |= IMPLANT_FORM | IMPLANT_GOES_ON;
	return true;
}

static enum inspect_verdict read_words(struct inspection *in, const uint8_t *data, uint32_t len,
				       uint32_t *ret_used)
{
	struct line l;
	uint32_t used, at = 0;
	/* its words come without an end, too: one a segment */
	bool is_last = is_word(data, len, "PING") || is_word(data, len, "PONG");
	while ((used = line_take(data + at, len - at, is_last, &l))) {
		at += used;
		if (!read_words_line(in, &l))
			return INSPECT_DONE;
	}
	*ret_used = at;
	return INSPECT_MORE;
}

/* DarkComet's: both sides say figures of base 16 and nothing else. */
static enum inspect_verdict read_figures(struct inspection *in, const uint8_t *data, uint32_t len,
					 uint32_t *ret_used)
{
	struct implant_state *s = in->state;
	if (!is_hex(data, len))
		return s->marks ? INSPECT_DONE : INSPECT_NOT_MINE;
	*ret_used = len;
	s->frames[!in->from_client]++;
	if (s->frames[0] && s->frames[1])
		s->marks |= IMPLANT_FORM | IMPLANT_ANSWERED;
	if (s->frames[0] >= FRAMES && s->frames[1] >= FRAMES)
		s->marks |= IMPLANT_GOES_ON;
	return INSPECT_MORE;
}

/* An address in place of a name: "net.tcp://192.0.2.1:1234/" */
static bool is_address_at(const uint8_t *via, uint32_t len)
{
	static const uint32_t scheme = sizeof("net.tcp://") - 1;
	uint32_t dots = 0, figures = 0;
	for (uint32_t i = scheme; i < len && via[i] != ':' && via[i] != '/'; i++) {
		bool is_figure = via[i] >= '0' && via[i] <= '9';
		if (!is_figure && via[i] != '.')
			return false;
		dots += via[i] == '.';
		figures += is_figure;
	}
	return dots == 3 && figures >= 4;
}

/* .NET's framing, and the operations that RedLine's contract names (as decompiled by many). */
static enum inspect_verdict read_net_tcp(struct inspection *in, const uint8_t *data, uint32_t len,
					 uint32_t *ret_used)
{
	static const char *const contracts[] = { "tempuri.org/Entity/Id", "tempuri.org/Endpoint/",
						 "tempuri.org/IRemotePanel/",
						 "tempuri.org/IRemoteEndpoint/" };
	struct implant_state *s = in->state;
	const uint8_t *via;
	uint32_t via_len = 0;
	*ret_used = len;
	if (!in->from_client)
		return INSPECT_MORE;
	if (!s->frames[0] && (via_len = form_net_tcp(data, len, &via))) {
		s->marks |= IMPLANT_FORM | (is_address_at(via, via_len) ? IMPLANT_BY_ADDRESS : 0u);
		s->frames[0]++;
	}
	for (size_t i = 0; i < sizeof(contracts) / sizeof(contracts[0]); i++)
		if (memmem(data, len, contracts[i], strlen(contracts[i])))
			s->marks |= IMPLANT_NAMED;
	s->looked += len;
	return s->looked > LOOKED_NET || s->marks & IMPLANT_NAMED ? INSPECT_DONE : INSPECT_MORE;
}

static enum inspect_verdict read_reports(struct inspection *in, const uint8_t *data, uint32_t len,
					 uint32_t *ret_used)
{
	struct implant_state *s = in->state;
	*ret_used = len;
	if (!in->from_client) {
		s->frames[1]++;
	} else if (form_facts(data, len) >= FACTS) {
		s->frames[0]++;
		s->marks |= IMPLANT_FORM | (s->frames[0] >= REPORTS ? IMPLANT_GOES_ON : 0u);
	}
	return s->frames[0] >= REPORTS ? INSPECT_DONE : INSPECT_MORE;
}

static enum inspect_verdict read_family(struct inspection *in, const uint8_t *data, uint32_t len,
					uint32_t *ret_used)
{
	const struct implant_state *s = in->state;
	switch (s->family) {
	case IMPLANT_KEPT_ALIVE:
		return read_kept_alive(in, data, len, ret_used);
	case IMPLANT_WORDS:
		return read_words(in, data, len, ret_used);
	case IMPLANT_FIGURES:
		return read_figures(in, data, len, ret_used);
	case IMPLANT_NET_TCP:
		return read_net_tcp(in, data, len, ret_used);
	case IMPLANT_REPORTED:
		return read_reports(in, data, len, ret_used);
	default:
		return read_frames(in, data, len, ret_used);
	}
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct implant_state *s = in->state;
	*ret_used = 0;
	if (s->family == IMPLANT_NONE) {
		s->family =
			(uint8_t)(in->from_client ? of_client(data, len) : of_server(data, len));
		if (s->family == IMPLANT_PACKED)
			(void)form_find_packed(data, len, &s->packed);
		if (s->family == IMPLANT_NONE)
			return INSPECT_NOT_MINE;
	}
	enum inspect_verdict verdict = read_family(in, data, len, ret_used);
	if (verdict != INSPECT_NOT_MINE && s->marks != s->told_marks)
		put_event(in, false);
	return verdict;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	const struct implant_state *s = in->state;
	(void)data;
	(void)len;
	if (in->from_client && s->marks)
		put_event(in, true);
}

const struct inspector implant_inspector = {
	.name = "implant",
	.app = APP_OTHER,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct implant_state),
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
};
