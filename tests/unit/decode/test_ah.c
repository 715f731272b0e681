/* decode/test_ah.c - authentication header. */
#include "decoding.h"

static void it_is_stepped_over_in_both_versions(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 4, 'a');
	build_tcp(&t->b, 1000, 80, 0x18);
	build_bytes(&t->b,
		    "\x06\x04\0\0\0\0\0\1\0\0\0\1"
		    "authenticate",
		    24);
	build_ipv4(&t->b, 1, 2, 51);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.proto, PROTO_TCP);
	assert_int_equal(t->p.sport, 1000);
	assert_int_equal(t->p.l4_offset, 44);
	assert_truncations(t, LINK_RAW);

	build_payload(&t->b, 4, 'a');
	build_tcp(&t->b, 1000, 80, 0x18);
	build_bytes(&t->b, "\x06\0\0\0\0\0\0\0", 8);
	build_bytes(&t->b,
		    "\x3c\x04\0\0\0\0\0\1\0\0\0\1"
		    "authenticate",
		    24);
	build_ipv6(&t->b, 1, 2, 51);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner6(t);
	assert_truncations(t, LINK_RAW);
}

static void length_zero_is_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 40, 0);
	build_data(&t->b)[0] = 51;
	build_data(&t->b)[1] = 0;
	build_ipv4(&t->b, 1, 2, 51);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "ah.short_header"), 1);
	assert_int_equal(t->p.flags, PACKET_NO_L4);
}

static void endless_headers_end(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 4, 'a');
	for (int i = 0; i < 100; i++)
		build_bytes(&t->b, "\x33\x01\0\0\0\0\0\1\0\0\0\1", 12);
	build_ipv4(&t->b, 1, 2, 51);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "link.too_many_headers"), 1);
	assert_int_equal(t->p.flags, PACKET_NO_L4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(it_is_stepped_over_in_both_versions),
		DECODING_TEST(length_zero_is_counted),
		DECODING_TEST(endless_headers_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
