/*
 * unit/detect/test_irc_control.c - programs that are led over IRC, and people who chat.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "irc_control");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

struct talk {
	const char *from, *nick;
	uint16_t port;
	uint32_t marks, orders, obeyed, said;
};

static void chat(const struct talk *t)
{
	struct event_chat *c = judging_event(&j, EVENT_CHAT, sizeof(*c),
					     t->from ? t->from : "10.0.0.5", "203.0.113.7", 6);
	c->e.sport = 40000;
	c->e.dport = t->port;
	c->e.app = APP_IRC;
	c->marks = t->marks;
	c->orders = t->orders;
	c->obeyed = t->obeyed;
	c->said[0] = t->said;
	judging_str(&j, &c->nick, t->nick ? t->nick : "marta");
	judging_str(&j, &c->channel, "#a");
	if (t->orders)
		judging_str(&j, &c->order, ".advscan lsass 100 5 0 -r");
	judging_end(&j);
}

static void orders_in_the_topic(void **state)
{
	(void)state;
	chat(&(struct talk){ .port = 5051,
			     .nick = "USA|XP|48213",
			     .orders = 1,
			     .marks = CHAT_ORDER | CHAT_TOPIC | CHAT_MADE_NAME | CHAT_BARE });
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_HIGH);
	assert_non_null(strstr(j.found[0].message, "advscan"));
	assert_int_equal(j.found[0].packet_count, 1);
	chat(&(struct talk){ .port = 5051,
			     .orders = 3,
			     .obeyed = 2,
			     .marks = CHAT_ORDER | CHAT_TOPIC | CHAT_MADE_NAME | CHAT_BARE });
	assert_int_equal(j.count, 2); /* more than before */
	chat(&(struct talk){ .port = 5051,
			     .orders = 4,
			     .marks = CHAT_ORDER | CHAT_TOPIC | CHAT_MADE_NAME | CHAT_BARE });
	assert_int_equal(j.count, 2);
}

static void a_shell_by_chat(void **state)
{
	(void)state;
	chat(&(struct talk){ .port = 6667,
			     .orders = 2,
			     .obeyed = 2,
			     .said = 4,
			     .marks = CHAT_ORDER | CHAT_OUTPUT });
	assert_int_equal(j.found[0].severity, SEVERITY_HIGH);
}

static void a_herd_that_waits(void **state)
{
	static const char *const hosts[] = { "10.0.0.5", "10.0.0.6", "10.0.0.7" };
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		chat(&(struct talk){ .from = hosts[i],
				     .port = 6667,
				     .nick = "[USA|W7]51231",
				     .marks = CHAT_MADE_NAME });
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	assert_non_null(strstr(j.found[0].message, "waits on IRC"));
}

static void people_and_their_bots(void **state)
{
	(void)state;
	chat(&(struct talk){ .port = 6667, .said = 20 });
	chat(&(struct talk){ .port = 6667,
			     .said = 2,
			     .orders = 1,
			     .marks = CHAT_ORDER,
			     .from = "10.0.0.6" });
	chat(&(struct talk){ .port = 8000,
			     .nick = "[USA]4821",
			     .from = "10.0.0.7",
			     .marks = CHAT_MADE_NAME });
	chat(&(struct talk){ .port = 6667,
			     .said = 30,
			     .orders = 4,
			     .obeyed = 4,
			     .marks = CHAT_ORDER,
			     .from = "10.0.0.8" });
	assert_int_equal(j.count, 2); /* orders from a server without a name are context */
	assert_int_equal(j.found[0].severity, SEVERITY_LOW);
	assert_int_equal(j.found[1].severity, SEVERITY_LOW);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(orders_in_the_topic),
		T(a_shell_by_chat),
		T(a_herd_that_waits),
		T(people_and_their_bots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
