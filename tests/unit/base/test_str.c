/* str: bounded copies, ranges, times against known dates, texts for people. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/str.h"

static void copy_ends_in_nul_and_says_whether_it_fitted(void **state)
{
	(void)state;
	char dst[4] = "zzz";
	assert_true(str_copy(dst, sizeof(dst), "abc"));
	assert_string_equal(dst, "abc");
	assert_false(str_copy(dst, sizeof(dst), "defg"));
	assert_string_equal(dst, "def");
	assert_true(str_copy(dst, 1, ""));
	assert_string_equal(dst, "");
	dst[0] = 'x';
	assert_false(str_copy(dst, 0, "abc"));
	assert_int_equal(dst[0], 'x');
}

static void escape_leaves_only_printable_ascii(void **state)
{
	(void)state;
	char dst[64];
	assert_int_equal(str_escape(dst, sizeof(dst), "a b~\n\x7f\xff\0", 8), 4 + 16);
	assert_string_equal(dst, "a b~\\x0a\\x7f\\xff\\x00");
	assert_int_equal(str_escape(dst, sizeof(dst), "", 0), 0);
	assert_string_equal(dst, "");
}

static void escape_is_whole_or_absent_at_the_end(void **state)
{
	(void)state;
	static const char *const expected[] = { "", "a", "a", "a", "a", "a\\x01", "a\\x01b" };
	char dst[8];
	for (size_t size = 1; size <= 7; size++) {
		size_t len = str_escape(dst, size,
					"a\x01"
					"b",
					3);
		assert_string_equal(dst, expected[size - 1]);
		assert_int_equal(len, strlen(expected[size - 1]));
	}
	assert_int_equal(str_escape(dst, 0, "a", 1), 0);
}

static void numbers_keep_their_range(void **state)
{
	(void)state;
	uint64_t v = 77;
	assert_int_equal(str_parse_u64("0", 0, UINT64_MAX, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(str_parse_u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_int_equal(v, UINT64_MAX);
	assert_int_equal(str_parse_u64("0042", 5, 42, &v), 0);
	assert_int_equal(v, 42);
	assert_int_equal(str_parse_u64("43", 5, 42, &v), -EXF_E_RANGE);
	assert_int_equal(str_parse_u64("4", 5, 42, &v), -EXF_E_RANGE);
	assert_int_equal(str_parse_u64("18446744073709551616", 0, UINT64_MAX, &v), -EXF_E_RANGE);
	assert_int_equal(v, 42);
}

static void what_is_no_number_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "",     " 1",  "1 ",  "+1", "-1",
					   "0x10", "1.0", "1e3", "a",  "99999999999999999999x" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t v = 7;
		assert_int_equal(str_parse_u64(bad[i], 0, UINT64_MAX, &v), -EXF_E_FORMAT);
		assert_int_equal(v, 7);
	}
}

static void durations_have_units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = { { "90", 90 },
		     { "30s", 30 },
		     { "5m", 300 },
		     { "2h", 7200 },
		     { "1d", 86400 },
		     { "0", 0 },
		     { "213503982334601d", 213503982334601ull * 86400 } };
	static const char *const bad[] = {
		"", "s", "5x", "5ms", "1h30m", "-5s", "1.5h", "5 m", "5S"
	};
	uint64_t v = 7;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(str_parse_duration(good[i].text, &v), 0);
		assert_int_equal(v, good[i].seconds);
	}
	v = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(str_parse_duration(bad[i], &v), -EXF_E_FORMAT);
	assert_int_equal(str_parse_duration("213503982334602d", &v), -EXF_E_RANGE);
	assert_int_equal(str_parse_duration("99999999999999999999", &v), -EXF_E_RANGE);
	assert_int_equal(v, 7);
}

static const struct {
	uint64_t ns;
	const char *text;
} dates[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ 951782399999999000ull, "2000-02-28T23:59:59.999999Z" },
	{ 951782400000000000ull, "2000-02-29T00:00:00.000000Z" },
	{ 951868800000000000ull, "2000-03-01T00:00:00.000000Z" },
	{ 1077926400000000000ull, "2004-02-28T00:00:00.000000Z" },
	{ 1609459199000000000ull, "2020-12-31T23:59:59.000000Z" },
	{ 1795460400000000000ull, "2026-11-23T19:00:00.000000Z" },
	{ 4107542400000000000ull, "2100-03-01T00:00:00.000000Z" },
	{ 18429292799000000000ull, "2553-12-31T23:59:59.000000Z" },
};

static void times_print_and_parse_known_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		char text[28];
		uint64_t ns;
		assert_string_equal(str_time(text, sizeof(text), dates[i].ns), dates[i].text);
		assert_int_equal(str_parse_time(dates[i].text, &ns), 0);
		assert_int_equal(ns, dates[i].ns);
	}
}

static void the_last_time_prints(void **state)
{
	(void)state;
	char text[28];
	assert_string_equal(str_time(text, sizeof(text), UINT64_MAX),
			    "2554-07-21T23:34:33.709551Z");
}

static void every_day_follows_the_one_before(void **state)
{
	(void)state;
	char last[28] = "", text[28];
	for (uint64_t day = 0; day < 213300; day++) {
		uint64_t ns;
		str_time(text, sizeof(text), day * 86400000000000ull);
		assert_true(strcmp(last, text) < 0);
		assert_int_equal(str_parse_time(text, &ns), 0);
		assert_int_equal(ns, day * 86400000000000ull);
		memcpy(last, text, sizeof(last));
	}
}

static void short_times_parse(void **state)
{
	(void)state;
	uint64_t ns;
	assert_int_equal(str_parse_time("2026-11-23", &ns), 0);
	assert_int_equal(ns, 1795392000000000000ull);
	assert_int_equal(str_parse_time("2026-11-23T19:00:00Z", &ns), 0);
	assert_int_equal(ns, 1795460400000000000ull);
	assert_int_equal(str_parse_time("2026-11-23T19:00:00.5Z", &ns), 0);
	assert_int_equal(ns, 1795460400500000000ull);
	assert_int_equal(str_parse_time("2026-11-23T19:00:00.1234567899Z", &ns), 0);
	assert_int_equal(ns, 1795460400123456789ull);
	assert_int_equal(str_parse_time("1795460400", &ns), 0);
	assert_int_equal(ns, 1795460400000000000ull);
	assert_int_equal(str_parse_time("1.25", &ns), 0);
	assert_int_equal(ns, 1250000000ull);
}

static void bad_times_are_refused(void **state)
{
	(void)state;
	static const char *const malformed[] = {
		"",
		"x",
		"-",
		"2026-11",
		"2026-11-23T19:00:00",
		"2026-11-23T19:00Z",
		"2026-11-23 19:00:00Z",
		"2026-11-23T19:00:00.Z",
		"2026-11-23T19:00:00Z ",
		"2026-11-23T19:00:00+01:00",
		"26-11-23",
		"1.",
		".5",
		"12:00",
		"1e9",
		"-5",
	};
	static const char *const outside[] = {
		"1969-12-31",           "2554-01-01",           "2026-00-01",
		"2026-13-01",           "2026-01-00",           "2026-04-31",
		"2026-02-29",           "2100-02-29",           "2026-11-23T24:00:00Z",
		"2026-11-23T19:60:00Z", "2026-11-23T19:00:60Z", "18446744074",
		"99999999999999999999",
	};
	uint64_t ns = 7;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		assert_int_equal(str_parse_time(malformed[i], &ns), -EXF_E_FORMAT);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		assert_int_equal(str_parse_time(outside[i], &ns), -EXF_E_RANGE);
	assert_int_equal(ns, 7);
}

static void byte_counts_read_well(void **state)
{
	(void)state;
	static const struct {
		double bytes;
		const char *text;
	} vectors[] = {
		{ 0, "0 B" },          { 820, "820 B" },      { 820.4, "820 B" },
		{ 999, "999 B" },      { 999.6, "1 kB" },     { 1000, "1 kB" },
		{ 1500000, "1.5 MB" }, { 4096, "4.1 kB" },    { 15340, "15.3 kB" },
		{ 153400, "153 kB" },  { 999499, "999 kB" },  { 999600, "1 MB" },
		{ 2e9, "2 GB" },       { 3.25e12, "3.3 TB" }, { 7e15, "7 PB" },
		{ 1.8e19, "18 EB" },   { -1500, "-1.5 kB" },
	};
	char text[32];
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_string_equal(str_bytes(text, sizeof(text), vectors[i].bytes),
				    vectors[i].text);
	assert_string_equal(str_bytes(text, sizeof(text), (double)NAN), "0 B");
	assert_string_equal(str_bytes(text, sizeof(text), (double)INFINITY), "1000 EB");
}

static void durations_read_well(void **state)
{
	(void)state;
	static const uint64_t s = 1000000000;
	const struct {
		uint64_t ns;
		const char *text;
	} vectors[] = {
		{ 0, "0 s" },
		{ 999, "999 ns" },
		{ 1500, "1.5 us" },
		{ 20 * s / 1000, "20 ms" },
		{ s, "1 s" },
		{ 32 * s / 10, "3.2 s" },
		{ 60 * s - 1, "59.9 s" },
		{ 60 * s, "1 min" },
		{ 90 * s, "1 min 30 s" },
		{ 630 * s, "10 min" },
		{ 58 * 60 * s, "58 min" },
		{ 3600 * s, "1 h" },
		{ 5430 * s, "1 h 30 min" },
		{ 24 * 3600 * s, "1 d" },
		{ (2 * 24 + 4) * 3600 * s, "2 d 4 h" },
	};
	char text[32];
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_string_equal(str_duration(text, sizeof(text), vectors[i].ns),
				    vectors[i].text);
}

static void hex_is_lower_case_and_bounded(void **state)
{
	(void)state;
	static const uint8_t bytes[3] = { 0x00, 0xaf, 0xff };
	char text[7];
	str_hex(text, sizeof(text), bytes, 3);
	assert_string_equal(text, "00afff");
	str_hex(text, 6, bytes, 3);
	assert_string_equal(text, "00af");
	str_hex(text, sizeof(text), bytes, 0);
	assert_string_equal(text, "");
}

static void distance_counts_edits(void **state)
{
	(void)state;
	assert_int_equal(str_distance("", ""), 0);
	assert_int_equal(str_distance("abc", "abc"), 0);
	assert_int_equal(str_distance("", "abc"), 3);
	assert_int_equal(str_distance("abc", ""), 3);
	assert_int_equal(str_distance("kitten", "sitting"), 3);
	assert_int_equal(str_distance("saturday", "sunday"), 3);
	assert_int_equal(str_distance("dns_tunel", "dns_tunnel"), 1);
}

static void distance_looks_at_63_characters(void **state)
{
	(void)state;
	char a[101], b[101];
	memset(a, 'a', 100);
	memset(b, 'b', 100);
	a[100] = b[100] = '\0';
	assert_int_equal(str_distance(a, b), 63);
	assert_int_equal(str_distance(a, ""), 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_ends_in_nul_and_says_whether_it_fitted),
		cmocka_unit_test(escape_leaves_only_printable_ascii),
		cmocka_unit_test(escape_is_whole_or_absent_at_the_end),
		cmocka_unit_test(numbers_keep_their_range),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(times_print_and_parse_known_dates),
		cmocka_unit_test(the_last_time_prints),
		cmocka_unit_test(every_day_follows_the_one_before),
		cmocka_unit_test(short_times_parse),
		cmocka_unit_test(bad_times_are_refused),
		cmocka_unit_test(byte_counts_read_well),
		cmocka_unit_test(durations_read_well),
		cmocka_unit_test(hex_is_lower_case_and_bounded),
		cmocka_unit_test(distance_counts_edits),
		cmocka_unit_test(distance_looks_at_63_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
