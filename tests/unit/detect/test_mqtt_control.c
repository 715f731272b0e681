/*
 * unit/detect/test_mqtt_control.c - programs that are led over MQTT, and things that are switched.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "mqtt_control");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

struct talk {
	const char *to;
	uint16_t app;
	uint32_t marks, orders, obeyed;
};

static void chat(const struct talk *t)
{
	struct event_chat *c = judging_event(&j, EVENT_CHAT, sizeof(*c), "10.0.0.5",
					     t->to ? t->to : "203.0.113.7", 6);
	c->e.sport = 40000;
	c->e.dport = 1883;
	c->e.app = t->app ? t->app : APP_MQTT;
	c->marks = t->marks;
	c->orders = t->orders;
	c->obeyed = t->obeyed;
	judging_str(&j, &c->nick, "node4");
	judging_str(&j, &c->channel, "node4/in");
	if (t->orders)
		judging_str(&j, &c->order, "uname -a");
	judging_end(&j);
}

static void commands_and_what_they_print(void **state)
{
	(void)state;
	chat(&(struct talk){ .marks = CHAT_ORDER, .orders = 1 });
	assert_int_equal(j.count, 1); /* to a broker without a name */
	assert_int_equal(j.found[0].severity, SEVERITY_LOW);
	chat(&(struct talk){ .marks = CHAT_ORDER | CHAT_OUTPUT, .orders = 1, .obeyed = 1 });
	assert_int_equal(j.count, 2);
	assert_int_equal(j.found[1].severity, SEVERITY_HIGH);
	assert_non_null(strstr(j.found[1].message, "uname -a by topic node4/in"));
	assert_int_equal(j.found[1].packet_count, 2);
	chat(&(struct talk){ .marks = CHAT_ORDER | CHAT_OUTPUT, .orders = 2, .obeyed = 2 });
	assert_int_equal(j.count, 2); /* no more than before */
}

/* A connection that listens, another one for each answer. */
static void by_several_connections(void **state)
{
	(void)state;
	chat(&(struct talk){ .marks = CHAT_ORDER, .orders = 2 });
	judging_pass(&j, 2000000000ull);
	chat(&(struct talk){ .marks = CHAT_OUTPUT });
	assert_int_equal(j.count, 2);
	assert_int_equal(j.found[1].severity, SEVERITY_HIGH);
}

static void what_is_none(void **state)
{
	(void)state;
	chat(&(struct talk){ .marks = CHAT_ORDER | CHAT_OUTPUT, .orders = 9, .to = "10.0.0.9" });
	chat(&(struct talk){ .marks = CHAT_ORDER | CHAT_OUTPUT, .orders = 9, .app = APP_IRC });
	chat(&(struct talk){ .marks = 0 });
	assert_int_equal(j.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(commands_and_what_they_print),
		T(by_several_connections),
		T(what_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
