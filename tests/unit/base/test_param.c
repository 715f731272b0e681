/* param: defaults, every type both ways, ranges, and fields that a refusal leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/param.h"

struct target {
	bool enabled;
	uint64_t daily_bytes;
	double score;
	uint64_t window;
	uint64_t guard;
};

static const struct param table[] = {
	{ "enabled", PARAM_BOOL, offsetof(struct target, enabled), 0, 1, 1, "", "judge at all" },
	{ "daily_bytes", PARAM_UINT, offsetof(struct target, daily_bytes), 10, 1e18, 4096, "bytes",
	  "silent below" },
	{ "score", PARAM_DOUBLE, offsetof(struct target, score), -1, 1, 0.1, "", "a limit" },
	{ "window", PARAM_DURATION, offsetof(struct target, window), 1, 86400, 3600, "",
	  "looks back" },
	PARAM_END,
};

static struct target defaults(void)
{
	struct target t;

	memset(&t, 0xa5, sizeof(t));
	param_defaults(table, &t);
	return t;
}

static void defaults_fill_every_field_and_no_other(void **state)
{
	(void)state;
	struct target t = defaults();
	assert_true(t.enabled);
	assert_int_equal(t.daily_bytes, 4096);
	assert_true(t.score == 0.1);
	assert_int_equal(t.window, 3600);
	assert_int_equal(t.guard, 0xa5a5a5a5a5a5a5a5);
}

static void find_goes_by_the_whole_name(void **state)
{
	(void)state;
	assert_ptr_equal(param_find(table, "enabled"), &table[0]);
	assert_ptr_equal(param_find(table, "window"), &table[3]);
	assert_null(param_find(table, "windo"));
	assert_null(param_find(table, ""));
}

static int set(struct target *t, const char *name, const char *text)
{
	return param_set(param_find(table, name), t, text);
}

static void bools_are_words(void **state)
{
	(void)state;
	static const char *const yes[] = { "true", "yes", "on" };
	static const char *const no[] = { "false", "no", "off" };
	struct target t = defaults();
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(set(&t, "enabled", no[i]), 0);
		assert_false(t.enabled);
		assert_int_equal(set(&t, "enabled", yes[i]), 0);
		assert_true(t.enabled);
	}
	assert_int_equal(set(&t, "enabled", "maybe"), -EXF_E_FORMAT);
	assert_int_equal(set(&t, "enabled", ""), -EXF_E_FORMAT);
	assert_true(t.enabled);
}

static void whole_numbers_keep_type_and_range(void **state)
{
	(void)state;
	struct target t = defaults();
	assert_int_equal(set(&t, "daily_bytes", "10"), 0);
	assert_int_equal(t.daily_bytes, 10);
	assert_int_equal(set(&t, "daily_bytes", "1000000000000000000"), 0);
	assert_int_equal(t.daily_bytes, 1000000000000000000ull);
	assert_int_equal(set(&t, "daily_bytes", "9"), -EXF_E_RANGE);
	assert_int_equal(set(&t, "daily_bytes", "1000000000000000001"), -EXF_E_RANGE);
	assert_int_equal(set(&t, "daily_bytes", "1.5"), -EXF_E_FORMAT);
	assert_int_equal(set(&t, "daily_bytes", "-1"), -EXF_E_FORMAT);
	assert_int_equal(t.daily_bytes, 1000000000000000000ull);
}

static void doubles_keep_type_and_range(void **state)
{
	(void)state;
	struct target t = defaults();
	static const char *const bad[] = { "",    "x",   "0.5x", " 0.5", "0x1", "nan",
					   "inf", "1,5", "-",    ".",    "1e",  "1.2.3" };
	assert_int_equal(set(&t, "score", "-1"), 0);
	assert_true(t.score == -1);
	assert_int_equal(set(&t, "score", "2.5e-1"), 0);
	assert_true(t.score == 0.25);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(set(&t, "score", bad[i]), -EXF_E_FORMAT);
	assert_int_equal(set(&t, "score", "1.0001"), -EXF_E_RANGE);
	assert_int_equal(set(&t, "score", "-2"), -EXF_E_RANGE);
	assert_int_equal(set(&t, "score", "1e999"), -EXF_E_RANGE);
	assert_true(t.score == 0.25);
}

static void durations_keep_type_and_range(void **state)
{
	(void)state;
	struct target t = defaults();
	assert_int_equal(set(&t, "window", "5m"), 0);
	assert_int_equal(t.window, 300);
	assert_int_equal(set(&t, "window", "1d"), 0);
	assert_int_equal(t.window, 86400);
	assert_int_equal(set(&t, "window", "2d"), -EXF_E_RANGE);
	assert_int_equal(set(&t, "window", "0"), -EXF_E_RANGE);
	assert_int_equal(set(&t, "window", "soon"), -EXF_E_FORMAT);
	assert_int_equal(t.window, 86400);
}

static void values_print_as_they_are_written(void **state)
{
	(void)state;
	static const char *const texts[][2] = {
		{ "enabled", "false" }, { "enabled", "true" }, { "daily_bytes", "123456789012345" },
		{ "score", "0.1" },     { "score", "-0.25" },  { "score", "0.1234567890123" },
		{ "window", "1d" },     { "window", "2h" },    { "window", "5m" },
		{ "window", "90s" },
	};
	struct target t = defaults();
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[32];
		assert_int_equal(set(&t, texts[i][0], texts[i][1]), 0);
		assert_string_equal(
			param_print(param_find(table, texts[i][0]), &t, text, sizeof(text)),
			texts[i][1]);
	}
}

static void a_duration_of_nothing_prints_in_seconds(void **state)
{
	(void)state;
	struct target t = defaults();
	char text[32];
	t.window = 0;
	assert_string_equal(param_print(&table[3], &t, text, sizeof(text)), "0s");
}

static void every_double_reads_back(void **state)
{
	(void)state;
	static const struct param wide[] = {
		{ "v", PARAM_DOUBLE, 0, -1e308, 1e308, 0, "", "" },
		PARAM_END,
	};
	static const double values[] = { 1.0 / 3, 1e-300, 123456.789, 2e17, 5e-324, -1e308 };
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char text[32];
		double v = values[i], back = 0;
		param_print(wide, &v, text, sizeof(text));
		assert_int_equal(param_set(wide, &back, text), 0);
		assert_true(back == v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fill_every_field_and_no_other),
		cmocka_unit_test(find_goes_by_the_whole_name),
		cmocka_unit_test(bools_are_words),
		cmocka_unit_test(whole_numbers_keep_type_and_range),
		cmocka_unit_test(doubles_keep_type_and_range),
		cmocka_unit_test(durations_keep_type_and_range),
		cmocka_unit_test(values_print_as_they_are_written),
		cmocka_unit_test(a_duration_of_nothing_prints_in_seconds),
		cmocka_unit_test(every_double_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
