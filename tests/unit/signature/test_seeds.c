/*
 * The corpus of fuzz_signature begins with rules that use every modifier, condition and
 * correlation, and that load.
 */
#include "places.h"
#include "rules.h"

#define SEEDS EXFILD_SOURCE_DIR "/tests/fuzz/fuzz_signature.in/"

static char texts[3][8192];

static void read_all(void)
{
	static const char *const names[] = { "form_modifiers", "form_modifiers2",
					     "form_correlations" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[512];
		(void)snprintf(path, sizeof(path), SEEDS "%s", names[i]);
		FILE *in = fopen(path, "rb");
		assert_non_null(in);
		size_t len = fread(texts[i], 1, sizeof(texts[i]) - 1, in);
		(void)fclose(in);
		texts[i][len] = '\0';
	}
}

static void test_every_word_is_in_them(void **state)
{
	static const char *const words[] = {
		"|contains",
		"|startswith",
		"|endswith",
		"|all",
		"|cased",
		"|re",
		"|i:",
		"|m",
		"|s:",
		"|base64:",
		"|base64offset",
		"|wide",
		"|utf16|",
		"|utf16le",
		"|utf16be",
		"|windash",
		"|neq",
		"|exists",
		"|cidr",
		"|fieldref",
		"|gt:",
		"|gte:",
		"|lt:",
		"|lte:",
		"|minute",
		"|hour",
		"|day",
		"|week",
		"|month",
		"|year",
		"|expand",
		": null",
		"keywords",
		"1 of ",
		"any of ",
		"all of them",
		"event_count",
		"value_count",
		"type: temporal,",
		"temporal_ordered",
		"value_sum",
		"value_avg",
		"value_percentile",
		"aliases",
		"generate",
		"group-by",
		"placeholders",
	};
	(void)state;
	read_all();
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strstr(texts[0], words[i]) && !strstr(texts[1], words[i]) &&
		    !strstr(texts[2], words[i]))
			fail_msg("%s is in no seed", words[i]);
}

static void test_they_load(void **state)
{
	static const size_t rules[] = { 1, 1, 11 }, problems[] = { 0, 0, 1 }; /* the circle */
	(void)state;
	read_all();
	for (size_t i = 0; i < 3; i++) {
		struct signatures *s = NULL;
		char *cut = strstr(texts[i], "\n%%\n");
		size_t len = cut ? (size_t)(cut - texts[i]) : strlen(texts[i]);
		assert_int_equal(signatures_parse("seed", texts[i], len, &s), 0);
		assert_true(signatures_compile(s));
		assert_true(signatures_count(s) >= rules[i] - problems[i]);
		assert_int_equal(signatures_problem_count(s), problems[i]);
		signatures_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_word_is_in_them),
		cmocka_unit_test(test_they_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
