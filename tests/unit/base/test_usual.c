/*
 * What is usual: where it settles, how little one amount moves it, what lasts.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exfild/base/usual.h"

static void it_settles_on_the_median(void **state)
{
	struct usual u = { 0 };
	(void)state;
	for (int i = 0; i < 3000; i++) /* 1000, 2000, 4000 in turns */
		usual_add(&u, 1000 << (i % 3), 1);
	assert_true(usual_amount(&u) > 1600 && usual_amount(&u) < 2500);
	assert_true(fabs((double)u.spread - 1) < 0.3);
	assert_true(fabs(usual_distance(&u, 2000)) < 0.4);
	assert_true(usual_distance(&u, 64000) > 3);
}

static void one_amount_moves_it_by_a_step_only(void **state)
{
	struct usual u = { 0 };
	(void)state;
	for (int i = 0; i < 200; i++)
		usual_add(&u, 1000, 1);
	usual_add(&u, 1e15, 1);
	assert_true(usual_amount(&u) < 1050);
	assert_true(usual_distance(&u, 1e15) > 20);
}

static void without_trust_nothing_is_learnt(void **state)
{
	struct usual u = { 0 };
	(void)state;
	usual_add(&u, 5000, 0);
	assert_true(u.weight == 0);
	for (int i = 0; i < 20; i++)
		usual_add(&u, 1000, 1);
	float before = u.median;
	for (int i = 0; i < 100; i++)
		usual_add(&u, 1e9, 0);
	assert_true(u.median == before);
	/* but what is above is seen */
	assert_true((double)u.cusum > USUAL_CUSUM_LIMIT);
}

static void a_small_excess_that_lasts_adds_up(void **state)
{
	struct usual u = { 0 };
	(void)state;
	for (int i = 0; i < 400; i++)
		usual_add(&u, 1000 + 100 * (i % 5), 1);
	assert_true((double)u.cusum < 1);
	int hours = 0;
	/* three times as much: hardly to be seen in one hour */
	for (; hours < 48 && (double)u.cusum <= USUAL_CUSUM_LIMIT; hours++)
		usual_add(&u, 3500, 0.1);
	assert_in_range(hours, 3, 24);
}

static void two_of_the_same_become_one(void **state)
{
	struct usual a = { .median = 10, .spread = 1, .weight = 10 };
	struct usual b = { .median = 12, .spread = 2, .weight = 30 };
	struct usual none = { 0 };
	(void)state;
	usual_merge(&a, &b);
	assert_true(fabs((double)a.median - 11.5) < 1e-6 && fabs((double)a.spread - 1.75) < 1e-6);
	assert_true(a.weight == 40);
	usual_merge(&a, &none);
	assert_true(a.weight == 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_settles_on_the_median),
		cmocka_unit_test(one_amount_moves_it_by_a_step_only),
		cmocka_unit_test(without_trust_nothing_is_learnt),
		cmocka_unit_test(a_small_excess_that_lasts_adds_up),
		cmocka_unit_test(two_of_the_same_become_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
