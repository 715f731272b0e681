/* json: commas and nesting, numbers, times, and text that means harm. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/json.h"
#include "random.h"

static struct buf out;

static int open_buf(void **state)
{
	(void)state;
	buf_init(&out, 65536);
	return 0;
}

static int close_buf(void **state)
{
	(void)state;
	buf_deinit(&out);
	return 0;
}

static void objects_and_arrays_get_their_commas(void **state)
{
	(void)state;
	struct json j = json_make(&out);
	json_open_object(&j, NULL);
	json_uint(&j, "a", 1);
	json_open_array(&j, "b");
	json_int(&j, NULL, -1);
	json_open_object(&j, NULL);
	json_close_object(&j);
	json_open_array(&j, NULL);
	json_close_array(&j);
	json_string(&j, NULL, "x");
	json_close_array(&j);
	json_open_object(&j, "c");
	json_bool(&j, "d", true);
	json_bool(&j, "e", false);
	json_close_object(&j);
	json_close_object(&j);
	assert_string_equal(out.data,
			    "{\"a\":1,\"b\":[-1,{},[],\"x\"],\"c\":{\"d\":true,\"e\":false}}");
}

static void integers_print_whole(void **state)
{
	(void)state;
	struct json j = json_make(&out);
	json_open_array(&j, NULL);
	json_uint(&j, NULL, UINT64_MAX);
	json_int(&j, NULL, INT64_MIN);
	json_int(&j, NULL, INT64_MAX);
	json_close_array(&j);
	assert_string_equal(out.data,
			    "[18446744073709551615,-9223372036854775808,9223372036854775807]");
}

static void check_double(double v, const char *expected)
{
	buf_reset(&out);
	struct json j = json_make(&out);
	json_double(&j, NULL, v);
	assert_string_equal(out.data, expected);
}

static void doubles_print_four_digits_or_their_whole_number(void **state)
{
	(void)state;
	check_double(0, "0");
	check_double(-0.0, "0");
	check_double(0.5, "0.5");
	check_double(1.0 / 3, "0.3333");
	check_double(-2.71828, "-2.718");
	check_double(12345.6, "1.235e+04");
	check_double(1e-7, "1e-07");
	check_double(1234567, "1234567");
	check_double(-999999999999999, "-999999999999999");
	check_double(1e15, "1e+15");
	check_double(DBL_MAX, "1.798e+308");
}

static void what_is_no_number_is_null(void **state)
{
	(void)state;
	check_double((double)NAN, "null");
	check_double((double)INFINITY, "null");
	check_double(-(double)INFINITY, "null");
}

/* Without such a locale on the machine this still holds the default one. */
static void doubles_do_not_follow_the_locale(void **state)
{
	(void)state;
	static const char *const comma[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
	for (size_t i = 0; i < sizeof(comma) / sizeof(comma[0]); i++)
		(void)setlocale(LC_ALL, comma[i]);
	check_double(0.25, "0.25");
	(void)setlocale(LC_ALL, "C");
}

static void check_text(const char *bytes, size_t len, const char *expected)
{
	buf_reset(&out);
	struct json j = json_make(&out);
	json_string_len(&j, NULL, bytes, len);
	assert_string_equal(out.data, expected);
}

#define CHECK_TEXT(literal, expected) check_text(literal, sizeof(literal) - 1, expected)

static void quotes_and_controls_are_escaped(void **state)
{
	(void)state;
	CHECK_TEXT("", "\"\"");
	CHECK_TEXT("plain /text/", "\"plain /text/\"");
	CHECK_TEXT("\"\\", "\"\\\"\\\\\"");
	CHECK_TEXT("\n\r\t\0\x1b[2J\x7f", "\"\\u000a\\u000d\\u0009\\u0000\\u001b[2J\\u007f\"");
}

static void valid_utf8_stays(void **state)
{
	(void)state;
	CHECK_TEXT("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf",
		   "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf\"");
}

static void invalid_utf8_is_escaped_byte_by_byte(void **state)
{
	(void)state;
	CHECK_TEXT("\x80", "\"\\u0080\"");
	CHECK_TEXT("a\xff\xfe", "\"a\\u00ff\\u00fe\"");
	CHECK_TEXT("\xc3", "\"\\u00c3\"");                                  /* cut */
	CHECK_TEXT("\xe2\x82", "\"\\u00e2\\u0082\"");                       /* cut */
	CHECK_TEXT("\xc3\xc3\xa9", "\"\\u00c3\xc3\xa9\"");                  /* and found again */
	CHECK_TEXT("\xc0\x80", "\"\\u00c0\\u0080\"");                       /* too long a form */
	CHECK_TEXT("\xe0\x80\xaf", "\"\\u00e0\\u0080\\u00af\"");            /* too long a form */
	CHECK_TEXT("\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\"");            /* surrogate */
	CHECK_TEXT("\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\""); /* past the last */
	CHECK_TEXT("\xf8\x88\x80\x80\x80", "\"\\u00f8\\u0088\\u0080\\u0080\\u0080\"");
}

static void marks_that_turn_or_end_lines_are_escaped(void **state)
{
	(void)state;
	CHECK_TEXT("\xc2\x85", "\"\\u0085\"");     /* next line */
	CHECK_TEXT("\xc2\x9b", "\"\\u009b\"");     /* control sequence introducer */
	CHECK_TEXT("\xe2\x80\xa8", "\"\\u2028\""); /* line separator */
	CHECK_TEXT("\xe2\x80\xae", "\"\\u202e\""); /* right to left override */
	CHECK_TEXT("\xe2\x81\xa6", "\"\\u2066\""); /* isolate */
}

/* Random bytes, cut from heap-exact copies: one line, printable or UTF-8, quotes balanced. */
static void hostile_bytes_cannot_leave_the_string(void **state)
{
	(void)state;
	uint64_t seed = 3;
	for (unsigned round = 0; round < 2000; round++) {
		uint8_t bytes[64];
		size_t len = random_below(&seed, sizeof(bytes) + 1);
		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)random_next(&seed);
		buf_reset(&out);
		struct json j = json_make(&out);
		json_string_len(&j, NULL, bytes, len);
		assert_true(out.len >= 2);
		assert_int_equal(out.data[0], '"');
		assert_int_equal(out.data[out.len - 1], '"');
		for (size_t i = 1; i < out.len - 1; i++) {
			assert_true((unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7f);
			assert_int_not_equal(out.data[i], '"');
			if (out.data[i] == '\\') {
				i++;
				assert_non_null(memchr("\"\\u", out.data[i], 3));
				assert_true(i < out.len - 1);
			}
		}
	}
}

static void keys_are_escaped_too(void **state)
{
	(void)state;
	struct json j = json_make(&out);
	json_open_object(&j, NULL);
	json_uint(&j, "a\"\n", 1);
	json_close_object(&j);
	assert_string_equal(out.data, "{\"a\\\"\\u000a\":1}");
}

static void no_text_is_null_and_no_bytes_are_empty(void **state)
{
	(void)state;
	struct json j = json_make(&out);
	json_open_array(&j, NULL);
	json_string(&j, NULL, NULL);
	json_string_len(&j, NULL, NULL, 5);
	json_close_array(&j);
	assert_string_equal(out.data, "[null,\"\"]");
}

static void addresses_and_times_are_strings(void **state)
{
	(void)state;
	static const uint8_t mac[6] = { 0x00, 0x1b, 0x21, 0xab, 0xcd, 0xef };
	static const uint8_t four[4] = { 192, 0, 2, 1 };
	struct ipaddr a = ipaddr_v4(four);
	struct json j = json_make(&out);
	json_open_object(&j, NULL);
	json_ip(&j, "ip", &a);
	json_mac(&j, "mac", mac);
	json_time(&j, "time", 1795460400ull * 1000000000 + 1999);
	json_close_object(&j);
	assert_string_equal(out.data, "{\"ip\":\"192.0.2.1\",\"mac\":\"00:1b:21:ab:cd:ef\","
				      "\"time\":\"2026-11-23T19:00:00.000001Z\"}");
}

static void a_full_buffer_says_so(void **state)
{
	(void)state;
	struct buf small;
	buf_init(&small, 8);
	struct json j = json_make(&small);
	json_string(&j, NULL, "\n\n\n\n");
	assert_true(small.full);
	assert_int_equal(small.len, 8);
	buf_deinit(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_buf, close_buf)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(objects_and_arrays_get_their_commas),
		TEST(integers_print_whole),
		TEST(doubles_print_four_digits_or_their_whole_number),
		TEST(what_is_no_number_is_null),
		TEST(doubles_do_not_follow_the_locale),
		TEST(quotes_and_controls_are_escaped),
		TEST(valid_utf8_stays),
		TEST(invalid_utf8_is_escaped_byte_by_byte),
		TEST(marks_that_turn_or_end_lines_are_escaped),
		TEST(hostile_bytes_cannot_leave_the_string),
		TEST(keys_are_escaped_too),
		TEST(no_text_is_null_and_no_bytes_are_empty),
		TEST(addresses_and_times_are_strings),
		TEST(a_full_buffer_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
