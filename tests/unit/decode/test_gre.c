/* decode/test_gre.c - GRE and NVGRE. */
#include "decoding.h"

static void build_gre(struct build *b, const char *header, size_t len)
{
	build_bytes(b, header, len);
	build_ipv4(b, 8, 9, 47);
}

static void plain_gre_is_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_gre(&t->b, "\0\0\x08\0", 4);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_GRE);
	assert_int_equal(t->p.tunnel_id, 0);
	assert_truncations(t, LINK_RAW);
}

static void all_optional_fields_are_stepped_over(void **state)
{
	struct decoding *t = *state;
	build_inner6(&t->b);
	build_gre(&t->b,
		  "\xf0\0\x86\xdd"
		  "\0\0\0\0"
		  "\0\0\0\x2a"
		  "\0\0\0\1"
		  "\0\2\0\4"
		  "\1\2\3\4"
		  "\0\0\0\0",
		  28);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner6(t);
	assert_int_equal(t->p.tunnel_id, 42);
	assert_truncations(t, LINK_RAW);
}

static void key_is_part_of_the_tunnel(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_gre(&t->b, "\x20\0\x08\0\0\0\0\x2a", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	uint32_t one = t->p.tunnel_key;
	uint64_t hash = t->p.pair_hash;
	build_inner(&t->b);
	build_gre(&t->b, "\x20\0\x08\0\0\0\0\x2b", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_true(t->p.tunnel_key != one);
	assert_true(t->p.pair_hash != hash);
}

static void ethernet_with_a_subnet_is_nvgre(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_gre(&t->b, "\x20\0\x65\x58\0\x12\x34\x07", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_NVGRE);
	assert_int_equal(t->p.tunnel_id, 0x1234);
	assert_non_null(t->p.mac);
	uint32_t key = t->p.tunnel_key;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_gre(&t->b, "\x20\0\x65\x58\0\x12\x34\x08", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.tunnel_key, key);
}

static void pptp_and_unknown_stay_plain(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_gre(&t->b, "\x20\x01\x88\x0b\0\0\0\0", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.proto, 47);
	assert_int_equal(t->p.payload_len, 52);
	assert_int_equal(counter(t, "gre.pptp"), 1);
	build_inner(&t->b);
	build_gre(&t->b, "\0\0\0\xfe", 4);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "gre.other"), 1);
	build_inner(&t->b);
	build_gre(&t->b, "\0\x02\x08\0", 4);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "gre.bad"), 1);
	assert_int_equal(t->p.tunnel_depth, 0);
}

static void eoip_is_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_gre(&t->b, "\x20\x01\x64\0\0\x3a\x07\0", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_GRE);
	assert_int_equal(t->p.tunnel_id, 7);
	assert_truncations(t, LINK_RAW);
	uint64_t bad = counter(t, "gre.eoip_bad");
	build_data(&t->b)[25] = 0x3b;
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "gre.eoip_bad"), bad + 1);
	assert_int_equal(t->p.proto, 47);
}

static void wccp_of_both_versions_is_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_gre(&t->b, "\0\0\x88\x3e", 4);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	build_inner(&t->b);
	build_gre(&t->b, "\0\0\x88\x3e\0\0\0\0", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, LINK_RAW);
}

static void gre_in_udp_is_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\0\0\x08\0", 4);
	build_udp(&t->b, 50000, 4754);
	build_ipv4(&t->b, 8, 9, 17);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_GRE);
	assert_truncations(t, LINK_RAW);
	build_payload(&t->b, 30, 0xff);
	build_udp(&t->b, 50000, 4754);
	build_ipv4(&t->b, 8, 9, 17);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.proto, PROTO_UDP);
	assert_int_equal(t->p.dport, 4754);
	assert_int_equal(t->p.payload_len, 30);
}

static void inner_packet_loses_the_outer_mac(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_gre(&t->b, "\0\0\x08\0", 4);
	build_ethernet(&t->b, 0x0800);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_null(t->p.mac);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(plain_gre_is_entered),
		DECODING_TEST(all_optional_fields_are_stepped_over),
		DECODING_TEST(key_is_part_of_the_tunnel),
		DECODING_TEST(ethernet_with_a_subnet_is_nvgre),
		DECODING_TEST(pptp_and_unknown_stay_plain),
		DECODING_TEST(eoip_is_entered),
		DECODING_TEST(wccp_of_both_versions_is_entered),
		DECODING_TEST(gre_in_udp_is_entered),
		DECODING_TEST(inner_packet_loses_the_outer_mac),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
