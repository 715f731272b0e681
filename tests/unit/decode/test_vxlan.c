/* decode/test_vxlan.c - VXLAN. */
#include "decoding.h"

static void build_frame(struct build *b, uint16_t port, const char *header)
{
	build_inner(b);
	build_ethernet(b, 0x0800);
	build_bytes(b, header, 8);
	build_udp(b, 50000, port);
	build_ipv4(b, 8, 9, 17);
}

static void ethernet_inside_is_entered(void **state)
{
	struct decoding *t = *state;
	static const uint16_t ports[] = { 4789, 8472 };
	for (int i = 0; i < 2; i++) {
		build_frame(&t->b, ports[i], "\x08\0\0\0\0\x12\x67\0");
		assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
		assert_inner(t);
		assert_int_equal(t->p.tunnel_type, TUNNEL_VXLAN);
		assert_int_equal(t->p.tunnel_id, 4711);
		assert_int_equal(t->p.mac[11], 1);
	}
	assert_truncations(t, LINK_RAW);
}

static void group_policy_is_allowed(void **state)
{
	struct decoding *t = *state;
	build_frame(&t->b, 4789, "\x88\x48\x12\x34\0\0\1\0");
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
}

static void inner_vlan_replaces_the_outer(void **state)
{
	struct decoding *t = *state;
	build_frame(&t->b, 4789, "\x08\0\0\0\0\0\1\0");
	build_vlan(&t->b, 77, 0x0800);
	build_ethernet(&t->b, 0x8100);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.vlan, 0);
}

static void inner_arp_is_reported(void **state)
{
	struct decoding *t = *state;
	t->b.start = BUILD_SIZE;
	build_bytes(&t->b,
		    "\0\x01\x08\0\x06\x04\0\x02"
		    "\x02\0\0\0\0\x01\x0a\0\0\x01"
		    "\0\0\0\0\0\0\x0a\0\0\x02",
		    28);
	build_ethernet(&t->b, 0x0806);
	build_bytes(&t->b, "\x08\0\0\0\0\0\1\0", 8);
	build_udp(&t->b, 50000, 4789);
	build_ipv4(&t->b, 8, 9, 17);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.kind, PACKET_ARP);
	assert_int_equal(t->p.tunnel_id, 1);
	assert_int_equal(t->p.ip_version, 0);
}

static void reserved_bits_make_it_plain(void **state)
{
	struct decoding *t = *state;
	static const char *const headers[] = { "\0\0\0\0\0\0\1\0", "\x08\0\0\1\0\0\1\0",
					       "\x0c\0\0\0\0\0\1\0", "\x08\0\0\0\0\0\1\1" };
	for (int i = 0; i < 4; i++) {
		build_frame(&t->b, 4789, headers[i]);
		assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
		assert_int_equal(t->p.tunnel_depth, 0);
		assert_int_equal(t->p.dport, 4789);
		assert_int_equal(t->p.payload_len, 8 + 14 + 44);
	}
	assert_int_equal(counter(t, "vxlan.bad"), 4);
}

static void answer_to_a_client_of_that_port_is_plain(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 100, 3);
	memcpy(build_data(&t->b), "\x08\0\x81\x80\0\1\0\1", 8);
	build_udp(&t->b, 53, 4789);
	build_ipv4(&t->b, 8, 9, 17);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.sport, 53);
	assert_int_equal(t->p.payload_len, 100);
	assert_int_equal(t->p.flags, 0);
}

static void frames_of_the_link_stay_with_the_carrier(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 40, 3);
	build_ethernet(&t->b, 0x88cc);
	build_bytes(&t->b, "\x08\0\0\0\0\0\1\0", 8);
	build_udp(&t->b, 50000, 4789);
	build_ipv4(&t->b, 8, 9, 17);
	build_ethernet(&t->b, 0x0800);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_int_equal(t->p.tunnel_type, TUNNEL_NONE);
	assert_int_equal(t->p.payload_len, 62);
	assert_non_null(t->p.mac);
	assert_int_equal(counter(t, "tunnel.nothing_inside"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(ethernet_inside_is_entered),
		DECODING_TEST(group_policy_is_allowed),
		DECODING_TEST(inner_vlan_replaces_the_outer),
		DECODING_TEST(inner_arp_is_reported),
		DECODING_TEST(reserved_bits_make_it_plain),
		DECODING_TEST(answer_to_a_client_of_that_port_is_plain),
		DECODING_TEST(frames_of_the_link_stay_with_the_carrier),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
