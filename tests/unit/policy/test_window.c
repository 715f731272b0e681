/*
 * What a host has sent to a target in the hour and the day, and to all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/policy/window.h"

static struct policy_window_key key_of(uint32_t host, uint64_t target)
{
	struct policy_window_key k = { .target = target };
	memcpy(&k.host.u.b[12], &host, sizeof(host));
	return k;
}

static void test_hours_and_days_begin_at_nothing(void **state)
{
	(void)state;
	struct policy_windows *w = policy_windows_new(&hash_key_fixed);
	const struct policy_window_key k = key_of(1, 7);
	const struct policy_moment nine = { 9, 1 }, ten = { 10, 1 }, next_day = { 33, 2 };
	assert_non_null(w);
	policy_windows_add(w, &k, &nine, 1000, 10, true);
	policy_windows_add(w, &k, &nine, 500, 5, false);
	struct policy_sums s = policy_windows_sums(w, &k, &nine);
	assert_int_equal(s.out_hour, 1500);
	assert_int_equal(s.in_hour, 15);
	assert_int_equal(s.flows_hour, 1);
	/* asked for at ten nothing has passed in this hour */
	s = policy_windows_sums(w, &k, &ten);
	assert_int_equal(s.out_hour, 0);
	assert_int_equal(s.out_day, 1500);
	policy_windows_add(w, &k, &ten, 200, 2, true);
	/* what a flow tells late of the hour before is of the day */
	policy_windows_add(w, &k, &nine, 50, 0, false);
	s = policy_windows_sums(w, &k, &ten);
	assert_int_equal(s.out_hour, 200);
	assert_int_equal(s.out_day, 1750);
	assert_int_equal(s.flows_day, 2);
	policy_windows_add(w, &k, &next_day, 1, 1, true);
	s = policy_windows_sums(w, &k, &next_day);
	assert_int_equal(s.out_hour, 1);
	assert_int_equal(s.out_day, 1);
	assert_int_equal(s.flows_day, 1);
	policy_windows_free(w);
}

static void test_each_target_by_itself(void **state)
{
	(void)state;
	struct policy_windows *w = policy_windows_new(&hash_key_fixed);
	const struct policy_window_key a = key_of(1, 7), b = key_of(1, 8), other = key_of(2, 7);
	const struct policy_moment at = { 9, 1 };
	policy_windows_add(w, &a, &at, 10, 0, true);
	policy_windows_add(w, &b, &at, 20, 0, true);
	assert_int_equal(policy_windows_sums(w, &a, &at).out_day, 10);
	assert_int_equal(policy_windows_sums(w, &b, &at).out_day, 20);
	assert_int_equal(policy_windows_sums(w, &other, &at).out_day, 0);
	policy_windows_free(w);
}

static void test_a_flood_of_targets_leaves_what_is_large(void **state)
{
	(void)state;
	struct policy_windows *w = policy_windows_new(&hash_key_fixed);
	const struct policy_window_key large = key_of(1, 7), all = key_of(1, 0);
	const struct policy_moment at = { 9, 1 };
	policy_windows_add(w, &large, &at, 1u << 30, 0, true);
	policy_windows_add(w, &all, &at, 1u << 30, 0, true);
	for (uint32_t i = 0; i < 3 * POLICY_WINDOWS; i++) {
		const struct policy_window_key small = key_of(1, 1000 + i);
		policy_windows_add(w, &small, &at, 100, 100, true);
	}
	assert_int_equal(policy_windows_sums(w, &large, &at).out_day, 1u << 30);
	assert_int_equal(policy_windows_sums(w, &all, &at).out_day, 1u << 30);
	policy_windows_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hours_and_days_begin_at_nothing),
		cmocka_unit_test(test_each_target_by_itself),
		cmocka_unit_test(test_a_flood_of_targets_leaves_what_is_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
