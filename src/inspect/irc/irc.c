/*
 * inspect/irc/irc.c - chat, and programs that are led by it (RFC 1459, RFC 2812).
 *
 *   ["@" tags " "] [":" who " "] command {" " parameter} [" :" text] CR LF
 *
 * On any port: told by the client's first words or the server's greeting.  One event_chat as the
 * client has joined a channel, and at each new mark: an order by its form (orders.h), output of a
 * shell, a name that a program makes, a server that says nothing of itself.  What people say is
 * looked through where it leaves, and is not kept, but for the first order.
 */
#include <string.h>

#include "exfild/inspect/inspector.h"
#include "../content/carried.h"
#include "../content/scan.h"
#include "../line.h"
#include "../shell.h"
#include "orders.h"

#define NICK_MAX    32
#define CHANNEL_MAX 48
#define ORDER_MAX   96
#define PARAMS      3 /* that are read: target, name or key, text */
#define OBEY_NS     (10ull * 1000000000ull)
#define STRANGE_MAX 8 /* lines that are none of the protocol */
#define PROBE_LINE  256u

enum greeting { GREETED = 1, GREETED_MORE = 2 }; /* 001; 002 to 005, or the message of the day */

struct irc_state {
	uint64_t order_ns; /* of the last order, until it is obeyed */
	uint32_t marks, told_marks;
	uint32_t orders, obeyed;
	uint32_t said[2];
	uint8_t greeting; /* enum greeting */
	uint8_t strange;
	bool is_known; /* a line of the protocol has come */
	bool is_joined, is_told;
	uint8_t nick_len, channel_len, order_len;
	uint8_t nick[NICK_MAX], channel[CHANNEL_MAX], order[ORDER_MAX];
};

_Static_assert(sizeof(struct irc_state) <= INSPECT_STATE_MAX, "names fit into the state");

struct message {
	struct line who, command;
	struct line param[PARAMS];
	unsigned count;
	struct line text; /* the last parameter, with its spaces */
};

static const struct scan_source source = { .carrier = "irc", .app = APP_IRC };

static bool is_numeric(const struct line *word)
{
	return word->len == 3 && word->data[0] >= '0' && word->data[0] <= '9' &&
	       word->data[1] >= '0' && word->data[1] <= '9' && word->data[2] >= '0' &&
	       word->data[2] <= '9';
}

static unsigned number_of(const struct line *word)
{
	return is_numeric(word) ? (unsigned)(word->data[0] - '0') * 100 +
					  (unsigned)(word->data[1] - '0') * 10 +
					  (unsigned)(word->data[2] - '0') :
				  0;
}

static void read_params(struct message *m, struct line rest)
{
	while (rest.len) {
		bool is_last = rest.data[0] == ':';
		if (is_last) {
			rest.data++;
			rest.len--;
		}
		m->text = rest;
		struct line word = is_last ? rest : line_word(&rest);
		if (m->count < PARAMS)
			m->param[m->count] = word;
		m->count++;
		if (is_last)
			return;
		m->text = word;
	}
}

static void parse(struct message *m, struct line l)
{
	memset(m, 0, sizeof(*m));
	while (l.len && l.data[0] == ' ') /* some clients send them */
		(void)line_word(&l);
	if (l.len && l.data[0] == '@')
		(void)line_word(&l);
	if (l.len && l.data[0] == ':') {
		m->who = line_word(&l);
		m->who.data++;
		m->who.len--;
	}
	m->command = line_word(&l);
	read_params(m, l);
}

/* What the protocol's commands are, as far as they tell it from others. */
static bool is_command(const struct line *word)
{
	static const char *const commands[] = {
		"NICK",         "USER",     "PASS",   "CAP",  "JOIN", "PART", "PRIVMSG",
		"NOTICE",       "PING",     "PONG",   "MODE", "QUIT", "WHO",  "WHOIS",
		"TOPIC",        "NAMES",    "LIST",   "KICK", "AWAY", "ISON", "ERROR",
		"AUTHENTICATE", "USERHOST", "INVITE", "MOTD",
	};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (line_is(word, commands[i]))
			return true;
	return is_numeric(word);
}

static bool begins_client(const struct message *m)
{
	const struct line *c = &m->command;
	if (line_is(c, "NICK"))
		return m->count >= 1 && m->count <= 2;
	if (line_is(c, "USER"))
		return m->count >= 4;
	if (line_is(c, "CAP"))
		return m->count && (line_is(&m->param[0], "LS") || line_is(&m->param[0], "REQ"));
	return line_is(c, "PRIVMSG") && m->count >= 2;
}

static bool begins_server(const struct message *m)
{
	if (line_is(&m->command, "NOTICE"))
		return m->count >= 2 &&
		       (m->who.len || line_is(&m->param[0], "AUTH") || line_is(&m->param[0], "*"));
	return m->who.len && m->count >= 1 &&
	       (is_numeric(&m->command) || line_is(&m->command, "PRIVMSG") ||
		line_is(&m->command, "CAP"));
}

/* PASS alone is FTP's and POP3's as well: the next line tells. */
static bool probe(const struct packet *p, bool from_client)
{
	uint32_t len = p->payload_cap < PROBE_LINE ? p->payload_cap : PROBE_LINE, used;
	const uint8_t *data = p->payload;
	struct message m;
	struct line l;
	static const char firsts[] = "NUCP :@";
	if (len < 6 || !(from_client ? memchr(firsts, data[0] & ~0x20, 4) || data[0] == ' ' :
				       data[0] == ':' || data[0] == 'N' || data[0] == '@'))
		return false;
	for (unsigned i = 0; i < 2 && (used = line_take(data, len, true, &l)); i++) {
		parse(&m, l);
		if (from_client ? begins_client(&m) : begins_server(&m))
			return true;
		if (!line_is(&m.command, "PASS"))
			return false;
		data += used;
		len -= used;
	}
	return false;
}

static void put_event(struct inspection *in, bool is_end)
{
	struct irc_state *s = in->state;
	struct event_chat *e = inspect_event(in, EVENT_CHAT, sizeof(*e));
	e->e.app = APP_IRC;
	e->marks = s->marks;
	e->orders = s->orders;
	e->obeyed = s->obeyed;
	e->said[0] = s->said[0];
	e->said[1] = s->said[1];
	e->is_end = is_end;
	event_log_str(in->log, &e->nick, s->nick, s->nick_len, s->nick_len);
	event_log_str(in->log, &e->channel, s->channel, s->channel_len, s->channel_len);
	event_log_str(in->log, &e->order, s->order, s->order_len, s->order_len);
	event_log_commit(in->log);
	s->told_marks = s->marks;
	s->is_told = true;
}

static uint8_t keep(uint8_t *to, size_t size, const struct line *l)
{
	size_t len = l->len < size ? l->len : size;
	if (len)
		memcpy(to, l->data, len);
	return (uint8_t)len;
}

static bool is_own_nick(const struct irc_state *s, const struct line *name)
{
	return s->nick_len && name->len == s->nick_len &&
	       memcmp(name->data, s->nick, name->len) == 0;
}

static void take_nick(struct irc_state *s, const struct line *nick)
{
	s->nick_len = keep(s->nick, sizeof(s->nick), nick);
	if (irc_is_made_name(nick))
		s->marks |= CHAT_MADE_NAME;
}

/* A topic, or what somebody says to the client. */
static void weigh_order(struct inspection *in, const struct line *text, bool is_topic,
			bool is_direct)
{
	struct irc_state *s = in->state;
	if (is_topic && irc_is_coded(text))
		s->marks |= CHAT_CODED;
	if (!irc_is_order(text, is_direct))
		return;
	if (!s->orders)
		s->order_len = keep(s->order, sizeof(s->order), text);
	s->orders++;
	s->order_ns = in->packet->time_ns;
	s->marks |= CHAT_ORDER | (is_topic ? CHAT_TOPIC : 0u);
}

static void read_client(struct inspection *in, const struct message *m)
{
	struct irc_state *s = in->state;
	if (line_is(&m->command, "NICK") && m->count) {
		take_nick(s, &m->param[0]);
	} else if (line_is(&m->command, "JOIN") && m->count) {
		s->channel_len = keep(s->channel, sizeof(s->channel), &m->param[0]);
		if (m->count > 1)
			s->marks |= CHAT_KEYED;
	} else if ((line_is(&m->command, "PRIVMSG") || line_is(&m->command, "NOTICE")) &&
		   m->count > 1) {
		s->said[0]++;
		if (shell_marks(m->text.data, m->text.len) & ~(unsigned)SHELL_PROMPT_UNIX)
			s->marks |= CHAT_OUTPUT;
		if (s->order_ns && in->packet->time_ns - s->order_ns < OBEY_NS)
			s->obeyed++;
		s->order_ns = 0;
		struct carried c = { .len = 0 };
		if (carried_may_leave(in)) {
			carried_add_text(&c, in->key, m->text.data, m->text.len);
			carried_put_message(in, APP_IRC, m->text.len, &c);
			scan_take(in, &source, m->text.data, m->text.len);
			scan_take(in, &source, (const uint8_t *)"\n", 1);
		}
	}
}

static void read_server(struct inspection *in, const struct message *m)
{
	struct irc_state *s = in->state;
	unsigned number = number_of(&m->command);
	if (number == 1) {
		s->greeting |= GREETED;
		if (m->count > 1)
			take_nick(s, &m->param[0]);
	} else if ((number >= 2 && number <= 5) || number == 372 || number == 375 ||
		   number == 422) {
		s->greeting |= GREETED_MORE;
	} else if (number == 332 && m->count > 2) {
		weigh_order(in, &m->text, true, false);
	} else if (number == 353 || number == 366) {
		s->is_joined = true;
	} else if (line_is(&m->command, "TOPIC") && m->count > 1) {
		weigh_order(in, &m->text, true, false);
	} else if (line_is(&m->command, "PRIVMSG") && m->count > 1) {
		s->said[1]++;
		weigh_order(in, &m->text, false, is_own_nick(s, &m->param[0]));
	}
	/* a server of people tells who it is, before anybody can join (RFC 2812, 5.1) */
	if (s->is_joined && s->greeting == GREETED)
		s->marks |= CHAT_BARE;
}

/* False: the line is none of the protocol. */
static bool read_line(struct inspection *in, const struct line *l)
{
	struct irc_state *s = in->state;
	struct message m;
	parse(&m, *l);
	if (!m.command.len)
		return true;
	if (!is_command(&m.command))
		return m.who.len > 0;
	if (in->from_client)
		read_client(in, &m);
	else
		read_server(in, &m);
	if (s->is_joined && (!s->is_told || s->marks != s->told_marks))
		put_event(in, false);
	else if (s->marks != s->told_marks && (s->marks & CHAT_ORDER))
		put_event(in, false);
	return true;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct irc_state *s = in->state;
	struct line l;
	uint32_t used;
	*ret_used = 0;
	while ((used = line_take(data + *ret_used, len - *ret_used, false, &l))) {
		*ret_used += used;
		if (read_line(in, &l)) {
			s->is_known = true;
		} else if (!s->is_known) {
			return INSPECT_NOT_MINE;
		} else if (++s->strange > STRANGE_MAX) {
			scan_end(in, &source);
			return INSPECT_DONE;
		}
	}
	return INSPECT_MORE;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct irc_state *s = in->state;
	(void)data;
	(void)len;
	if (in->from_client && scan_may_leave(in))
		scan_end(in, &source);
	if (in->from_client && s->nick_len && s->channel_len)
		put_event(in, true);
}

const struct inspector irc_inspector = {
	.name = "irc",
	.app = APP_IRC,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct irc_state),
	.apps = { APP_IRC },
	.decides = true,
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = line_gap,
	.on_end = on_end,
};
