/* decode/test_pbb.c - provider backbone bridging. */
#include "decoding.h"

static void customer_frame_is_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_bytes(&t->b, "\0\0\0\x07", 4);
	build_ethernet(&t->b, 0x88e7);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_depth, 0);
	assert_truncations(t, LINK_ETHERNET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(customer_frame_is_entered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
