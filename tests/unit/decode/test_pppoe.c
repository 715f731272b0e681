/* decode/test_pppoe.c - PPP over Ethernet. */
#include "decoding.h"

static void session_is_followed(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x11\0\0\x07\0\x2e\0\x21", 8);
	build_ethernet(&t->b, 0x8864);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_non_null(t->p.mac);
	assert_truncations(t, LINK_ETHERNET);
}

static void bare_link_type_is_read(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x11\0\0\x07\0\x2e\0\x21", 8);
	assert_int_equal(decode_built(t, 51), DECODE_PACKET);
	assert_inner(t);
}

static void bad_version_and_code_are_counted(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x21\0\0\x07\0\x2e\0\x21", 8);
	assert_int_equal(decode_built(t, 51), DECODE_OTHER);
	assert_int_equal(counter(t, "pppoe.other"), 1);
	build_data(&t->b)[0] = 0x11;
	build_data(&t->b)[1] = 0xa7;
	assert_int_equal(decode_built(t, 51), DECODE_OTHER);
	assert_int_equal(counter(t, "pppoe.other"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(session_is_followed),
		DECODING_TEST(bare_link_type_is_read),
		DECODING_TEST(bad_version_and_code_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
