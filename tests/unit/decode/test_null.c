/* decode/test_null.c - BSD loopback. */
#include "decoding.h"

static void both_byte_orders_are_read(void **state)
{
	struct decoding *t = *state;
	static const char *const heads[] = { "\0\0\0\x02", "\x02\0\0\0" };
	for (int i = 0; i < 2; i++) {
		build_inner(&t->b);
		build_bytes(&t->b, heads[i], 4);
		assert_int_equal(decode_built(t, LINK_NULL), DECODE_PACKET);
		assert_inner(t);
		assert_int_equal(decode_built(t, 108), DECODE_PACKET);
		assert_inner(t);
	}
	assert_null(t->p.mac);
	assert_truncations(t, LINK_NULL);
}

static void ipv6_has_many_numbers(void **state)
{
	struct decoding *t = *state;
	static const uint8_t families[] = { 10, 23, 24, 28, 30 };
	for (size_t i = 0; i < sizeof(families); i++) {
		const uint8_t head[4] = { families[i], 0, 0, 0 };
		build_inner6(&t->b);
		build_bytes(&t->b, head, 4);
		assert_int_equal(decode_built(t, LINK_NULL), DECODE_PACKET);
		assert_inner6(t);
	}
}

static void other_family_is_counted(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x07\0\0\0", 4);
	assert_int_equal(decode_built(t, LINK_NULL), DECODE_OTHER);
	assert_int_equal(counter(t, "null.other_family"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(both_byte_orders_are_read),
		DECODING_TEST(ipv6_has_many_numbers),
		DECODING_TEST(other_family_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
