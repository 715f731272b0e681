/* decode/test_chdlc.c - Cisco HDLC. */
#include "decoding.h"

static void ethertype_is_followed(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x0f\0\x08\0", 4);
	assert_int_equal(decode_built(t, 104), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, 104);
}

static void keepalive_is_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 18, 0);
	build_bytes(&t->b, "\x8f\0\x80\x35", 4);
	assert_int_equal(decode_built(t, 104), DECODE_OTHER);
	assert_int_equal(counter(t, "ethernet.other_type"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(ethertype_is_followed),
		DECODING_TEST(keepalive_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
