/*
 * Bytes in order, whatever order they came in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static void send(struct reading *r, uint32_t seq, const char *text)
{
	uint32_t len = (uint32_t)strlen(text);
	uint8_t *exact = malloc(len);
	memcpy(exact, text, len);
	stream_segment(&r->s, r->pool, seq, exact, len, len, take, r);
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

static void an_acknowledged_gap_is_skipped(void **state)
{
	struct reading *r = *state;
	uint32_t dropped = 0;
	send(r, 100, "abc");
	send(r, 110, "xyz");
	send(r, 113, "uvw");
	send(r, 200, "far");
	assert_false(
		stream_skip(&r->s, r->pool, 109, &dropped)); /* not all of it is acknowledged */
	assert_true(stream_skip(&r->s, r->pool, 116, &dropped));
	assert_int_equal(dropped, 7);
	stream_offer(&r->s, r->pool, take, r);
	assert_read(r, "abcxyzuvw");
	assert_false(stream_skip(&r->s, r->pool, 150, &dropped));
	send(r, 116, "!");
	assert_read(r, "abcxyzuvw!");
	assert_true(stream_skip(&r->s, r->pool, 203, &dropped));
	assert_int_equal(dropped, 200 - 117);
	r->most = 1; /* the rest waits on */
	stream_offer(&r->s, r->pool, take, r);
	send(r, 203, "t");
	assert_int_equal(r->len, 12);
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
		stream_segment(&r->s, r->pool, i * 1000, block, 1000, 1000, take, r);
	assert_false(r->s.lost);
	stream_segment(&r->s, r->pool, 16000, block, 1000, 1000, take, r);
	assert_true(r->s.lost);
}

/* Takes records of 1000 bytes. */
static uint32_t take_records(void *arg, const uint8_t *data, uint32_t len)
{
	return len - len % 1000 ? take(arg, data, len - len % 1000) : 0;
}

/* A frame put together from many is longer than the window; half a record waits before it. */
static void a_segment_longer_than_the_window_comes_in_parts(void **state)
{
	struct reading *r = *state;
	static uint8_t text[60500];
	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 >> 3);
	stream_segment(&r->s, r->pool, 7, text, 500, 500, take_records, r);
	stream_segment(&r->s, r->pool, 507, text + 500, 60000, 60000, take_records, r);
	assert_false(r->s.lost);
	assert_int_equal(r->len, 60000);
	assert_memory_equal(r->got, text, r->len);
	assert_int_equal(r->s.ready, 500);
	/* who takes nothing is cut off all the same */
	r->most = 0;
	stream_segment(&r->s, r->pool, 60507, text, 60000, 60000, take, r);
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
	stream_segment(&r->s, r->pool, 0, (const uint8_t *)"abc", 3, 10, take, r);
	assert_read(r, "abc");
	assert_true(r->s.lost);
}

static void a_cut_segment_of_old_bytes_does_no_harm(void **state)
{
	struct reading *r = *state;
	send(r, 0, "abcdef");
	stream_segment(&r->s, r->pool, 0, (const uint8_t *)"ab", 2, 6, take, r);
	assert_false(r->s.lost);
	stream_segment(&r->s, r->pool, 3, NULL, 0, 6, take, r);
	assert_true(r->s.lost);
	assert_read(r, "abcdef");
}

static void nothing_changes_nothing(void **state)
{
	struct reading *r = *state;
	stream_segment(&r->s, r->pool, 5, NULL, 0, 0, take, r);
	assert_false(r->s.started);
	assert_int_equal(r->calls, 0);
}

static void an_empty_pool_takes_from_who_waited_longest(void **state)
{
	struct reading *r = *state;
	struct stream other[3] = { 0 };
	for (unsigned i = 0; i < 3; i++) {
		other[i].started = true;
		stream_segment(&other[i], r->pool, 5, (const uint8_t *)"x", 1, 1, take, r);
	}
	assert_int_equal(stream_pool_used(r->pool), 2);
	assert_int_equal(stream_pool_refused(r->pool), 0);
	assert_int_equal(stream_pool_evicted(r->pool), 1);
	assert_true(other[0].lost && !other[1].lost && !other[2].lost);
	/* a segment makes the second the newest: the third goes next */
	stream_segment(&other[1], r->pool, 9, (const uint8_t *)"y", 1, 1, take, r);
	stream_reset(&other[0], r->pool);
	other[0].started = true;
	stream_segment(&other[0], r->pool, 5, (const uint8_t *)"x", 1, 1, take, r);
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
				       take, r);
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

int main(void)
{
#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		STREAM_TEST(in_order_needs_no_buffer),
		STREAM_TEST(an_acknowledged_gap_is_skipped),
		STREAM_TEST(early_bytes_wait),
		STREAM_TEST(first_copy_wins),
		STREAM_TEST(unread_bytes_come_again),
		STREAM_TEST(sequence_numbers_wrap),
		STREAM_TEST(past_the_window_is_lost),
		STREAM_TEST(a_reader_that_takes_nothing_is_cut_off),
		STREAM_TEST(a_segment_longer_than_the_window_comes_in_parts),
		STREAM_TEST(too_many_pieces_are_lost),
		STREAM_TEST(a_cut_segment_ends_the_stream),
		STREAM_TEST(a_cut_segment_of_old_bytes_does_no_harm),
		STREAM_TEST(nothing_changes_nothing),
		STREAM_TEST(an_empty_pool_takes_from_who_waited_longest),
		STREAM_TEST(random_segments_give_the_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
