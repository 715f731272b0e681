/* sketch: distinct counts inside their error, decay by half lives, entropy of known bytes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/hash.h"
#include "exfild/base/sketch.h"

static uint64_t hash_of(uint64_t i)
{
	return hash_words(&hash_key_fixed, &i, 1);
}

static void nothing_counts_zero(void **state)
{
	(void)state;
	struct hll h = { { 0 } };
	assert_true(hll_count(&h) == 0);
}

static void small_counts_are_nearly_exact(void **state)
{
	(void)state;
	struct hll h = { { 0 } };
	for (uint64_t i = 1; i <= 20; i++) {
		hll_add(&h, hash_of(i));
		assert_true(fabs(hll_count(&h) - (double)i) < 1.5);
	}
}

static void repeats_do_not_count(void **state)
{
	(void)state;
	struct hll h = { { 0 } };
	for (unsigned i = 0; i < 10000; i++)
		hll_add(&h, hash_of(i % 10));
	assert_true(fabs(hll_count(&h) - 10) < 1);
}

static void counts_of_all_sizes_stay_inside_three_errors(void **state)
{
	(void)state;
	struct hll h = { { 0 } };
	uint64_t added = 0;
	for (uint64_t size = 100; size <= 1000000; size *= 10) {
		while (added < size)
			hll_add(&h, hash_of(added++));
		double error = fabs(hll_count(&h) - (double)size) / (double)size;
		assert_true(error < 3 * 0.065);
	}
}

static void weights_of_distinct_elements_add_up(void **state)
{
	(void)state;
	struct hll h = { { 0 } };
	for (unsigned round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 500; i++)
			hll_add_weighted(&h, hash_of(i), (unsigned)(i % 40));
	}
	double sum = 0;
	for (unsigned i = 0; i < 500; i++)
		sum += i % 40;
	assert_true(fabs(hll_count(&h) - sum) < 3 * 0.065 * sum);
}

static void a_weight_of_zero_adds_nothing(void **state)
{
	(void)state;
	struct hll h = { { 0 } };
	hll_add_weighted(&h, hash_of(1), 0);
	assert_true(hll_count(&h) == 0);
}

static void extreme_hashes_and_damaged_registers_count_finite(void **state)
{
	(void)state;
	struct hll h = { { 0 } };
	hll_add(&h, 0);
	assert_int_equal(h.reg[0], 57);
	hll_add(&h, UINT64_MAX);
	assert_int_equal(h.reg[255], 1);
	memset(h.reg, 0xff, sizeof(h.reg));
	assert_true(isfinite(hll_count(&h)));
	assert_true(hll_count(&h) > 1e9);
}

static void a_decayed_value_halves_in_its_half_life(void **state)
{
	(void)state;
	struct decayed d = { 0, 0 };
	decayed_add(&d, 5000000000ull, 10, 8);
	assert_true(d.value == 8);
	assert_true(decayed_at(&d, 15000000000ull, 10) == 4);
	assert_true(decayed_at(&d, 35000000000ull, 10) == 1);
	assert_true(d.value == 8);
	decayed_add(&d, 15000000000ull, 10, 1);
	assert_true(d.value == 5);
}

static void an_older_time_neither_decays_nor_turns_back(void **state)
{
	(void)state;
	struct decayed d = { 4, 20000000000ull };
	assert_true(decayed_at(&d, 1, 10) == 4);
	decayed_add(&d, 1, 10, 1);
	assert_true(d.value == 5);
	assert_int_equal(d.time_ns, 20000000000ull);
}

static void no_half_life_forgets_at_once(void **state)
{
	(void)state;
	struct decayed d = { 4, 100 };
	assert_true(decayed_at(&d, 100, 0) == 4);
	assert_true(decayed_at(&d, 101, 0) == 0);
	assert_true(decayed_at(&d, UINT64_MAX, 1e-300) == 0);
}

/* As Flajolet and others write it down, one register after the other. */
static double count_plainly(const struct hll *h)
{
	const double m = HLL_REGISTERS;
	double sum = 0;
	unsigned zeros = 0;
	for (size_t i = 0; i < HLL_REGISTERS; i++) {
		sum += pow(2, -(double)h->reg[i]);
		zeros += h->reg[i] == 0;
	}
	double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
	return estimate <= 2.5 * m && zeros ? m * log(m / zeros) : estimate;
}

static void every_count_is_the_plain_sum(void **state)
{
	(void)state;
	struct hll h = { { 0 } };
	for (uint64_t i = 0; i < 20000; i++)
		if (hll_add(&h, hash_of(i)))
			assert_true(hll_count(&h) == count_plainly(&h));
	for (uint8_t rank = 40; rank <= 57; rank++) {
		h.reg[rank] = rank; /* beyond what fixed point holds, too */
		assert_true(fabs(hll_count(&h) / count_plainly(&h) - 1) < 1e-15);
	}
}

static void an_add_says_whether_it_changed_anything(void **state)
{
	(void)state;
	struct hll h = { { 0 } };
	assert_true(hll_add(&h, hash_of(1)));
	assert_false(hll_add(&h, hash_of(1)));
	assert_false(hll_add(&h, hash_of(1) | 1)); /* the same register, no longer run of zeros */
	assert_true(hll_add(&h, hash_of(2)));
}

static void entropy_of_known_bytes(void **state)
{
	(void)state;
	uint8_t all[256];
	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	assert_true(entropy_bytes(NULL, 0) == 0);
	assert_true(entropy_bytes((const uint8_t *)"aaaa", 4) == 0);
	assert_true(entropy_bytes((const uint8_t *)"abab", 4) == 1);
	assert_true(entropy_bytes((const uint8_t *)"abcd", 4) == 2);
	assert_true(entropy_bytes(all, 256) == 8);
	assert_true(fabs(entropy_bytes((const uint8_t *)"aaab", 4) - 0.8112781244591328) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_counts_zero),
		cmocka_unit_test(small_counts_are_nearly_exact),
		cmocka_unit_test(repeats_do_not_count),
		cmocka_unit_test(counts_of_all_sizes_stay_inside_three_errors),
		cmocka_unit_test(weights_of_distinct_elements_add_up),
		cmocka_unit_test(a_weight_of_zero_adds_nothing),
		cmocka_unit_test(extreme_hashes_and_damaged_registers_count_finite),
		cmocka_unit_test(a_decayed_value_halves_in_its_half_life),
		cmocka_unit_test(an_older_time_neither_decays_nor_turns_back),
		cmocka_unit_test(no_half_life_forgets_at_once),
		cmocka_unit_test(every_count_is_the_plain_sum),
		cmocka_unit_test(an_add_says_whether_it_changed_anything),
		cmocka_unit_test(entropy_of_known_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
