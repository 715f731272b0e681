/*
 * What an alert says would have kept it silent is what the decision says: one less is silent, the
 * value itself fires, all else as it was seen.
 */
#include <math.h>

#include "../../../src/detect/dns_tunnel/dns_tunnel.h"
#include "../../../src/detect/icmp_tunnel/icmp_tunnel.h"
#include "judging.h"

static const struct dns_params dns = {
	.daily_bytes = 4096, .weekly_bytes = 8192, .min_names = 5, .alert_score = 0.6
};
static const struct icmp_params icmp = { .daily_bytes = 4096, .alert_score = 0.6 };

static void dns_names_the_least_information(void **state)
{
	(void)state;
	for (unsigned shape = 0; shape <= 60; shape++) {
		struct judgement j = { .info = 20000, .by_shape = shape / 100.0 };
		if (shape % 2)
			j.week_before = 3000;
		if (!pair_fires(&j, &dns, j.info))
			continue;
		uint64_t least = pair_least_info(&j, &dns);
		assert_true(pair_fires(&j, &dns, (double)least));
		assert_true(least == 0 || !pair_fires(&j, &dns, (double)least - 1));
	}
}

static void dns_shape_lowers_the_limit(void **state)
{
	struct judgement bare = { .info = 20000 }, shaped = { .info = 20000, .by_shape = 0.35 };
	struct judgement marked = { .info = 100, .by_marks = 0.45, .by_shape = 0.25 };
	(void)state;
	assert_int_equal(pair_least_info(&bare, &dns), 10322); /* 4096 * 2^(4/3) by the day */
	assert_int_equal(pair_least_info(&shaped, &dns), 2560);
	assert_int_equal(pair_least_info(&marked, &dns), 0);
	bare.is_reverse = true;
	bare.info = 100000;
	assert_int_equal(pair_least_info(&bare, &dns), 65536);
}

static void icmp_names_the_least_information(void **state)
{
	(void)state;
	for (unsigned other = 0; other <= 60; other++) {
		for (unsigned size = 32; size < 300; size += 32) {
			struct icmp_judgement j = { .info = 40000,
						    .by_differing = other / 100.0,
						    .mean_size = size };
			uint64_t least = icmp_pair_least_info(&j, &icmp);
			assert_true(icmp_pair_fires(&j, &icmp, (double)least));
			assert_true(least == 0 || !icmp_pair_fires(&j, &icmp, (double)least - 1));
		}
	}
	struct icmp_judgement small = { .info = 40000, .mean_size = 56 };
	assert_int_equal(icmp_pair_least_info(&small, &icmp), 10322);
}

static bool from_seven(const void *arg, double value)
{
	(void)arg;
	return value >= 7;
}

static void the_search_is_exact(void **state)
{
	(void)state;
	for (uint64_t high = 7; high < 200; high++)
		assert_int_equal(finding_least(high, from_seven, NULL), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_names_the_least_information),
		cmocka_unit_test(dns_shape_lowers_the_limit),
		cmocka_unit_test(icmp_names_the_least_information),
		cmocka_unit_test(the_search_is_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
