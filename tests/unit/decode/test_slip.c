/* decode/test_slip.c - Serial Line IP. */
#include "decoding.h"

static void ip_follows_the_pseudo_header(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\0\x45\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(decode_built(t, 8), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(ip_follows_the_pseudo_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
