/* decode/test_ipv4.c - IPv4. */
#include "decoding.h"

static void total_length_rules(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.ttl, 64);
}

static void options_are_stepped_over(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 4, 'a');
	build_tcp(&t->b, 1000, 80, 0x18);
	build_push(&t->b, 8);
	build_ipv4(&t->b, 1, 2, 6);
	build_data(&t->b)[0] = 0x47;
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.ip_len, 52);
	assert_int_equal(t->p.l4_offset, 28);
	assert_int_equal(t->p.sport, 1000);
	assert_memory_equal(t->p.payload, "abcd", 4);
	assert_truncations(t, LINK_RAW);
	assert_true(counter(t, "ipv4.truncated_options") > 0);
}

static void length_zero_is_an_uncut_segment(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	put16(build_data(&t->b) + 2, 0);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(decode_bytes(t, LINK_RAW, build_data(&t->b), 42, 70000), DECODE_PACKET);
	assert_int_equal(t->p.ip_len, 70000);
	assert_int_equal(t->p.payload_len, 70000 - 40);
	assert_int_equal(t->p.payload_cap, 2);
}

static void snapped_packet_keeps_its_lengths(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 1000, 'a');
	build_tcp(&t->b, 1000, 80, 0x18);
	build_ipv4(&t->b, 1, 2, 6);
	assert_int_equal(decode_bytes(t, LINK_RAW, build_data(&t->b), 60, 1040), DECODE_PACKET);
	assert_int_equal(t->p.flags, PACKET_TRUNCATED);
	assert_int_equal(t->p.ip_len, 1040);
	assert_int_equal(t->p.l3_cap, 60);
	assert_int_equal(t->p.payload_len, 1000);
	assert_int_equal(t->p.payload_cap, 20);
}

static void other_protocols_have_no_ports(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 10, 'a');
	build_ipv4(&t->b, 1, 2, 89);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.proto, 89);
	assert_int_equal(t->p.sport, 0);
	assert_int_equal(t->p.payload_len, 10);
}

static void broken_headers_are_counted(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	uint8_t *ip = build_data(&t->b) + 14;
	ip[0] = 0x65;
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "ipv4.bad_version"), 1);
	ip[0] = 0x44;
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "ipv4.bad_header_length"), 1);
	ip[0] = 0x45;
	put16(ip + 2, 19);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "ipv4.bad_length"), 1);
}

static void both_directions_have_one_hash(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	decode_built(t, LINK_RAW);
	uint64_t there = t->p.pair_hash;
	build_payload(&t->b, 0, 0);
	build_udp(&t->b, 5, 6);
	build_ipv4(&t->b, 2, 1, 17);
	decode_built(t, LINK_RAW);
	assert_true(there == t->p.pair_hash);
	build_inner(&t->b);
	build_data(&t->b)[19] = 3;
	decode_built(t, LINK_RAW);
	assert_true(there != t->p.pair_hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(total_length_rules),
		DECODING_TEST(options_are_stepped_over),
		DECODING_TEST(length_zero_is_an_uncut_segment),
		DECODING_TEST(snapped_packet_keeps_its_lengths),
		DECODING_TEST(other_protocols_have_no_ports),
		DECODING_TEST(broken_headers_are_counted),
		DECODING_TEST(both_directions_have_one_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
