/*
 * Holds the tokens of drills: what one daemon signed is good for its kind and its time, no bit of
 * it may change, and another daemon takes none of it.
 */
#include "exfild/control/drill.h"
#include "samples.h"

#define NS_PER_S 1000000000ull
#define NOW_NS   (1796000000ull * NS_PER_S)

static struct drills *drills;
static char digits[DRILL_DIGITS + 1];
static uint8_t token[DRILL_TOKEN];

static int setup(void **state)
{
	(void)state;
	drills = drills_new();
	assert_non_null(drills);
	assert_false(drills_any(drills, NOW_NS));
	assert_true(drills_make(drills, DRILL_HTTP, NOW_NS, digits));
	assert_int_equal(strlen(digits), DRILL_DIGITS);
	assert_true(drill_parse(digits, token));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	drills_free(drills);
	return 0;
}

static void test_good(void **state)
{
	uint64_t made_s = 0;
	(void)state;
	assert_true(drills_any(drills, NOW_NS));
	assert_true(drills_check(drills, DRILL_HTTP, token, NOW_NS + 5 * NS_PER_S, &made_s));
	assert_int_equal(made_s, NOW_NS / NS_PER_S);
	assert_false(drills_check(drills, DRILL_DNS, token, NOW_NS, &made_s));
	assert_false(drills_check(drills, DRILL_ICMP, token, NOW_NS, &made_s));
	/* two in one second differ */
	char again[DRILL_DIGITS + 1];
	assert_true(drills_make(drills, DRILL_HTTP, NOW_NS, again));
	assert_string_not_equal(again, digits);
}

static void test_time(void **state)
{
	uint64_t made_s, minute = 60 * NS_PER_S, end = NOW_NS + DRILL_VALID_S * NS_PER_S + minute;
	(void)state;
	assert_true(drills_check(drills, DRILL_HTTP, token, NOW_NS - minute, &made_s));
	assert_false(drills_check(drills, DRILL_HTTP, token, NOW_NS - 2 * minute, &made_s));
	assert_true(drills_check(drills, DRILL_HTTP, token, end, &made_s));
	assert_true(drills_any(drills, end));
	assert_false(drills_check(drills, DRILL_HTTP, token, end + NS_PER_S, &made_s));
	assert_false(drills_any(drills, end + NS_PER_S));
}

static void test_every_bit(void **state)
{
	uint64_t made_s;
	(void)state;
	for (unsigned bit = 0; bit < 8 * DRILL_TOKEN; bit++) {
		token[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(drills_check(drills, DRILL_HTTP, token, NOW_NS, &made_s));
		token[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(drills_check(drills, DRILL_HTTP, token, NOW_NS, &made_s));
	struct drills *other = drills_new();
	char ignored[DRILL_DIGITS + 1];
	assert_true(drills_make(other, DRILL_HTTP, NOW_NS, ignored));
	assert_false(drills_check(other, DRILL_HTTP, token, NOW_NS, &made_s));
	drills_free(other);
}

static void test_digits(void **state)
{
	uint8_t back[DRILL_TOKEN];
	char text[DRILL_DIGITS + 1];
	(void)state;
	memcpy(text, digits, sizeof(text));
	for (unsigned i = 0; i < DRILL_DIGITS; i++)
		if (text[i] >= 'a')
			text[i] = (char)(text[i] - 32);
	assert_true(drill_parse(text, back));
	assert_memory_equal(back, token, DRILL_TOKEN);
	for (unsigned i = 0; i < DRILL_DIGITS; i++) {
		static const char none[] = { 'g', ' ', '/', ':', '@', '`', '\0', '\xff' };
		for (size_t k = 0; k < sizeof(none); k++) {
			char *part =
				malloc(i + 1); /* exact: it must stop at the first that is none */
			memcpy(part, digits, i);
			part[i] = none[k];
			assert_false(drill_parse(part, back));
			free(part);
		}
	}
	assert_int_equal(drill_kind_of("dns"), DRILL_DNS);
	assert_int_equal(drill_kind_of("icmp"), DRILL_ICMP);
	assert_int_equal(drill_kind_of("dn"), DRILL__COUNT);
	assert_int_equal(drill_kind_of(""), DRILL__COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_bit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_digits, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
