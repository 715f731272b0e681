/* decode/test_ppp.c - Point-to-Point Protocol. */
#include "decoding.h"

static void address_and_long_protocol_are_optional(void **state)
{
	struct decoding *t = *state;
	static const struct {
		const char *bytes;
		size_t len;
	} heads[] = { { "\xff\x03\0\x21", 4 },
		      { "\0\x21", 2 },
		      { "\x21", 1 },
		      { "\xff\x03\x21", 3 } };
	for (int i = 0; i < 4; i++) {
		build_inner(&t->b);
		build_bytes(&t->b, heads[i].bytes, heads[i].len);
		assert_int_equal(decode_built(t, 9), DECODE_PACKET);
		assert_inner(t);
		assert_int_equal(decode_built(t, 50), DECODE_PACKET);
		assert_inner(t);
		assert_truncations(t, 9);
	}
}

static void ipv6_and_mpls_are_followed(void **state)
{
	struct decoding *t = *state;
	build_inner6(&t->b);
	build_bytes(&t->b, "\xff\x03\0\x57", 4);
	assert_int_equal(decode_built(t, 9), DECODE_PACKET);
	assert_inner6(t);
	build_inner(&t->b);
	build_bytes(&t->b, "\xff\x03\x02\x81\0\x01\x01\x40", 8);
	assert_int_equal(decode_built(t, 9), DECODE_PACKET);
	assert_inner(t);
}

static void cisco_hdlc_is_told_apart(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x0f\0\x08\0", 4);
	assert_int_equal(decode_built(t, 50), DECODE_PACKET);
	assert_inner(t);
}

static void link_control_is_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 10, 0);
	build_bytes(&t->b, "\xff\x03\xc0\x21", 4);
	assert_int_equal(decode_built(t, 9), DECODE_OTHER);
	assert_int_equal(counter(t, "ppp.other"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(address_and_long_protocol_are_optional),
		DECODING_TEST(ipv6_and_mpls_are_followed),
		DECODING_TEST(cisco_hdlc_is_told_apart),
		DECODING_TEST(link_control_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
