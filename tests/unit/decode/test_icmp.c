/* decode/test_icmp.c - ICMP and ICMPv6. */
#include "decoding.h"

static void echo_has_identifier_and_sequence(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 6, 'a');
	build_bytes(&t->b, "\x08\0\0\0\x12\x34\0\x05", 8);
	build_ipv4(&t->b, 1, 2, 1);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.sport, 0x0800);
	assert_int_equal(t->p.dport, 0x1234);
	assert_int_equal(t->p.icmp_seq, 5);
	assert_memory_equal(t->p.payload, "abcdef", 6);
	assert_truncations(t, LINK_RAW);
	build_data(&t->b)[20] = 0;
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.sport, 0);
	assert_int_equal(t->p.dport, 0x1234);
}

static void echo_of_version_six_as_well(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 6, 'a');
	build_bytes(&t->b, "\x81\0\0\0\x12\x34\0\x05", 8);
	build_ipv6(&t->b, 1, 2, 58);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.sport, 0x8100);
	assert_int_equal(t->p.dport, 0x1234);
	assert_truncations(t, LINK_RAW);
}

static void errors_have_no_identifier(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x03\x01\0\0\x12\x34\0\x05", 8);
	build_ipv4(&t->b, 9, 1, 1);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.sport, 0x0301);
	assert_int_equal(t->p.dport, 0);
	assert_int_equal(t->p.src.u.b[15], 9);
	assert_int_equal(t->p.payload_len, 44);
}

static void an_unreachable_goes_where_its_quotation_belongs(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	decode_built(t, LINK_RAW);
	uint64_t quoted = t->p.pair_hash;
	assert_true(t->p.route_hash == quoted);
	build_bytes(&t->b, "\x03\x01\0\0\0\0\0\0", 8);
	build_ipv4(&t->b, 9, 1, 1);
	decode_built(t, LINK_RAW);
	assert_true(t->p.pair_hash != quoted);
	assert_true(t->p.route_hash == quoted);
	assert_truncations(t, LINK_RAW);
	build_data(&t->b)[20] = 11; /* time exceeded */
	decode_built(t, LINK_RAW);
	assert_true(t->p.route_hash == t->p.pair_hash);
	build_data(&t->b)[20] = 3;
	build_data(&t->b)[28] = 0x65; /* no IPv4 is quoted */
	decode_built(t, LINK_RAW);
	assert_true(t->p.route_hash == t->p.pair_hash);
}

static void short_header_is_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 5, 8);
	build_ipv4(&t->b, 1, 2, 1);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.flags, PACKET_NO_L4);
	assert_int_equal(t->p.sport, 0x0809);
	assert_int_equal(counter(t, "icmp.short_header"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(echo_has_identifier_and_sequence),
		DECODING_TEST(echo_of_version_six_as_well),
		DECODING_TEST(errors_have_no_identifier),
		DECODING_TEST(an_unreachable_goes_where_its_quotation_belongs),
		DECODING_TEST(short_header_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
