/* decode/test_ethernet.c - Ethernet II and 802.3. */
#include "decoding.h"

static void type_two_frame_is_read(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_memory_equal(t->p.mac, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	assert_int_equal(t->p.vlan, 0);
}

static void padding_is_not_counted(void **state)
{
	struct decoding *t = *state;
	uint8_t frame[80] = { 0 };
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	memcpy(frame, build_data(&t->b), build_len(&t->b));
	assert_int_equal(decode_bytes(t, LINK_ETHERNET, frame, 80, 80), DECODE_PACKET);
	assert_inner(t);
}

static void length_field_means_snap(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	build_ethernet(&t->b, 52);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, LINK_ETHERNET);
}

static void unknown_type_is_counted(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x88cc);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "ethernet.other_type"), 1);
}

static void every_truncation_is_safe(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	assert_truncations(t, LINK_ETHERNET);
	assert_true(counter(t, "ethernet.truncated") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(type_two_frame_is_read),   DECODING_TEST(padding_is_not_counted),
		DECODING_TEST(length_field_means_snap),  DECODING_TEST(unknown_type_is_counted),
		DECODING_TEST(every_truncation_is_safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
