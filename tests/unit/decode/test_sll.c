/* decode/test_sll.c - Linux cooked capture, version 1. */
#include "decoding.h"

static void ethertype_is_followed(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\0\0\0\x01\0\x06\x02\0\0\0\0\x01\0\0\x08\0", 16);
	assert_int_equal(decode_built(t, 113), DECODE_PACKET);
	assert_inner(t);
	assert_null(t->p.mac);
	assert_truncations(t, 113);
}

static void protocol_four_is_llc(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	build_bytes(&t->b, "\0\0\0\x01\0\x06\x02\0\0\0\0\x01\0\0\0\x04", 16);
	assert_int_equal(decode_built(t, 113), DECODE_PACKET);
	assert_inner(t);
}

static void can_frames_are_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 16, 0);
	build_bytes(&t->b, "\0\x01\x01\x18\0\0\0\0\0\0\0\0\0\0\0\x0c", 16);
	assert_int_equal(decode_built(t, 113), DECODE_OTHER);
	assert_int_equal(counter(t, "sll.other"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(ethertype_is_followed),
		DECODING_TEST(protocol_four_is_llc),
		DECODING_TEST(can_frames_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
