/* decode/test_sll2.c - Linux cooked capture, version 2. */
#include "decoding.h"

static void ethertype_is_followed(void **state)
{
	struct decoding *t = *state;
	build_inner6(&t->b);
	build_bytes(&t->b, "\x86\xdd\0\0\0\0\0\x02\0\x01\0\x06\x02\0\0\0\0\x01\0\0", 20);
	assert_int_equal(decode_built(t, 276), DECODE_PACKET);
	assert_inner6(t);
	assert_truncations(t, 276);
}

static void protocol_four_is_llc(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	build_bytes(&t->b, "\0\x04\0\0\0\0\0\x02\0\x01\0\x06\x02\0\0\0\0\x01\0\0", 20);
	assert_int_equal(decode_built(t, 276), DECODE_PACKET);
	assert_inner(t);
}

static void others_are_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 30, 0);
	assert_int_equal(decode_built(t, 276), DECODE_OTHER);
	assert_int_equal(counter(t, "sll.other"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(ethertype_is_followed),
		DECODING_TEST(protocol_four_is_llc),
		DECODING_TEST(others_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
