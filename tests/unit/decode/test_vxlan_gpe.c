/* decode/test_vxlan_gpe.c - VXLAN-GPE. */
#include "decoding.h"

static void build_frame(struct build *b, const char *header)
{
	build_bytes(b, header, 8);
	build_udp(b, 50000, 4790);
	build_ipv4(b, 8, 9, 17);
}

static void next_protocol_is_followed(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_frame(&t->b, "\x0c\0\0\1\0\0\x2a\0");
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_VXLAN_GPE);
	assert_int_equal(t->p.tunnel_id, 42);
	assert_truncations(t, LINK_RAW);
	build_inner6(&t->b);
	build_frame(&t->b, "\x0c\0\0\2\0\0\x2a\0");
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner6(t);
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_frame(&t->b, "\x0c\0\0\3\0\0\x2a\0");
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
}

static void bad_version_and_protocol_stay_plain(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_frame(&t->b, "\x1c\0\0\1\0\0\x2a\0");
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	build_inner(&t->b);
	build_frame(&t->b, "\x0c\0\0\x09\0\0\x2a\0");
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "vxlan-gpe.bad"), 2);
	assert_int_equal(t->p.dport, 4790);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(next_protocol_is_followed),
		DECODING_TEST(bad_version_and_protocol_stay_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
