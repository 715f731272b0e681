/* utf16: every class of characters, halves of pairs, cuts between characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/utf16.h"

/* "aé€" and U+1F600 */
static const uint8_t sample[] = { 'a', 0, 0xe9, 0, 0xac, 0x20, 0x3d, 0xd8, 0x00, 0xde };
static const char sample_utf8[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";

static void each_length_of_utf8_is_written(void **state)
{
	(void)state;
	char dst[32];
	size_t full;
	size_t len = utf16_to_utf8(dst, sizeof(dst), sample, sizeof(sample), &full);
	assert_int_equal(len, 10);
	assert_int_equal(full, 10);
	assert_memory_equal(dst, sample_utf8, 10);
	assert_int_equal(utf16_to_utf8(dst, sizeof(dst), NULL, 0, NULL), 0);
}

static void a_cut_is_between_characters(void **state)
{
	static const size_t fits[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };
	(void)state;
	for (size_t size = 0; size <= 10; size++) {
		char dst[10];
		size_t full;
		memset(dst, 0x55, sizeof(dst));
		size_t len = utf16_to_utf8(dst, size, sample, sizeof(sample), &full);
		assert_int_equal(len, fits[size]);
		assert_int_equal(full, 10);
		assert_memory_equal(dst, sample_utf8, len);
	}
}

static void a_short_character_does_not_follow_one_that_was_cut(void **state)
{
	static const uint8_t text[] = { 0xac, 0x20, 'x', 0 };
	char dst[2];
	(void)state;
	assert_int_equal(utf16_to_utf8(dst, 2, text, 4, NULL), 0);
}

static void halves_of_pairs_are_no_character(void **state)
{
	static const uint8_t high_alone[] = { 0x3d, 0xd8, 'a', 0 };
	static const uint8_t low_alone[] = { 0x00, 0xde };
	static const uint8_t high_last[] = { 0x3d, 0xd8, 0x00 };
	char dst[16];
	(void)state;
	assert_int_equal(utf16_to_utf8(dst, 16, high_alone, 4, NULL), 4);
	assert_memory_equal(dst,
			    "\xef\xbf\xbd"
			    "a",
			    4);
	assert_int_equal(utf16_to_utf8(dst, 16, low_alone, 2, NULL), 3);
	assert_int_equal(utf16_to_utf8(dst, 16, high_last, 3, NULL), 3);
}

static void one_byte_pages_keep_ascii(void **state)
{
	char dst[16];
	size_t full;
	(void)state;
	assert_int_equal(oem_to_utf8(dst, 16, (const uint8_t *)"A\x84z", 3, &full), 5);
	assert_memory_equal(dst, "A\xef\xbf\xbdz", 5);
	assert_int_equal(oem_to_utf8(dst, 3, (const uint8_t *)"A\x84z", 3, &full), 1);
	assert_int_equal(full, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_length_of_utf8_is_written),
		cmocka_unit_test(a_cut_is_between_characters),
		cmocka_unit_test(a_short_character_does_not_follow_one_that_was_cut),
		cmocka_unit_test(halves_of_pairs_are_no_character),
		cmocka_unit_test(one_byte_pages_keep_ascii),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
