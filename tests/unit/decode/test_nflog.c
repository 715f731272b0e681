/* decode/test_nflog.c - NFLOG. */
#include "decoding.h"

static void payload_item_is_the_packet(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x30\0\x09\0", 4);
	build_bytes(&t->b, "\x05\0\x0a\0\0\0\0\0", 8);
	build_bytes(&t->b, "\x02\0\0\0", 4);
	assert_int_equal(decode_built(t, 239), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, 239);
}

static void payload_ends_with_its_item(void **state)
{
	struct decoding *t = *state;
	uint8_t frame[80] = { 0 };
	build_inner(&t->b);
	put16(build_data(&t->b) + 2, 0); /* the length is not in the IP header */
	build_bytes(&t->b, "\x30\0\x09\0", 4);
	build_bytes(&t->b, "\x02\0\0\0", 4);
	memcpy(frame, build_data(&t->b), build_len(&t->b));
	assert_int_equal(decode_bytes(t, 239, frame, 80, 80), DECODE_PACKET);
	assert_inner(t);
}

static void bad_items_are_counted(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x03\0\x09\0", 4);
	build_bytes(&t->b, "\x02\0\0\0", 4);
	assert_int_equal(decode_built(t, 239), DECODE_OTHER);
	assert_int_equal(counter(t, "nflog.other"), 1);
	build_data(&t->b)[1] = 1;
	assert_int_equal(decode_built(t, 239), DECODE_OTHER);
	assert_int_equal(counter(t, "nflog.other"), 2);
}

static void missing_payload_is_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 4, 0);
	memcpy(build_data(&t->b), "\x05\0\x0a\0", 4);
	build_bytes(&t->b, "\x02\0\0\0", 4);
	assert_int_equal(decode_built(t, 239), DECODE_OTHER);
	assert_int_equal(counter(t, "nflog.other"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(payload_item_is_the_packet),
		DECODING_TEST(payload_ends_with_its_item),
		DECODING_TEST(bad_items_are_counted),
		DECODING_TEST(missing_payload_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
