/*
 * Messages in pings: in time, in addresses, and the pings that are only pings.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "covert_channel");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static uint32_t random_state = 7;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 16;
}

static void ping(struct judging *j, const char *dst, uint16_t id, uint64_t gap_ms, bool is_reply)
{
	judging_pass(j, gap_ms * 1000000);
	struct event_icmp *e = judging_event(j, EVENT_ICMP, sizeof(*e), "10.0.0.5", dst, 1);
	e->type = is_reply ? 0 : 8;
	e->is_reply = is_reply;
	e->id = id;
	judging_end(j);
}

static void two_paces_without_a_period_are_found(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 200; i++)
		ping(j, "203.0.113.5", 7, next_random() & 1 ? 150 : 340, false);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[0].techniques[0], "T1048.003");
}

static void losses_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 2000; i++)
		ping(j, "203.0.113.5", 7, next_random() % 100 < 25 ? 2000 : 1000, false);
	assert_int_equal(j->count, 0);
}

/* Traceroutes: a burst, then a pause, again and again. */
static void what_repeats_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 3000; i++)
		ping(j, "203.0.113.5", 7, i % 3 ? 130 : 700, false);
	assert_int_equal(j->count, 0);
}

static void a_change_of_pace_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 400; i++)
		ping(j, "203.0.113.5", 7, i < 200 ? 1000 : 230, false);
	assert_int_equal(j->count, 0);
}

static void gaps_of_all_lengths_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 3000; i++)
		ping(j, "203.0.113.5", 7, 50 + next_random() % 2000, false);
	assert_int_equal(j->count, 0);
}

static void letters_in_addresses_are_found(void **state)
{
	static const char text[] = "Meet me at nine by the old mill";
	struct judging *j = *state;
	char dst[32];
	for (unsigned i = 0; i < sizeof(text) - 1; i++) {
		snprintf(dst, sizeof(dst), "198.51.%u.%u", i, (unsigned)text[i]);
		ping(j, dst, (uint16_t)i, 2000, false);
	}
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[0].object, "addresses");
}

static void sweeps_and_monitors_are_silent(void **state)
{
	static const unsigned hosts[] = { 33, 97, 45, 120, 60, 88, 101, 40, 110, 77 };
	struct judging *j = *state;
	char dst[32];
	for (unsigned i = 1; i < 255; i++) {
		snprintf(dst, sizeof(dst), "198.51.100.%u", i);
		ping(j, dst, 1, 20, false);
	}
	for (unsigned i = 1; i < 60; i++) { /* the first host of each net */
		snprintf(dst, sizeof(dst), "198.51.%u.65", i);
		ping(j, dst, 1, 20, false);
	}
	for (unsigned i = 0; i < 300; i++) {
		snprintf(dst, sizeof(dst), "10.0.7.%u", hosts[i % 10]);
		ping(j, dst, 2, 500, false);
		ping(j, dst, 2, 1, true);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_paces_without_a_period_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(losses_are_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(what_repeats_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(a_change_of_pace_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(gaps_of_all_lengths_are_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(letters_in_addresses_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(sweeps_and_monitors_are_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
