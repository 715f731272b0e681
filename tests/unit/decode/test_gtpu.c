/* decode/test_gtpu.c - GTP-U. */
#include "decoding.h"

static void build_frame(struct build *b, uint8_t flags, uint8_t type, uint32_t teid)
{
	size_t len = build_len(b);
	uint8_t *p = build_push(b, 8);
	p[0] = flags;
	p[1] = type;
	put16(p + 2, len);
	put32(p + 4, teid);
	build_udp(b, 2152, 2152);
	build_ipv4(b, 8, 9, 17);
}

static void user_data_is_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_frame(&t->b, 0x30, 255, 7);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_GTPU);
	assert_int_equal(t->p.tunnel_id, 7);
	assert_truncations(t, LINK_RAW);
}

static void both_directions_are_one_tunnel(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_frame(&t->b, 0x30, 255, 7);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	uint32_t key = t->p.tunnel_key;
	build_inner(&t->b);
	build_frame(&t->b, 0x30, 255, 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.tunnel_id, 8);
	assert_int_equal(t->p.tunnel_key, key);
}

static void optional_fields_and_extensions_are_stepped_over(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\0\1\0\0", 4);
	build_frame(&t->b, 0x32, 255, 7);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	build_inner6(&t->b);
	build_bytes(&t->b,
		    "\0\1\0\x85"
		    "\1\0\x09\x85"
		    "\2\0\0\0\0\0\0\0",
		    16);
	build_frame(&t->b, 0x34, 255, 7);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner6(t);
	assert_truncations(t, LINK_RAW);
}

static void endless_extensions_end(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	for (int i = 0; i < 20; i++)
		build_bytes(&t->b, "\1\0\0\x85", 4);
	build_bytes(&t->b, "\0\1\0\x85", 4);
	build_frame(&t->b, 0x34, 255, 7);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.tunnel_depth, 0);
	build_inner(&t->b);
	build_bytes(&t->b,
		    "\0\1\0\x85"
		    "\0\0\0\0",
		    8);
	build_frame(&t->b, 0x34, 255, 7);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "gtp-u.bad"), 2);
}

static void signalling_and_other_versions_stay_plain(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_frame(&t->b, 0x30, 1, 0);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "gtp-u.signalling"), 1);
	build_inner(&t->b);
	build_frame(&t->b, 0x50, 255, 0);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "gtp-u.bad"), 1);
	build_payload(&t->b, 20, 0);
	build_frame(&t->b, 0x30, 255, 0);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "gtp-u.bad"), 2);
	assert_int_equal(t->p.dport, 2152);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(user_data_is_entered),
		DECODING_TEST(both_directions_are_one_tunnel),
		DECODING_TEST(optional_fields_and_extensions_are_stepped_over),
		DECODING_TEST(endless_extensions_end),
		DECODING_TEST(signalling_and_other_versions_stay_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
