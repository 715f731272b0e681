/* decode/test_ieee80211.c - 802.11 data frames. */
#include "decoding.h"

/* A data frame's header with the given subtype and flags; `extra` bytes follow it. */
static void build_wlan(struct build *b, uint8_t control, uint8_t flags, const char *extra,
		       size_t len)
{
	build_bytes(b, extra, len);
	uint8_t *p = build_push(b, 24);
	p[0] = control;
	p[1] = flags;
	p[9] = 2;
	p[15] = 1;
}

static void build_snap(struct build *b)
{
	build_inner(b);
	build_bytes(b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
}

static void plain_data_is_read(void **state)
{
	struct decoding *t = *state;
	build_snap(&t->b);
	build_wlan(&t->b, 0x08, 0x00, "", 0);
	assert_int_equal(decode_built(t, 105), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.mac[11], 1);
	assert_truncations(t, 105);
}

static void direction_bits_move_the_addresses(void **state)
{
	struct decoding *t = *state;
	build_snap(&t->b);
	build_wlan(&t->b, 0x08, 0x01, "", 0);
	assert_int_equal(decode_built(t, 105), DECODE_PACKET);
	assert_inner(t);
	assert_null(t->p.mac);
}

static void four_addresses_and_qos_are_stepped_over(void **state)
{
	struct decoding *t = *state;
	build_snap(&t->b);
	build_wlan(&t->b, 0x88, 0x03, "\0\0\0\0\0\x09\0\0", 8);
	assert_int_equal(decode_built(t, 105), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, 105);
	build_snap(&t->b);
	build_wlan(&t->b, 0x88, 0x82, "\0\0\0\0\0\0", 6);
	assert_int_equal(decode_built(t, 105), DECODE_PACKET);
	assert_inner(t);
}

static void first_part_of_an_aggregate_is_read(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 30, 0);
	uint8_t rest[30];
	memcpy(rest, build_data(&t->b), 30);
	build_snap(&t->b);
	uint8_t frame[200];
	size_t len = build_len(&t->b);
	memcpy(frame, build_data(&t->b), len);
	memcpy(frame + len, rest, 30);
	t->b.start = BUILD_SIZE;
	build_bytes(&t->b, frame, len + 30);
	build_wlan(&t->b, 0x88, 0x02,
		   "\x80\0"
		   "\x02\0\0\0\0\x02\x02\0\0\0\0\x01\0\x34",
		   16);
	assert_int_equal(decode_built(t, 105), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.mac[5], 2);
	assert_int_equal(counter(t, "ieee80211.amsdu_rest"), 1);
}

static void protected_frames_are_counted(void **state)
{
	struct decoding *t = *state;
	build_snap(&t->b);
	build_wlan(&t->b, 0x08, 0x41, "", 0);
	assert_int_equal(decode_built(t, 105), DECODE_OTHER);
	assert_int_equal(counter(t, "ieee80211.protected"), 1);
}

static void beacons_and_null_data_are_counted(void **state)
{
	struct decoding *t = *state;
	build_snap(&t->b);
	build_wlan(&t->b, 0x80, 0x00, "", 0);
	assert_int_equal(decode_built(t, 105), DECODE_OTHER);
	assert_int_equal(counter(t, "ieee80211.no_data"), 1);
	build_data(&t->b)[0] = 0x48;
	assert_int_equal(decode_built(t, 105), DECODE_OTHER);
	assert_int_equal(counter(t, "ieee80211.no_data"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(plain_data_is_read),
		DECODING_TEST(direction_bits_move_the_addresses),
		DECODING_TEST(four_addresses_and_qos_are_stepped_over),
		DECODING_TEST(first_part_of_an_aggregate_is_read),
		DECODING_TEST(protected_frames_are_counted),
		DECODING_TEST(beacons_and_null_data_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
