/*
 * Law 1: one clock, packet time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../../src/engine/clock.h"

#define SECOND 1000000000ull
#define HOUR   (3600 * SECOND)
#define START  (1700000000 * SECOND)

static uint64_t leap;

static uint64_t stamp(struct clock_law *c, uint32_t input, uint64_t at)
{
	return clock_stamp(c, input, at, &leap);
}

static void time_begins_with_the_first_packet(void **state)
{
	struct clock_law *c = *state;
	assert_true(stamp(c, 0, START) == START);
	assert_true(leap == 0);
	assert_true(stamp(c, 0, START + 5) == START + 5);
}

static void an_older_packet_is_handled_now(void **state)
{
	struct clock_law *c = *state;
	stamp(c, 0, START);
	assert_true(stamp(c, 0, START - 50 * HOUR) == START);
	assert_true(stamp(c, 0, 0) == START);
	assert_true(stamp(c, 0, START) == START);
	assert_int_equal(c->late, 2);
	assert_true(leap == 0);
}

static void an_hour_is_no_leap(void **state)
{
	struct clock_law *c = *state;
	stamp(c, 0, START);
	assert_true(stamp(c, 0, START + HOUR) == START + HOUR);
	assert_int_equal(c->doubted, 0);
	assert_true(stamp(c, 0, START + 2 * HOUR + 1) == START + HOUR);
	assert_int_equal(c->doubted, 1);
}

static void three_in_a_row_leap(void **state)
{
	struct clock_law *c = *state;
	stamp(c, 0, START);
	assert_true(stamp(c, 0, START + 5 * HOUR) == START);
	assert_true(stamp(c, 0, START + 5 * HOUR + 1) == START);
	assert_true(leap == 0);
	assert_true(stamp(c, 0, START + 5 * HOUR + 2) == START + 5 * HOUR + 2);
	assert_true(leap == 5 * HOUR + 2);
	assert_int_equal(c->leaps, 1);
	assert_true(stamp(c, 0, START + 5 * HOUR + 3) == START + 5 * HOUR + 3);
	assert_true(leap == 0);
}

static void one_wrong_stamp_moves_nothing(void **state)
{
	struct clock_law *c = *state;
	stamp(c, 0, START);
	for (uint64_t i = 1; i < 30; i++) { /* each third packet is wrong */
		uint64_t at = START + i * SECOND;
		bool wrong = i % 3 == 0;
		uint64_t now = stamp(c, 0, wrong ? at + 900 * HOUR : at);
		assert_true(now == (wrong ? at - SECOND : at));
	}
	stamp(c, 0, UINT64_MAX);
	assert_true(stamp(c, 0, START + 30 * SECOND) == START + 30 * SECOND);
	assert_int_equal(c->leaps, 0);
	assert_int_equal(c->doubted, 10);
}

static void three_that_disagree_leap_to_the_earliest(void **state)
{
	struct clock_law *c = *state;
	stamp(c, 0, START);
	stamp(c, 0, START + 100 * HOUR);
	stamp(c, 0, START + 5 * HOUR);
	assert_true(stamp(c, 0, START + 900 * HOUR) == START + 5 * HOUR);
	assert_true(leap == 5 * HOUR);
}

static void inputs_agree_for_themselves(void **state)
{
	struct clock_law *c = *state;
	stamp(c, 0, START);
	for (unsigned i = 0; i < 200; i++) { /* two of each input, never three */
		assert_true(stamp(c, i % 100, START + 5 * HOUR) == START);
	}
	assert_int_equal(c->leaps, 0);
	stamp(c, 7, START); /* in time again: begins anew */
	stamp(c, 7, START + 5 * HOUR);
	stamp(c, 7, START + 5 * HOUR);
	assert_int_equal(c->leaps, 0);
	assert_true(stamp(c, 99, START + 5 * HOUR) == START + 5 * HOUR);
	assert_int_equal(c->leaps, 1);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct clock_law));
	return 0;
}

static int teardown(void **state)
{
	clock_deinit(*state);
	free(*state);
	return 0;
}

int main(void)
{
#define CLOCK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLOCK_TEST(time_begins_with_the_first_packet),
		CLOCK_TEST(an_older_packet_is_handled_now),
		CLOCK_TEST(an_hour_is_no_leap),
		CLOCK_TEST(three_in_a_row_leap),
		CLOCK_TEST(one_wrong_stamp_moves_nothing),
		CLOCK_TEST(three_that_disagree_leap_to_the_earliest),
		CLOCK_TEST(inputs_agree_for_themselves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
