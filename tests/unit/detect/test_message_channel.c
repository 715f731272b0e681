/*
 * Data in messages of syslog, SIP, SNMP and DHCP, and what such messages hold every day.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "message_channel");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

struct message {
	const char *client, *server;
	enum app app;
	uint32_t payload, carried;
	uint64_t hash;
	bool is_answer;
};

static void say(struct judging *j, const struct message *m)
{
	struct event_carrier *c =
		judging_event(j, EVENT_CARRIER, sizeof(*c), m->client ? m->client : "10.0.0.5",
			      m->server ? m->server : "203.0.113.5", 17);
	c->e.app = (uint16_t)m->app;
	c->e.from_server = m->is_answer;
	c->payload_len = m->payload;
	c->carried_len = m->carried;
	c->carried_hash = m->hash * 0x9e3779b97f4a7c15u;
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void encoded_logs_are_medium(void **state)
{
	struct judging *j = *state;
	for (uint64_t i = 1; i <= 200; i++)
		say(j, &(struct message){ .app = APP_SYSLOG,
					  .payload = 760,
					  .carried = 700,
					  .hash = i });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_true(judging_feature(&j->found[0], "carried")->value >= 8192);
	assert_true(j->found[0].packet_count > 1);
}

/* Questions to whois and the like: the inspector of texts over TCP tells them. */
static void words_in_a_text_over_tcp_are_medium(void **state)
{
	struct judging *j = *state;
	for (uint64_t i = 1; i <= 60; i++)
		say(j, &(struct message){ .app = APP_OTHER,
					  .payload = 202,
					  .carried = 200,
					  .hash = i });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_non_null(strstr(j->found[0].message, "a text over TCP"));
}

/* What things tell their broker is sealed, a little at a time. */
static void small_sealed_states_are_low(void **state)
{
	struct judging *j = *state;
	for (uint64_t i = 1; i <= 60; i++)
		say(j, &(struct message){ .app = APP_MQTT,
					  .payload = 220,
					  .carried = 180,
					  .hash = i });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	assert_true(judging_feature(&j->found[0], "small")->contribution < 0);
}

static void traps_that_leave_are_high_when_they_are_many(void **state)
{
	struct judging *j = *state;
	for (uint64_t i = 1; i <= 100; i++)
		say(j, &(struct message){ .app = APP_SNMP,
					  .payload = 1000,
					  .carried = 900,
					  .hash = i });
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_HIGH);
	assert_int_equal(judging_feature(&j->found[1], "misplaced")->value, 1);
}

static void each_protocol_and_window_is_added_up_alone(void **state)
{
	struct judging *j = *state;
	for (uint64_t i = 1; i <= 11; i++) {
		say(j,
		    &(struct message){ .app = APP_SIP, .payload = 800, .carried = 700, .hash = i });
		say(j, &(struct message){ .app = APP_SYSLOG,
					  .payload = 800,
					  .carried = 700,
					  .hash = i });
	}
	judging_pass(j, 3601 * SECOND_NS);
	for (uint64_t i = 1; i <= 11; i++)
		say(j,
		    &(struct message){ .app = APP_SIP, .payload = 800, .carried = 700, .hash = i });
	assert_int_equal(j->count, 0);
	for (uint64_t i = 20; i <= 21; i++)
		say(j,
		    &(struct message){ .app = APP_SIP, .payload = 800, .carried = 700, .hash = i });
	assert_int_equal(j->count, 1);
}

static void logs_with_tokens_and_what_repeats_are_silent(void **state)
{
	struct judging *j = *state;
	for (uint64_t i = 1; i <= 500; i++) {
		say(j, &(struct message){ .app = APP_SYSLOG,
					  .payload = 900,
					  .carried = 300,
					  .hash = i });
		say(j, &(struct message){ .client = "10.0.0.6", .app = APP_SIP, .payload = 700 });
		say(j, &(struct message){ .client = "10.0.0.7",
					  .app = APP_DHCP,
					  .payload = 400,
					  .carried = 180,
					  .hash = 7 });
	}
	assert_int_equal(j->count, 0);
}

static void a_collector_of_the_site_is_silent_until_it_is_much(void **state)
{
	struct judging *j = *state;
	static const char *const clients[] = { "10.0.0.5", "10.0.0.6", "10.0.0.7" };
	for (unsigned c = 0; c < 3; c++)
		say(j,
		    &(struct message){ .client = clients[c], .app = APP_SYSLOG, .payload = 100 });
	for (uint64_t i = 1; i <= 60; i++)
		say(j, &(struct message){ .app = APP_SYSLOG,
					  .payload = 760,
					  .carried = 700,
					  .hash = i });
	assert_int_equal(j->count, 0);
	for (uint64_t i = 100; i <= 160; i++)
		say(j, &(struct message){ .app = APP_SYSLOG,
					  .payload = 760,
					  .carried = 700,
					  .hash = i });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
}

static void answers_inside_and_strangers_are_silent(void **state)
{
	struct judging *j = *state;
	for (uint64_t i = 1; i <= 100; i++) {
		struct message m = { .app = APP_SYSLOG, .payload = 760, .carried = 700, .hash = i };
		m.server = "10.0.0.9";
		say(j, &m);
		m.client = "203.0.113.7";
		say(j, &m);
		say(j, &(struct message){ .app = APP_SNMP,
					  .payload = 760,
					  .carried = 700,
					  .hash = i,
					  .is_answer = true });
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(encoded_logs_are_medium, setup, teardown),
		cmocka_unit_test_setup_teardown(words_in_a_text_over_tcp_are_medium, setup,
						teardown),
		cmocka_unit_test_setup_teardown(small_sealed_states_are_low, setup, teardown),
		cmocka_unit_test_setup_teardown(traps_that_leave_are_high_when_they_are_many, setup,
						teardown),
		cmocka_unit_test_setup_teardown(each_protocol_and_window_is_added_up_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(logs_with_tokens_and_what_repeats_are_silent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_collector_of_the_site_is_silent_until_it_is_much,
						setup, teardown),
		cmocka_unit_test_setup_teardown(answers_inside_and_strangers_are_silent, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
