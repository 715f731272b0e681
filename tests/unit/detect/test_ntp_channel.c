/*
 * Data in messages of the time service, and clocks of every pace.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "ntp_channel");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

struct question {
	const char *client, *server;
	uint32_t head;
	uint16_t extension;
	bool is_odd, is_answer;
};

static void say(struct judging *j, const struct question *q, uint64_t wait_ns)
{
	struct event_ntp *n =
		judging_event(j, EVENT_NTP, sizeof(*n), q->client ? q->client : "10.0.0.5",
			      q->server ? q->server : "203.0.113.5", 17);
	n->e.dport = 123;
	n->e.from_server = q->is_answer;
	n->mode = q->is_answer ? 4 : 3;
	n->version = 4;
	n->payload_len = (uint16_t)(48 + q->extension);
	n->head_hash = q->head * 2654435761u;
	n->extension_len = q->extension;
	n->extension_hash = q->extension ? q->head + 1 : 0;
	n->malformed = q->is_odd;
	judging_end(j);
	judging_pass(j, wait_ns);
}

static void questions_that_all_differ_are_found(void **state)
{
	struct judging *j = *state;
	for (uint32_t i = 0; i < 600; i++)
		say(j, &(struct question){ .head = i }, SECOND_NS / 10);
	assert_int_equal(j->count, 2); /* medium, and high with four times as many */
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_int_equal(j->found[1].severity, SEVERITY_HIGH);
	const struct finding_feature *f = judging_feature(&j->found[0], "messages");
	assert_true(f->value > 58 && f->value < 70);
	assert_int_equal(judging_feature(&j->found[0], "unanswered")->value, 0);
}

static void bytes_behind_the_heads_are_found(void **state)
{
	struct judging *j = *state;
	for (uint32_t i = 0; i < 40; i++) {
		say(j, &(struct question){ .head = i, .extension = 512 }, SECOND_NS);
		say(j, &(struct question){ .head = i, .is_answer = true }, SECOND_NS);
	}
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_true(judging_feature(&j->found[0], "hidden")->value >= 16384);
}

static void what_is_no_ntp_is_low_and_then_medium(void **state)
{
	struct judging *j = *state;
	for (uint32_t i = 0; i < 70; i++) {
		say(j, &(struct question){ .is_odd = true }, SECOND_NS);
		say(j, &(struct question){ .is_answer = true }, SECOND_NS);
	}
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
}

static void clocks_are_silent(void **state)
{
	struct judging *j = *state;
	/* eight questions at once, then as often as allowed, for an hour; each with state of its
	 * own */
	for (uint32_t i = 0; i < 230; i++)
		say(j, &(struct question){ .head = i }, i < 8 ? 2 * SECOND_NS : 16 * SECOND_NS);
	/* nobody answers, and it asks each second as it did */
	for (uint32_t i = 0; i < 3600; i++)
		say(j, &(struct question){ .client = "10.0.0.6", .head = 7 }, SECOND_NS);
	/* cookies of NTS */
	for (uint32_t i = 0; i < 60; i++)
		say(j, &(struct question){ .client = "10.0.0.7", .head = 3 + i, .extension = 280 },
		    i < 8 ? 2 * SECOND_NS : 64 * SECOND_NS);
	assert_int_equal(j->count, 0);
}

static void what_stays_inside_or_comes_from_outside_is_silent(void **state)
{
	struct judging *j = *state;
	for (uint32_t i = 0; i < 300; i++) {
		say(j, &(struct question){ .server = "10.0.0.9", .head = i }, SECOND_NS / 10);
		say(j,
		    &(struct question){ .client = "203.0.113.7", .server = "10.0.0.9", .head = i },
		    SECOND_NS / 10);
		say(j, &(struct question){ .server = "224.0.1.1", .head = i }, SECOND_NS / 10);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(questions_that_all_differ_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(bytes_behind_the_heads_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_ntp_is_low_and_then_medium, setup,
						teardown),
		cmocka_unit_test_setup_teardown(clocks_are_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(what_stays_inside_or_comes_from_outside_is_silent,
						setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
