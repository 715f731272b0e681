/*
 * unit/inspect/test_ber.c - tags, lengths, levels, and what is none of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../../src/inspect/asn1/ber.h"

static void elements_of_a_level_come_in_order(void **state)
{
	static const uint8_t m[] = { 0x30, 8, 2, 1, 5, 0x04, 3, 'a', 'b', 'c', 0x05, 0 };
	struct ber_level top, in;
	struct ber e;
	int64_t n;
	(void)state;
	ber_begin(&top, m, sizeof(m), false);
	assert_true(ber_open(&top, BER_SEQUENCE, &in));
	assert_true(ber_take_integer(&in, BER_INTEGER, &n));
	assert_int_equal(n, 5);
	assert_false(ber_take(&in, BER_OID, &e)); /* optional, absent */
	assert_true(ber_take(&in, BER_OCTETS, &e));
	assert_int_equal(e.len, 3);
	assert_memory_equal(e.body.pos, "abc", 3);
	assert_false(ber_next(&in, &e));
	assert_true(ber_at_end(&in));
	assert_false(ber_at_end(&top));
	assert_true(ber_next(&top, &e));
	assert_int_equal(e.id, BER_NULL);
	assert_true(ber_at_end(&top));
}

static void lengths_and_tags_may_be_long(void **state)
{
	static const uint8_t m[] = { 0x7f, 0x83, 0x21, 0x84, 0, 0, 0, 2, 9, 9 };
	static const uint8_t zeros[] = { 0x04, 0x86, 0, 0, 0, 0, 0, 1, 'x' };
	struct ber_level top;
	struct ber e;
	(void)state;
	ber_begin(&top, m, sizeof(m), false);
	assert_true(ber_next(&top, &e));
	assert_int_equal(e.number, 3 * 128 + 0x21);
	assert_int_equal(e.len, 2);
	assert_int_equal(ber_whole(m, sizeof(m)), sizeof(m));
	ber_begin(&top, zeros, sizeof(zeros), false);
	assert_true(ber_next(&top, &e));
	assert_int_equal(e.len, 1);
}

static void what_is_none_breaks_its_level(void **state)
{
	static const uint8_t bad[][12] = {
		{ 0x30, 0x80, 2, 1, 5, 0, 0 },                /* indefinite */
		{ 0x30, 0xff, 1, 1 },                         /* reserved */
		{ 0x30, 0x85, 1, 0, 0, 0, 0 },                /* over 32 bits */
		{ 0x1f, 0x81, 0x82, 0x83, 0x84, 0x85, 1, 0 }, /* number over 28 bits */
		{ 0x30, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, /* more octets than sense */
	};
	struct ber_level top;
	struct ber e;
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (int cut = 0; cut < 2; cut++) {
			ber_begin(&top, bad[i], sizeof(bad[i]), cut);
			assert_false(ber_next(&top, &e));
			assert_true(top.is_broken);
			assert_false(ber_next(&top, &e));
			assert_false(ber_at_end(&top));
		}
		assert_true(ber_whole(bad[i], sizeof(bad[i])) == BER_NONE);
	}
}

static void what_reaches_past_its_level_is_broken_or_cut(void **state)
{
	static const uint8_t m[] = { 0x30, 4, 0x04, 9, 'a', 'b', 'c', 'd' };
	struct ber_level top, in;
	struct ber e;
	(void)state;
	ber_begin(&top, m, sizeof(m), false);
	assert_true(ber_open(&top, BER_SEQUENCE, &in));
	assert_false(ber_next(&in, &e)); /* 9 bytes of 2 */
	assert_true(in.is_broken);
	ber_begin(&top, m + 2, 4, true);
	assert_true(ber_next(&top, &e));
	assert_true(e.is_cut);
	assert_int_equal(e.len, 9);
	assert_int_equal(cursor_left(&e.body), 2);
	/* an inner level of what was whole is not cut, whatever the outer one is */
	ber_begin(&top, m, sizeof(m), true);
	assert_true(ber_open(&top, BER_SEQUENCE, &in));
	assert_false(ber_next(&in, &e));
	assert_true(in.is_broken);
}

static void integers_have_signs_and_bounds(void **state)
{
	static const struct {
		uint8_t bytes[12];
		int64_t value;
		bool ok;
	} list[] = {
		{ { 2, 1, 0x7f }, 127, true },
		{ { 2, 1, 0x80 }, -128, true },
		{ { 2, 2, 0, 0x80 }, 128, true },
		{ { 2, 1, 0xff }, -1, true },
		{ { 2, 2, 0xff, 0x79 }, -135, true },
		{ { 2, 8, 0x7f, 255, 255, 255, 255, 255, 255, 255 }, INT64_MAX, true },
		{ { 2, 8, 0x80 }, INT64_MIN, true },
		{ { 2, 0 }, 0, false },
		{ { 2, 9, 0 }, 0, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct ber_level top;
		int64_t n = 0;
		ber_begin(&top, list[i].bytes, sizeof(list[i].bytes), false);
		assert_int_equal(ber_take_integer(&top, BER_INTEGER, &n), list[i].ok);
		assert_true(n == list[i].value);
	}
}

static void depth_is_bounded(void **state)
{
	uint8_t m[400];
	struct ber_level level, in;
	unsigned depth = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(m); i += 4) { /* 0x30 0x82 hi lo, each in the one before */
		size_t rest = sizeof(m) - i - 4;
		m[i] = BER_SEQUENCE;
		m[i + 1] = 0x82;
		m[i + 2] = (uint8_t)(rest >> 8);
		m[i + 3] = (uint8_t)rest;
	}
	ber_begin(&level, m, sizeof(m), false);
	while (ber_open(&level, BER_SEQUENCE, &in)) {
		level = in;
		depth++;
	}
	assert_int_equal(depth, BER_DEPTH_MAX - 1);
	static const uint8_t primitive[] = { 0x04, 2, 0x05, 0 };
	ber_begin(&level, primitive, sizeof(primitive), false);
	assert_false(ber_open(&level, BER_OCTETS, &in));
}

static void streams_learn_the_length_from_the_head(void **state)
{
	static const uint8_t m[] = { 0x30, 0x82, 0x12, 0x34 };
	(void)state;
	for (size_t len = 0; len < sizeof(m); len++)
		assert_int_equal(ber_whole(m, len), 0);
	assert_int_equal(ber_whole(m, sizeof(m)), 4 + 0x1234);
}

/* Goes through all that there is, as deep as it gets. */
static unsigned walk(struct ber_level *level)
{
	struct ber e;
	struct ber_level in;
	unsigned count = 0;
	while (ber_next(level, &e)) {
		count++;
		assert_true(cursor_left(&e.body) <= e.len);
		assert_true(e.is_cut == (cursor_left(&e.body) < e.len));
		if (ber_enter(&e, &in))
			count += walk(&in);
	}
	return count;
}

static void no_length_reads_too_far(void **state)
{
	static const uint8_t m[] = { 0x30, 0x17, 0x02, 1, 3,   0x63, 0x12, 0x04, 2,
				     'd',  'c',  0x0a, 1, 2,   0xa3, 9,    0x04, 2,
				     'u',  'i',  0x04, 3, 'b', 'o',  'b' };
	(void)state;
	for (size_t len = 0; len <= sizeof(m); len++) {
		uint8_t *copy = malloc(len ? len : 1); /* its end is watched */
		struct ber_level top;
		assert_non_null(copy);
		memcpy(copy, m, len);
		ber_begin(&top, copy, len, false);
		assert_int_equal(walk(&top), len == sizeof(m) ? 8 : 0);
		ber_begin(&top, copy, len, true);
		assert_true(walk(&top) <= 8);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_of_a_level_come_in_order),
		cmocka_unit_test(lengths_and_tags_may_be_long),
		cmocka_unit_test(what_is_none_breaks_its_level),
		cmocka_unit_test(what_reaches_past_its_level_is_broken_or_cut),
		cmocka_unit_test(integers_have_signs_and_bounds),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(streams_learn_the_length_from_the_head),
		cmocka_unit_test(no_length_reads_too_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
