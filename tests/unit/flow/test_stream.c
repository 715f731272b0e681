/*
 * Bytes in order, whatever order they came in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/flow/stream.h"

struct reading {
	struct stream s;
	struct stream_pool *pool;
	uint8_t got[70000];
	uint32_t len;
	uint32_t most; /* used in one call at most; UINT32_MAX: all */
	unsigned calls;
};

static int setup(void **state)
{
	struct reading *r = calloc(1, sizeof(*r));
	assert_non_null(r);
	r->pool = stream_pool_new(2);
	r->most = UINT32_MAX;
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct reading *r = *state;
	stream_reset(&r->s, r->pool);
	assert_int_equal(stream_pool_used(r->pool), 0);
	stream_pool_free(r->pool);
	free(r);
	return 0;
}

static uint32_t take(void *arg, const uint8_t *data, uint32_t len)
{
	struct reading *r = arg;
	uint32_t n = len < r->most ? len : r->most;
	memcpy(r->got + r->len, data, n);
	r->len += n;
	r->calls++;
	return n;
}

#define READER(r) ((const struct stream_reader){ .read = take, .arg = (r) })

static void send(struct reading *r, uint32_t seq, const char *text)
{
	uint32_t len = (uint32_t)strlen(text);
	uint8_t *exact = malloc(len);
	memcpy(exact, text, len);
	stream_segment(&r->s, r->pool, seq, exact, len, len, &READER(r));
	free(exact);
}

static void assert_read(const struct reading *r, const char *text)
{
	assert_int_equal(r->len, strlen(text));
	assert_memory_equal(r->got, text, r->len);
}

static void in_order_needs_no_buffer(void **state)
{
	struct reading *r = *state;
	send(r, 100, "abc");
	send(r, 103, "def");
	assert_read(r, "abcdef");
	assert_int_equal(stream_pool_used(r->pool), 0);
	send(r, 100, "XYZ"); /* old */
	assert_read(r, "abcdef");
}

static void early_bytes_wait(void **state)
{
	struct reading *r = *state;
	send(r, 100, "a");
	send(r, 105, "f");
	send(r, 103, "d");
	assert_read(r, "a");
	assert_int_equal(stream_pool_used(r->pool), 1);
	send(r, 101, "bc");
	assert_read(r, "abcd");
	send(r, 104, "e");
	assert_read(r, "abcdef");
	assert_int_equal(stream_pool_used(r->pool), 0);
}

static void first_copy_wins(void **state)
{
	struct reading *r = *state;
	send(r, 100, "a");
	send(r, 103, "DEF");
	send(r, 102, "cdefgh"); /* around what lies there */
	assert_read(r, "a");
	send(r, 100, "XbYYYYYYYz");
	assert_read(r, "abcDEFghYz");
}

static void unread_bytes_come_again(void **state)
{
	struct reading *r = *state;
	r->most = 2;
	send(r, 0, "abc");
	assert_read(r, "ab");
	send(r, 3, "d");
	assert_read(r, "abcd");
	r->most = 0;
	send(r, 4, "ef");
	send(r, 6, "gh");
	assert_read(r, "abcd");
	r->most = UINT32_MAX;
	send(r, 8, "i");
	assert_read(r, "abcdefghi");
}

static void sequence_numbers_wrap(void **state)
{
	struct reading *r = *state;
	send(r, 0xfffffffeu, "a");
	send(r, 1, "d");
	send(r, 0xffffffffu, "bc");
	assert_read(r, "abcd");
	assert_int_equal(r->s.base_seq, 2);
}

static void past_the_window_is_lost(void **state)
{
	struct reading *r = *state;
	send(r, 0, "a");
	send(r, STREAM_WINDOW, "z"); /* the last byte that fits */
	assert_false(r->s.lost);
	send(r, STREAM_WINDOW + 1, "z");
	assert_true(r->s.lost);
	assert_int_equal(stream_pool_used(r->pool), 0);
	send(r, 1, "b");
	assert_read(r, "a");
}

static void a_reader_that_takes_nothing_is_cut_off(void **state)
{
	struct reading *r = *state;
	uint8_t block[1000] = { 0 };
	r->most = 0;
	for (uint32_t i = 0; i < 16; i++)
		stream_segment(&r->s, r->pool, i * 1000, block, 1000, 1000, &READER(r));
	assert_false(r->s.lost);
	stream_segment(&r->s, r->pool, 16000, block, 1000, 1000, &READER(r));
	assert_true(r->s.lost);
}

static void too_many_pieces_are_lost(void **state)
{
	struct reading *r = *state;
	send(r, 0, "a");
	for (uint32_t i = 1; i <= STREAM_PIECES; i++)
		send(r, i * 10, "x");
	assert_false(r->s.lost);
	assert_int_equal(r->s.piece_count, STREAM_PIECES);
	send(r, 200, "x");
	assert_true(r->s.lost);
}

static void a_cut_segment_ends_the_stream(void **state)
{
	struct reading *r = *state;
	stream_segment(&r->s, r->pool, 0, (const uint8_t *)"abc", 3, 10, &READER(r));
	assert_read(r, "abc");
	assert_true(r->s.lost);
}

static void a_cut_segment_of_old_bytes_does_no_harm(void **state)
{
	struct reading *r = *state;
	send(r, 0, "abcdef");
	stream_segment(&r->s, r->pool, 0, (const uint8_t *)"ab", 2, 6, &READER(r));
	assert_false(r->s.lost);
	stream_segment(&r->s, r->pool, 3, NULL, 0, 6, &READER(r));
	assert_true(r->s.lost);
	assert_read(r, "abcdef");
}

static void nothing_changes_nothing(void **state)
{
	struct reading *r = *state;
	stream_segment(&r->s, r->pool, 5, NULL, 0, 0, &READER(r));
	assert_false(r->s.started);
	assert_int_equal(r->calls, 0);
}

static void an_empty_pool_takes_from_who_waited_longest(void **state)
{
	struct reading *r = *state;
	struct stream other[3] = { 0 };
	for (unsigned i = 0; i < 3; i++) {
		other[i].started = true;
		stream_segment(&other[i], r->pool, 5, (const uint8_t *)"x", 1, 1, &READER(r));
	}
	assert_int_equal(stream_pool_used(r->pool), 2);
	assert_int_equal(stream_pool_refused(r->pool), 0);
	assert_int_equal(stream_pool_evicted(r->pool), 1);
	assert_true(other[0].lost && !other[1].lost && !other[2].lost);
	/* a segment makes the second the newest: the third goes next */
	stream_segment(&other[1], r->pool, 9, (const uint8_t *)"y", 1, 1, &READER(r));
	stream_reset(&other[0], r->pool);
	other[0].started = true;
	stream_segment(&other[0], r->pool, 5, (const uint8_t *)"x", 1, 1, &READER(r));
	assert_true(!other[0].lost && !other[1].lost && other[2].lost);
	assert_int_equal(stream_pool_evicted(r->pool), 2);
	assert_int_equal(stream_pool_used(r->pool), 2);
	for (unsigned i = 0; i < 3; i++)
		stream_reset(&other[i], r->pool);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* All segments of a known text in a random order: the text comes out, or the stream says lost. */
static void random_segments_give_the_text(void **state)
{
	struct reading *r = *state;
	uint8_t text[12000];
	unsigned whole = 0;
	uint32_t seed = 7;
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)next_random(&seed);
	for (unsigned run = 0; run < 2000; run++) {
		uint32_t base = next_random(&seed) << 8 | 0xff, at = 0, window = 0;
		uint32_t off[64], len[64];
		r->len = 0;
		r->most = run % 3 ? UINT32_MAX : 100 + next_random(&seed) % 500;
		while (at < sizeof(text) && window < 64) {
			off[window] = at > 50 ? at - next_random(&seed) % 50 : at;
			len[window] = 50 + next_random(&seed) % 800;
			if (off[window] + len[window] > sizeof(text))
				len[window] = (uint32_t)sizeof(text) - off[window];
			at = off[window] + len[window];
			window++;
		}
		for (unsigned i = 1; i + 1 < window; i += 1 + next_random(&seed) % 3) {
			uint32_t o = off[i], l = len[i];
			off[i] = off[i + 1], len[i] = len[i + 1];
			off[i + 1] = o, len[i + 1] = l;
		}
		for (unsigned i = 0; i < window; i++)
			stream_segment(&r->s, r->pool, base + off[i], text + off[i], len[i], len[i],
				       &READER(r));
		assert_true(r->len <= at);
		assert_memory_equal(r->got, text, r->len);
		if (!r->s.lost && r->most == UINT32_MAX) {
			assert_int_equal(r->len, at);
			whole++;
		}
		stream_reset(&r->s, r->pool);
	}
	assert_true(whole > 1200);
}

/* ---- gaps ---- */

/* Unread bytes are taken after all; "[n]" stands for n missing ones. */
static bool mind_gap(void *arg, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct reading *r = arg;
	if (len)
		memcpy(r->got + r->len, data, len);
	r->len += len;
	r->len += (uint32_t)sprintf((char *)r->got + r->len, "[%u]", missing);
	return true;
}

#define SURVIVOR(r) ((const struct stream_reader){ .read = take, .gap = mind_gap, .arg = (r) })

static void send_to(struct reading *r, uint32_t seq, const char *text)
{
	stream_segment(&r->s, r->pool, seq, (const uint8_t *)text, (uint32_t)strlen(text),
		       (uint32_t)strlen(text), &SURVIVOR(r));
}

static void send_block(struct reading *r, uint32_t seq, uint32_t len)
{
	static uint8_t block[70000];
	stream_segment(&r->s, r->pool, seq, block, len, len, &SURVIVOR(r));
}

static void an_acknowledged_hole_is_given_up(void **state)
{
	struct reading *r = *state;
	send_to(r, 100, "abc");
	send_to(r, 105, "fg");
	stream_acknowledged(&r->s, r->pool, 104, &SURVIVOR(r));
	assert_read(r, "abc"); /* not all of it is acknowledged */
	stream_acknowledged(&r->s, r->pool, 105, &SURVIVOR(r));
	assert_read(r, "abc[2]fg");
	send_to(r, 103, "de"); /* too late */
	send_to(r, 107, "h");
	assert_read(r, "abc[2]fgh");
	assert_int_equal(stream_pool_used(r->pool), 0);
	/* who cannot go on waits for it */
	send(r, 110, "k");
	stream_acknowledged(&r->s, r->pool, 111, &READER(r));
	send(r, 108, "ij");
	assert_read(r, "abc[2]fghijk");
}

static void a_hole_beyond_the_window_is_given_up(void **state)
{
	struct reading *r = *state;
	send_to(r, 100, "abc");
	send_to(r, 105, "fg");
	send_to(r, 110, "kl");
	send_to(r, 100 + 30000, "z");
	assert_read(r, "abc[2]fg[3]kl[29988]z");
	assert_false(r->s.lost);
	assert_int_equal(stream_pool_used(r->pool), 0);
}

static void unread_bytes_come_with_the_gap(void **state)
{
	struct reading *r = *state;
	r->most = 0;
	send_to(r, 100, "abc");
	send_to(r, 100 + 40000, "z");
	assert_read(r, "abc[39997]");
	r->most = UINT32_MAX;
	send_to(r, 100 + 40001, "y");
	assert_read(r, "abc[39997]zy");
}

static void a_cut_segment_has_a_gap_behind_it(void **state)
{
	struct reading *r = *state;
	stream_segment(&r->s, r->pool, 0, (const uint8_t *)"abc", 3, 10, &SURVIVOR(r));
	stream_segment(&r->s, r->pool, 10, (const uint8_t *)"def", 3, 10, &SURVIVOR(r));
	stream_segment(&r->s, r->pool, 20, NULL, 0, 10, &SURVIVOR(r));
	send_to(r, 30, "g");
	assert_read(r, "abc[7]def[7][10]g");
}

static void many_holes_are_given_up_in_order(void **state)
{
	struct reading *r = *state;
	send_to(r, 0, "a");
	for (uint32_t i = 0; i < 20; i++)
		send_to(r, 10 + 10 * i, "b");
	assert_false(r->s.lost);
	send_to(r, 60000, "z");
	assert_false(r->s.lost);
	assert_memory_equal(r->got, "a[9]b[9]b", 9);
	assert_int_equal(r->got[r->len - 1], 'z');
}

static void one_forged_segment_moves_nothing(void **state)
{
	struct reading *r = *state;
	send_to(r, 0, "a");
	for (unsigned i = 0; i < STREAM_FAR_MIN - 1; i++)
		send_to(r, 1u << 28, "forged");
	send_to(r, 1, "b");
	for (unsigned i = 0; i < STREAM_FAR_MIN - 1; i++)
		send_to(r, 1u << 28, "forged");
	assert_read(r, "ab");
	send_to(r, (1u << 28), "x"); /* so many are believed */
	assert_false(r->s.lost);
	assert_int_equal(r->got[r->len - 1], 'x');
}

static void a_lost_buffer_is_a_hole(void **state)
{
	struct reading *r = *state;
	struct stream other[2] = { { 0 } };
	send_to(r, 100, "abc");
	send_to(r, 105, "fg"); /* waits in the first of two buffers */
	for (unsigned i = 0; i < 2; i++) {
		stream_segment(&other[i], r->pool, 5, (const uint8_t *)"x", 1, 1, &SURVIVOR(r));
		stream_segment(&other[i], r->pool, 9, (const uint8_t *)"y", 1, 1, &SURVIVOR(r));
	}
	assert_int_equal(stream_pool_evicted(r->pool), 1);
	assert_false(r->s.lost);
	r->len = 0;
	send_to(r, 103, "de");
	assert_read(r, "de");
	for (unsigned i = 0; i < 2; i++)
		stream_reset(&other[i], r->pool);
}

static void a_long_segment_passes_behind_unread_bytes(void **state)
{
	struct reading *r = *state;
	r->most = 0;
	send_block(r, 0, 3000);
	r->most = UINT32_MAX;
	send_block(r, 3000, 60000);
	assert_false(r->s.lost);
	assert_int_equal(r->len, 63000);
}

int main(void)
{
#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		STREAM_TEST(an_acknowledged_hole_is_given_up),
		STREAM_TEST(a_hole_beyond_the_window_is_given_up),
		STREAM_TEST(unread_bytes_come_with_the_gap),
		STREAM_TEST(a_cut_segment_has_a_gap_behind_it),
		STREAM_TEST(many_holes_are_given_up_in_order),
		STREAM_TEST(one_forged_segment_moves_nothing),
		STREAM_TEST(a_lost_buffer_is_a_hole),
		STREAM_TEST(a_long_segment_passes_behind_unread_bytes),
		STREAM_TEST(in_order_needs_no_buffer),
		STREAM_TEST(early_bytes_wait),
		STREAM_TEST(first_copy_wins),
		STREAM_TEST(unread_bytes_come_again),
		STREAM_TEST(sequence_numbers_wrap),
		STREAM_TEST(past_the_window_is_lost),
		STREAM_TEST(a_reader_that_takes_nothing_is_cut_off),
		STREAM_TEST(too_many_pieces_are_lost),
		STREAM_TEST(a_cut_segment_ends_the_stream),
		STREAM_TEST(a_cut_segment_of_old_bytes_does_no_harm),
		STREAM_TEST(nothing_changes_nothing),
		STREAM_TEST(an_empty_pool_takes_from_who_waited_longest),
		STREAM_TEST(random_segments_give_the_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
