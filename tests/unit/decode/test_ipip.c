/* decode/test_ipip.c - IP in IP. */
#include "decoding.h"

static void ipv4_and_ipv6_are_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ipv4(&t->b, 8, 9, 4);
	build_ethernet(&t->b, 0x0800);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_IPIP);
	assert_int_equal(t->p.tunnel_depth, 1);
	assert_int_equal(t->p.outer_src.u.b[15], 8);
	assert_int_equal(t->p.outer_dst.u.b[15], 9);
	assert_null(t->p.mac);
	assert_true(t->p.tunnel_key != 0);
	assert_truncations(t, LINK_ETHERNET);

	build_inner6(&t->b);
	build_ipv4(&t->b, 8, 9, 41);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner6(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_6IN4);

	build_inner(&t->b);
	build_ipv6(&t->b, 8, 9, 4);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_IPIP);
}

static void nonsense_inside_leaves_the_carrier(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 30, 0x60);
	build_ipv4(&t->b, 8, 9, 4);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.tunnel_depth, 0);
	assert_int_equal(t->p.tunnel_key, 0);
	assert_int_equal(t->p.proto, 4);
	assert_int_equal(t->p.payload_len, 30);
	assert_int_equal(counter(t, "tunnel.nothing_inside"), 1);
}

static void fifth_level_is_not_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	for (uint8_t i = 0; i < 4; i++)
		build_ipv4(&t->b, 8, 9, 4);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_depth, 4);
	assert_int_equal(counter(t, "tunnel.too_deep"), 0);
	build_ipv4(&t->b, 6, 7, 4);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.tunnel_depth, 4);
	assert_int_equal(t->p.proto, 4);
	assert_int_equal(t->p.src.u.b[15], 8);
	assert_int_equal(t->p.outer_src.u.b[15], 6);
	assert_int_equal(counter(t, "tunnel.too_deep"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(ipv4_and_ipv6_are_entered),
		DECODING_TEST(nonsense_inside_leaves_the_carrier),
		DECODING_TEST(fifth_level_is_not_entered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
