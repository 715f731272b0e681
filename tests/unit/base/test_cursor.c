/* cursor: every reader at every truncation; an error sticks, gives zeros and moves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/cursor.h"

static const uint8_t bytes[8] = { 0x81, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88 };

static uint64_t read_u8(struct cursor *c)
{
	return cursor_u8(c);
}

static uint64_t read_be16(struct cursor *c)
{
	return cursor_be16(c);
}

static uint64_t read_be24(struct cursor *c)
{
	return cursor_be24(c);
}

static uint64_t read_be32(struct cursor *c)
{
	return cursor_be32(c);
}

static uint64_t read_be64(struct cursor *c)
{
	return cursor_be64(c);
}

static uint64_t read_le16(struct cursor *c)
{
	return cursor_le16(c);
}

static uint64_t read_le32(struct cursor *c)
{
	return cursor_le32(c);
}

static uint64_t read_le64(struct cursor *c)
{
	return cursor_le64(c);
}

static const struct {
	uint64_t (*read)(struct cursor *c);
	size_t width;
	uint64_t value;
} readers[] = {
	{ read_u8, 1, 0x81 },
	{ read_be16, 2, 0x8102 },
	{ read_be24, 3, 0x810203 },
	{ read_be32, 4, 0x81020304 },
	{ read_be64, 8, 0x8102030405060788 },
	{ read_le16, 2, 0x0281 },
	{ read_le32, 4, 0x04030281 },
	{ read_le64, 8, 0x8807060504030281 },
};

static void readers_give_the_value_and_move(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		struct cursor c = cursor_make(bytes, sizeof(bytes));
		assert_int_equal(readers[i].read(&c), readers[i].value);
		assert_int_equal(cursor_offset(&c), readers[i].width);
		assert_int_equal(cursor_left(&c), sizeof(bytes) - readers[i].width);
		assert_true(cursor_ok(&c));
	}
}

/* In a heap block of exactly that length, so that the sanitizer sees a read past it. */
static void every_truncation_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		for (size_t len = 0; len < readers[i].width; len++) {
			uint8_t *copy = malloc(len > 0 ? len : 1);
			assert_non_null(copy);
			memcpy(copy, bytes, len);
			struct cursor c = cursor_make(copy, len);
			uint64_t value = readers[i].read(&c);
			assert_false(cursor_ok(&c));
			assert_int_equal(cursor_left(&c), 0);
			/* The 64-bit readers are two reads of 32; the rest read nothing. */
			if (readers[i].width < 8)
				assert_int_equal(value, 0);
			if (len < 4)
				assert_int_equal(cursor_offset(&c), 0);
			free(copy);
		}
	}
}

static void an_error_sticks(void **state)
{
	(void)state;
	struct cursor c = cursor_make(bytes, 2);
	assert_int_equal(cursor_be32(&c), 0);
	assert_int_equal(cursor_u8(&c), 0);
	assert_false(cursor_ok(&c));
	assert_int_equal(cursor_offset(&c), 0);
	cursor_seek(&c, 1);
	assert_int_equal(cursor_offset(&c), 0);
	assert_false(cursor_ok(&c));
}

static void take_returns_the_bytes_or_null(void **state)
{
	(void)state;
	struct cursor c = cursor_make(bytes, 4);
	assert_ptr_equal(cursor_take(&c, 3), bytes);
	assert_ptr_equal(cursor_take(&c, 1), bytes + 3);
	assert_ptr_equal(cursor_take(&c, 0), bytes + 4);
	assert_true(cursor_ok(&c));
	assert_null(cursor_take(&c, 1));
	assert_false(cursor_ok(&c));
}

static void a_huge_length_is_an_error(void **state)
{
	(void)state;
	struct cursor c = cursor_make(bytes, sizeof(bytes));
	cursor_skip(&c, 4);
	assert_null(cursor_take(&c, SIZE_MAX));
	assert_false(cursor_ok(&c));
	c = cursor_make(bytes, sizeof(bytes));
	cursor_seek(&c, SIZE_MAX);
	assert_false(cursor_ok(&c));
}

static void seek_goes_anywhere_inside(void **state)
{
	(void)state;
	for (size_t offset = 0; offset <= sizeof(bytes); offset++) {
		struct cursor c = cursor_make(bytes, sizeof(bytes));
		cursor_skip(&c, 3);
		cursor_seek(&c, offset);
		assert_true(cursor_ok(&c));
		assert_int_equal(cursor_offset(&c), offset);
	}
	struct cursor c = cursor_make(bytes, sizeof(bytes));
	cursor_seek(&c, sizeof(bytes) + 1);
	assert_false(cursor_ok(&c));
}

static void sub_ends_where_it_was_told(void **state)
{
	(void)state;
	struct cursor c = cursor_make(bytes, sizeof(bytes));
	struct cursor sub = cursor_sub(&c, 3);
	assert_int_equal(cursor_offset(&c), 3);
	assert_int_equal(cursor_be24(&sub), 0x810203);
	assert_int_equal(cursor_u8(&sub), 0);
	assert_false(cursor_ok(&sub));
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_u8(&c), 0x04);
}

static void sub_of_too_much_spoils_both(void **state)
{
	(void)state;
	struct cursor c = cursor_make(bytes, 4);
	struct cursor sub = cursor_sub(&c, 5);
	assert_false(cursor_ok(&c));
	assert_false(cursor_ok(&sub));
	assert_int_equal(cursor_left(&sub), 0);
}

static void copy_gives_bytes_or_zeros(void **state)
{
	(void)state;
	uint8_t out[4] = { 1, 1, 1, 1 };
	struct cursor c = cursor_make(bytes, 6);
	cursor_copy(&c, out, 4);
	assert_memory_equal(out, bytes, 4);
	cursor_copy(&c, out, 4);
	assert_false(cursor_ok(&c));
	assert_memory_equal(out, "\0\0\0\0", 4);
}

static void nothing_is_an_empty_cursor(void **state)
{
	(void)state;
	struct cursor c = cursor_make(NULL, 7);
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(cursor_u8(&c), 0);
	assert_false(cursor_ok(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_give_the_value_and_move),
		cmocka_unit_test(every_truncation_is_an_error),
		cmocka_unit_test(an_error_sticks),
		cmocka_unit_test(take_returns_the_bytes_or_null),
		cmocka_unit_test(a_huge_length_is_an_error),
		cmocka_unit_test(seek_goes_anywhere_inside),
		cmocka_unit_test(sub_ends_where_it_was_told),
		cmocka_unit_test(sub_of_too_much_spoils_both),
		cmocka_unit_test(copy_gives_bytes_or_zeros),
		cmocka_unit_test(nothing_is_an_empty_cursor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
