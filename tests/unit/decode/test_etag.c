/* decode/test_etag.c - 802.1BR tags. */
#include "decoding.h"

static void ethertype_is_followed(void **state)
{
	struct decoding *t = *state;
	build_inner6(&t->b);
	build_bytes(&t->b, "\0\0\x10\x01\0\0\x86\xdd", 8);
	build_ethernet(&t->b, 0x893f);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner6(t);
	assert_truncations(t, LINK_ETHERNET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(ethertype_is_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
