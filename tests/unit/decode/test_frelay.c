/* decode/test_frelay.c - Frame Relay. */
#include "decoding.h"

static void network_ids_are_followed(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x18\x41\x03\xcc", 4);
	assert_int_equal(decode_built(t, 107), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, 107);
	build_inner6(&t->b);
	build_bytes(&t->b, "\x18\x40\x00\x01\x03\x8e", 6);
	assert_int_equal(decode_built(t, 107), DECODE_PACKET);
	assert_inner6(t);
}

static void snap_is_followed(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x18\x41\x03\0\x80\0\0\0\x08\0", 10);
	assert_int_equal(decode_built(t, 107), DECODE_PACKET);
	assert_inner(t);
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_bytes(&t->b, "\x18\x41\x03\0\x80\0\x80\xc2\0\x07", 10);
	assert_int_equal(decode_built(t, 107), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, 107);
}

static void cisco_form_is_followed(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x18\x41\x08\0", 4);
	assert_int_equal(decode_built(t, 107), DECODE_PACKET);
	assert_inner(t);
}

static void address_without_end_is_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 20, 0);
	memset(build_data(&t->b), 0x18, 20);
	assert_int_equal(decode_built(t, 107), DECODE_OTHER);
	assert_int_equal(counter(t, "frelay.other"), 1);
}

static void other_protocols_are_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 20, 0);
	build_bytes(&t->b, "\x18\x41\x03\xb1", 4);
	assert_int_equal(decode_built(t, 107), DECODE_OTHER);
	assert_int_equal(counter(t, "frelay.other"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(network_ids_are_followed),
		DECODING_TEST(snap_is_followed),
		DECODING_TEST(cisco_form_is_followed),
		DECODING_TEST(address_without_end_is_counted),
		DECODING_TEST(other_protocols_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
