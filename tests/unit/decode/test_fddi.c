/* decode/test_fddi.c - FDDI. */
#include "decoding.h"

static void llc_is_followed(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x50\x02\0\0\0\0\x02\x02\0\0\0\0\x01\xaa\xaa\x03\0\0\0\x08\0", 21);
	assert_int_equal(decode_built(t, 10), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.mac[11], 1);
	assert_truncations(t, 10);
}

static void tokens_are_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 30, 0x80);
	assert_int_equal(decode_built(t, 10), DECODE_OTHER);
	assert_int_equal(counter(t, "fddi.other"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(llc_is_followed),
		DECODING_TEST(tokens_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
