/*
 * inspect/mqtt/talk.c - see talk.h.
 *
 * Agents subscribe to a topic of their own and publish what a command printed, as it is, in JSON,
 * or in base64 (T1071.005).  A command is known as in forms of HTTP (content/text.h): alone, as a
 * value of JSON, or in base64.
 */
#include "talk.h"

#include <string.h>

#include "../content/carried.h"
#include "../content/magic.h"
#include "../content/text.h"

#define COMMAND_MAX 256u /* bytes of a message that may be a command */
#define CODED_MIN   8u   /* characters of base64 that may be one */
#define WORD_MIN    6u /* letters of a value without words after it: "ls", "dir" may be anything */
#define MESSAGES    1024u
#define OBEY_NS     (10ull * 1000000000ull)

static uint8_t keep(uint8_t *to, size_t size, const uint8_t *data, size_t len)
{
	len = len < size ? len : size;
	if (len)
		memcpy(to, data, len);
	return (uint8_t)len;
}

void mqtt_talk_client(struct mqtt_talk *t, const uint8_t *name, size_t len)
{
	t->client_len = keep(t->client, sizeof(t->client), name, len);
}

void mqtt_talk_topic(struct mqtt_talk *t, const struct inspection *in, const uint8_t *topic,
		     size_t len)
{
	if (!in->from_client && !t->orders)
		t->topic_len = keep(t->topic, sizeof(t->topic), topic, len);
}

bool mqtt_talk_listens(const struct mqtt_talk *t, const struct inspection *in)
{
	struct inspection out = *in;
	out.side = in->from_client ? in->side : !in->side;
	return carried_may_leave(&out) && (t->orders || t->said[1] < MESSAGES);
}

static void put_event(struct mqtt_talk *t, struct inspection *in)
{
	struct event_chat *e = inspect_event(in, EVENT_CHAT, sizeof(*e));
	e->e.app = APP_MQTT;
	e->marks = t->marks;
	e->orders = t->orders;
	e->obeyed = t->obeyed;
	e->said[0] = t->said[0];
	e->said[1] = t->said[1];
	event_log_str(in->log, &e->nick, t->client, t->client_len, t->client_len);
	event_log_str(in->log, &e->channel, t->topic, t->topic_len, t->topic_len);
	event_log_str(in->log, &e->order, t->order, t->order_len, t->order_len);
	event_log_commit(in->log);
	t->told_marks = t->marks;
}

static void tell(struct mqtt_talk *t, struct inspection *in)
{
	uint32_t n = t->orders + t->outputs;
	if (t->marks != t->told_marks || (n & (n - 1)) == 0)
		put_event(t, in);
}

static bool is_value(const uint8_t *value, size_t len)
{
	return (len >= WORD_MIN || memchr(value, ' ', len)) && content_is_command(value, len);
}

/* A value of JSON that is a command: a text between quotes, before which a colon stands. */
static size_t find_value(const uint8_t *data, size_t len, size_t *ret_at)
{
	for (size_t i = 0; i < len; i++) {
		size_t k = i + 1;
		if (data[i] != ':')
			continue;
		while (k < len && data[k] == ' ')
			k++;
		const uint8_t *end = k + 1 < len && data[k] == '"' ?
					     memchr(data + k + 1, '"', len - k - 1) :
					     NULL;
		*ret_at = k + 1;
		if (end && is_value(data + k + 1, (size_t)(end - data) - k - 1))
			return (size_t)(end - data) - k - 1;
	}
	return 0;
}

/* Length of the command line in a message, at *ret; 0: there is none. */
static size_t find_command(const uint8_t *data, size_t len, uint8_t *plain, const uint8_t **ret)
{
	size_t at = 0;
	*ret = data;
	if (content_is_command(data, len))
		return len;
	if (data[0] == '{') {
		size_t n = find_value(data, len, &at);
		*ret = data + at;
		return n;
	}
	size_t n = len >= CODED_MIN && len % 4 == 0 ?
			   content_base64(plain, COMMAND_MAX, data, len) :
			   0;
	*ret = plain;
	return n >= len / 4 * 3 - 2 && magic_is_text(plain, n) && content_is_command(plain, n) ? n :
												 0;
}

static void hear(struct mqtt_talk *t, struct inspection *in, const uint8_t *data, size_t len)
{
	uint8_t plain[COMMAND_MAX];
	const uint8_t *command;
	size_t n = len <= COMMAND_MAX && magic_is_text(data, len) ?
			   find_command(data, len, plain, &command) :
			   0;
	if (!n)
		return;
	if (!t->orders)
		t->order_len = keep(t->order, sizeof(t->order), command, n);
	t->orders++;
	t->order_ns = in->packet->time_ns;
	t->marks |= CHAT_ORDER | (command == plain ? CHAT_VEILED : 0u);
	tell(t, in);
}

static void weigh(struct mqtt_talk *t, struct inspection *in, const uint8_t *data, size_t len)
{
	uint32_t marks = magic_is_text(data, len) ? content_marks(data, len) : 0;
	bool is_output = marks & (CONTENT_OUTPUT | CONTENT_PROMPT);
	bool is_obeyed = t->order_ns && in->packet->time_ns - t->order_ns < OBEY_NS;
	t->obeyed += is_obeyed;
	t->order_ns = 0;
	if (is_output) {
		t->outputs++;
		t->marks |= CHAT_OUTPUT | (marks & CONTENT_CODED ? CHAT_VEILED : 0u);
	}
	if (is_output || is_obeyed)
		tell(t, in);
}

void mqtt_talk_take(struct mqtt_talk *t, struct inspection *in, const uint8_t *data, size_t len)
{
	t->said[!in->from_client]++;
	if (!len || !mqtt_talk_listens(t, in))
		return;
	if (in->from_client)
		weigh(t, in, data, len);
	else
		hear(t, in, data, len);
}
