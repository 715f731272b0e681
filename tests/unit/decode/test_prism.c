/* decode/test_prism.c - the prism header. */
#include "decoding.h"

static void both_byte_orders_are_read(void **state)
{
	struct decoding *t = *state;
	for (int i = 0; i < 2; i++) {
		build_inner(&t->b);
		build_bytes(&t->b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
		build_push(&t->b, 24)[0] = 0x08;
		build_push(&t->b, 144)[i == 0 ? 4 : 7] = 144;
		assert_int_equal(decode_built(t, 119), DECODE_PACKET);
		assert_inner(t);
	}
	assert_truncations(t, 119);
}

static void short_length_is_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 100, 0);
	memcpy(build_data(&t->b), "\x44\0\0\0\x04\0\0\0", 8);
	assert_int_equal(decode_built(t, 119), DECODE_OTHER);
	assert_int_equal(counter(t, "prism.bad"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(both_byte_orders_are_read),
		DECODING_TEST(short_length_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
