/* buf: grows to its maximum and not past it; the text always ends in NUL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/buf.h"

static void an_empty_buffer_is_an_empty_text(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 10);
	assert_string_equal(b.data, "");
	assert_int_equal(b.len, 0);
	assert_false(b.full);
	buf_truncate(&b, 5);
	assert_int_equal(b.len, 0);
	buf_deinit(&b);
	assert_string_equal(b.data, "");
}

static void pieces_are_appended_in_order(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100);
	buf_str(&b, "one");
	buf_char(&b, ' ');
	buf_add(&b, "two", 3);
	buf_printf(&b, " %d", 3);
	assert_string_equal(b.data, "one two 3");
	assert_int_equal(b.len, 9);
	assert_false(b.full);
	buf_deinit(&b);
}

static void exactly_the_maximum_fits(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4);
	buf_str(&b, "abcd");
	assert_false(b.full);
	assert_string_equal(b.data, "abcd");
	buf_char(&b, 'e');
	assert_true(b.full);
	assert_string_equal(b.data, "abcd");
	buf_deinit(&b);
}

static void what_crosses_the_maximum_is_cut_and_the_rest_ignored(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4);
	buf_str(&b, "abcdef");
	buf_str(&b, "x");
	buf_printf(&b, "%s", "y");
	assert_true(b.full);
	assert_string_equal(b.data, "abcd");
	buf_deinit(&b);
}

static void printf_is_cut_at_the_maximum(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 6);
	buf_str(&b, "ab");
	buf_printf(&b, "%s", "cdefgh");
	assert_true(b.full);
	assert_int_equal(b.len, 6);
	assert_string_equal(b.data, "abcdef");
	buf_deinit(&b);
}

static void printf_grows_for_long_text(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100000);
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "%0500d", i);
	assert_int_equal(b.len, 50000);
	assert_int_equal(strlen(b.data), 50000);
	assert_memory_equal(b.data + 50000 - 3, "099", 4);
	assert_false(b.full);
	buf_deinit(&b);
}

static void printf_of_nothing_adds_nothing(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 10);
	buf_printf(&b, "%s", "");
	assert_int_equal(b.len, 0);
	assert_false(b.full);
	buf_deinit(&b);
}

static void truncate_cuts_and_forgets_that_it_was_full(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4);
	buf_str(&b, "abcdef");
	buf_truncate(&b, 2);
	assert_false(b.full);
	assert_string_equal(b.data, "ab");
	buf_str(&b, "xy");
	assert_string_equal(b.data, "abxy");
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	buf_deinit(&b);
}

/* As after a failed allocation: there is room again, but a piece is missing. */
static void nothing_follows_a_gap(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100);
	buf_str(&b, "ab");
	b.full = true;
	buf_str(&b, "cd");
	buf_printf(&b, "%s", "ef");
	assert_string_equal(b.data, "ab");
	assert_true(b.full);
	buf_deinit(&b);
}

static void a_maximum_of_nothing_holds_nothing(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 0);
	buf_char(&b, 'a');
	assert_true(b.full);
	assert_string_equal(b.data, "");
	buf_deinit(&b);
}

static void any_sequence_keeps_length_and_end(void **state)
{
	(void)state;
	struct buf b;
	char model[1001];
	size_t len = 0;
	buf_init(&b, 1000);
	for (unsigned i = 0; i < 400; i++) {
		char piece[8];
		unsigned n = i * 7 % 8;
		memset(piece, 'a' + (int)(i % 26), sizeof(piece));
		buf_add(&b, piece, n);
		size_t fits = n < 1000 - len ? n : 1000 - len;
		memcpy(model + len, piece, fits);
		len += fits;
		assert_int_equal(b.len, len);
		assert_memory_equal(b.data, model, len);
		assert_int_equal(b.data[len], 0);
	}
	assert_true(b.full);
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_an_empty_text),
		cmocka_unit_test(pieces_are_appended_in_order),
		cmocka_unit_test(exactly_the_maximum_fits),
		cmocka_unit_test(what_crosses_the_maximum_is_cut_and_the_rest_ignored),
		cmocka_unit_test(printf_is_cut_at_the_maximum),
		cmocka_unit_test(printf_grows_for_long_text),
		cmocka_unit_test(printf_of_nothing_adds_nothing),
		cmocka_unit_test(truncate_cuts_and_forgets_that_it_was_full),
		cmocka_unit_test(nothing_follows_a_gap),
		cmocka_unit_test(a_maximum_of_nothing_holds_nothing),
		cmocka_unit_test(any_sequence_keeps_length_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
