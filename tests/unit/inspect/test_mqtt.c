/*
 * unit/inspect/test_mqtt.c - log-ins, and what rides in messages of things.
 */
#include "test_scan_build.h"

extern const struct inspector mqtt_inspector;

static struct scanned s;

static int set_up(void **state)
{
	static const uint8_t client[4] = { 10, 0, 0, 1 }, server[4] = { 203, 0, 113, 5 };
	(void)state;
	scanned_init(&s, &mqtt_inspector, 1883, client, server);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_end(&s.h);
	scanned_deinit(&s);
	return 0;
}

struct bytes {
	uint8_t b[32768];
	size_t len;
};

static void put_field(struct bytes *b, const void *data, size_t len)
{
	b->b[b->len++] = (uint8_t)(len >> 8);
	b->b[b->len++] = (uint8_t)len;
	memcpy(b->b + b->len, data, len);
	b->len += len;
}

/* A packet around what is built. */
static void put_packet(struct bytes *to, uint8_t first, const struct bytes *body)
{
	size_t len = body->len;
	to->b[to->len++] = first;
	do {
		to->b[to->len++] = (uint8_t)((len & 0x7f) | (len > 0x7f ? 0x80 : 0));
		len >>= 7;
	} while (len);
	memcpy(to->b + to->len, body->b, body->len);
	to->len += body->len;
}

static void put_connect(struct bytes *to, uint8_t level, const char *user, const char *secret)
{
	struct bytes body = { .len = 0 };
	uint8_t flags = (uint8_t)(0x04 | (user ? 0x80 : 0) | (secret ? 0x40 : 0));
	put_field(&body, "MQTT", 4);
	body.b[body.len++] = level;
	body.b[body.len++] = flags;
	body.len += 2;
	if (level == 5)
		memcpy(body.b + body.len, "\5\x11\0\0\0\1", 6), body.len += 6;
	put_field(&body, "meter-7", 7);
	if (level == 5)
		body.b[body.len++] = 0;
	put_field(&body, "gone", 4);
	put_field(&body, "1", 1);
	if (user)
		put_field(&body, user, strlen(user));
	if (secret)
		put_field(&body, secret, strlen(secret));
	put_packet(to, 0x10, &body);
}

static void put_message(struct bytes *to, unsigned qos, uint8_t level, const void *data, size_t len)
{
	struct bytes body = { .len = 0 };
	put_field(&body, "plant/7", 7);
	if (qos)
		body.len += 2;
	if (level == 5)
		memcpy(body.b + body.len, "\2\1\0", 3), body.len += 3;
	memcpy(body.b + body.len, data, len);
	body.len += len;
	put_packet(to, (uint8_t)(0x30 | qos << 1), &body);
}

static void begin(uint8_t level, const char *user, const char *secret, uint8_t code)
{
	struct bytes b = { .len = 0 }, answer = { .len = 0 }, body = { .len = 2 };
	harness_end(&s.h);
	harness_restart(&s.h);
	put_connect(&b, level, user, secret);
	assert_true(harness_probe(&s.h, true, b.b, b.len));
	harness_stream(&s.h, true, b.b, b.len);
	body.b[1] = code;
	put_packet(&answer, 0x20, &body);
	harness_stream(&s.h, false, answer.b, answer.len);
}

static void send(const struct bytes *b)
{
	scanned_send(&s, true, b->b, b->len, 1400);
}

static void say(unsigned qos, uint8_t level, const void *data, size_t len)
{
	struct bytes b = { .len = 0 };
	put_message(&b, qos, level, data, len);
	send(&b);
}

static uint64_t carried(unsigned messages)
{
	uint64_t sum = 0;
	assert_int_equal(harness_count(&s.h, EVENT_CARRIER), messages);
	for (unsigned i = 0; i < messages; i++) {
		const struct event_carrier *c = harness_event(&s.h, EVENT_CARRIER, i);
		assert_true(c->e.app == APP_MQTT && c->carried_len <= c->payload_len);
		sum += c->carried_len;
	}
	return sum;
}

static void logins_and_their_outcome_are_told(void **state)
{
	static const struct {
		uint8_t level, code, outcome;
	} cases[] = { { 4, 0, LOGIN_SUCCESS },    { 4, 4, LOGIN_FAILURE },
		      { 4, 5, LOGIN_FAILURE },    { 4, 3, LOGIN_UNKNOWN },
		      { 5, 0, LOGIN_SUCCESS },    { 5, 0x86, LOGIN_FAILURE },
		      { 5, 0x87, LOGIN_FAILURE }, { 5, 0x88, LOGIN_UNKNOWN } };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cases[i].level, "dev7", "secret", cases[i].code);
		assert_int_equal(harness_count(&s.h, EVENT_LOGIN), 1);
		const struct event_login *e = harness_event(&s.h, EVENT_LOGIN, 0);
		assert_int_equal(e->outcome, cases[i].outcome);
		assert_int_equal(e->status, cases[i].code);
		assert_true(e->secret_mark != 0);
		assert_true(harness_str_is(e, &e->user, "dev7"));
		assert_true(harness_str_is(e, &e->service, "mqtt"));
	}
	begin(4, NULL, NULL, 0); /* nobody in particular */
	assert_int_equal(harness_count(&s.h, EVENT_LOGIN), 0);
}

/* Bytes without an order. */
static void fill(uint8_t *to, size_t len)
{
	uint32_t x = 7;
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		to[i] = (uint8_t)(x >> 24);
	}
}

static void what_rides_in_messages_is_measured(void **state)
{
	static uint8_t noise[20000];
	char word[301];
	(void)state;
	fill(noise, sizeof(noise));
	for (size_t i = 0; i < 300; i++)
		word[i] = (char)('a' + noise[i] % 26);
	word[300] = '\0';
	for (unsigned qos = 0; qos < 3; qos++) {
		begin(4, NULL, NULL, 0);
		say(qos, 4, noise, sizeof(noise)); /* a sealed file, in many segments */
		say(qos, 4, word, 300);
		assert_int_equal(carried(2), sizeof(noise) + 300);
		begin(5, NULL, NULL, 0);
		say(qos, 5, noise, 100);
		assert_int_equal(carried(1), 100);
	}
}

static void what_things_say_is_not(void **state)
{
	static const char json[] = "{\"t\":21.5,\"rh\":43,\"on\":true,\"serial\":\"A7-0042\"}";
	uint8_t values[400], picture[4000], packed[900];
	(void)state;
	fill(picture, sizeof(picture));
	memcpy(picture, "\xff\xd8\xff\xe0\0\x10JFIF", 10);
	fill(packed, sizeof(packed));
	memcpy(packed, "\x1f\x8b\x08", 3);
	for (size_t i = 0; i < sizeof(values); i++) /* numbers of four bytes that hardly differ */
		values[i] = (uint8_t)(i % 4 == 3 ? i / 4 : i % 4 * 16);
	begin(4, NULL, NULL, 0);
	for (unsigned i = 0; i < 20; i++) {
		say(0, 4, json, sizeof(json) - 1);
		say(1, 4, values, sizeof(values));
		say(0, 4, picture, sizeof(picture));
		say(0, 4, packed, sizeof(packed));
		say(0, 4, "", 0);
	}
	assert_int_equal(carried(100), 0);
}

static void content_is_found(void **state)
{
	(void)state;
	begin(4, NULL, NULL, 0);
	say(0, 4, "nothing", 7);
	say(0, 4, "this is QX-7719-PAYROLL", 23);
	say(0, 4, "nothing", 7);
	harness_end(&s.h);
	assert_int_equal(harness_count(&s.h, EVENT_CONTENT), 1);
	const struct event_found *e = harness_event(&s.h, EVENT_CONTENT, 0);
	assert_true(harness_str_is(e, &e->carrier, "mqtt"));
}

static void it_may_end_anywhere(void **state)
{
	struct bytes b = { .len = 0 };
	char word[201];
	(void)state;
	memset(word, 'a', 200);
	for (size_t i = 0; i < 200; i += 2)
		word[i] = (char)('b' + i % 20);
	word[200] = '\0';
	put_connect(&b, 5, "dev7", "secret");
	put_message(&b, 2, 5, word, 200);
	put_packet(&b, 0xc0, &(const struct bytes){ .len = 0 });
	put_message(&b, 0, 5, word, 200);
	for (size_t cut = 1; cut < b.len; cut++) {
		harness_end(&s.h);
		harness_restart(&s.h);
		harness_stream(&s.h, true, b.b, cut);
		harness_stream(&s.h, true, b.b + cut, b.len - cut);
		assert_int_equal(carried(2), 400);
		harness_end(&s.h);
		harness_restart(&s.h);
		harness_stream(&s.h, true, b.b, cut); /* and no more comes */
		assert_true(harness_count(&s.h, EVENT_CARRIER) < 2);
	}
	harness_end(&s.h);
	harness_restart(&s.h);
	for (size_t i = 0; i < b.len; i++)
		harness_stream(&s.h, true, b.b + i, 1);
	assert_int_equal(carried(2), 400);
}

static void lengths_may_lie(void **state)
{
	static const uint8_t endless[] = { 0x30, 0xff, 0xff, 0xff, 0xff, 0x7f };
	static const uint8_t topic[] = { 0x30, 0x04, 0xff, 0xff, 'a', 'b', 0xc0, 0x00 };
	(void)state;
	begin(4, NULL, NULL, 0);
	harness_stream(&s.h, true, endless, sizeof(endless));
	assert_true(s.h.side_done[0]);
	begin(4, NULL, NULL, 0);
	harness_stream(&s.h, true, topic, sizeof(topic)); /* longer than its message */
	say(0, 4, "fine", 4);
	(void)carried(1);
}

static void others_are_not_taken(void **state)
{
	(void)state;
	assert_false(harness_probe(&s.h, true, "\x10\x0c\0\4MQTX\4\2\0\x3c", 12));
	assert_false(harness_probe(&s.h, false, "\x10\x0c\0\4MQTT\4\2\0\x3c", 12));
	assert_false(harness_probe(&s.h, true, "\x10\x0c\0\4MQ", 6));
	assert_true(harness_probe(&s.h, true, "\x10\x0e\0\6MQIsdp\3\2\0\x3c", 14));
}

static void publish(const char *text)
{
	say(0, 4, text, strlen(text));
}

static void hear(const char *text)
{
	struct bytes b = { .len = 0 };
	put_message(&b, 0, 4, text, strlen(text));
	scanned_send(&s, false, b.b, b.len, 1400);
}

static const struct event_chat *last_chat(unsigned count)
{
	assert_int_equal(harness_count(&s.h, EVENT_CHAT), count);
	return count ? harness_event(&s.h, EVENT_CHAT, count - 1) : NULL;
}

static void commands_and_their_output_are_told(void **state)
{
	(void)state;
	begin(4, NULL, NULL, 0);
	hear("uname -a");
	const struct event_chat *c = last_chat(1);
	assert_int_equal(c->marks, CHAT_ORDER);
	assert_true(c->e.app == APP_MQTT && c->orders == 1 && c->obeyed == 0);
	assert_true(harness_str_is(&c->e, &c->order, "uname -a"));
	assert_true(harness_str_is(&c->e, &c->nick, "meter-7"));
	assert_true(harness_str_is(&c->e, &c->channel, "plant/7"));
	publish("uid=0(root) gid=0(root) groups=0(root)");
	c = last_chat(2);
	assert_int_equal(c->marks, CHAT_ORDER | CHAT_OUTPUT);
	assert_int_equal(c->obeyed, 1);
	hear("{\"id\": 7, \"cmd\": \"cat /etc/passwd\"}");
	(void)last_chat(2); /* the next is the fourth */
	hear("d2hvYW1p");   /* whoami */
	c = last_chat(3);
	assert_int_equal(c->marks, CHAT_ORDER | CHAT_OUTPUT | CHAT_VEILED);
	assert_int_equal(c->orders, 3);
	hear("ip");
	begin(4, NULL, NULL, 0);
	publish("{\"r\":\"cm9vdDp4OjA6MDpyb290Oi9yb290Oi9iaW4vYmFzaApkYWVtb246eDoxOjE6\"}");
	assert_int_equal(last_chat(1)->marks, CHAT_OUTPUT | CHAT_VEILED);
}

static void switches_and_states_are_not(void **state)
{
	(void)state;
	begin(4, NULL, NULL, 0);
	hear("ON");
	hear("");
	hear(":");
	hear("{\"state\":\"ON\",\"hostname\":\"plug\",\"set\": 4");
	hear("{\"type\":\"set\",\"path\":\"dir\",\"echo\":");
	publish("{\"state\":\"ON\",\"hostname\":\"plug-7\",\"uptime\":8111}");
	(void)last_chat(0);
}

/* Of what stays inside the log-in alone is of interest. */
static void inside_nothing_is_measured(void **state)
{
	static const uint8_t inside[4] = { 10, 0, 0, 9 };
	(void)state;
	s.h.flow.key.addr[1] = ipaddr_v4(inside);
	begin(4, "dev7", "secret", 0);
	assert_int_equal(harness_count(&s.h, EVENT_LOGIN), 1);
	assert_true(s.h.side_done[0] && s.h.side_done[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(logins_and_their_outcome_are_told),
		TEST(what_rides_in_messages_is_measured),
		TEST(what_things_say_is_not),
		TEST(content_is_found),
		TEST(it_may_end_anywhere),
		TEST(commands_and_their_output_are_told),
		TEST(switches_and_states_are_not),
		TEST(lengths_may_lie),
		TEST(others_are_not_taken),
		TEST(inside_nothing_is_measured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
