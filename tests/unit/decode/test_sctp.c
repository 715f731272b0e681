/* decode/test_sctp.c - SCTP. */
#include "decoding.h"

static void ports_are_read(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 16, 'a');
	build_bytes(&t->b, "\x0b\x59\x0b\x5a\0\0\0\1\0\0\0\0", 12);
	build_ipv4(&t->b, 1, 2, 132);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.sport, 0x0b59);
	assert_int_equal(t->p.dport, 0x0b5a);
	assert_int_equal(t->p.payload_len, 16);
	assert_truncations(t, LINK_RAW);
	assert_true(counter(t, "sctp.short_header") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(ports_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
