/* decode/test_geneve.c - GENEVE. */
#include "decoding.h"

static void build_frame(struct build *b, const char *header, size_t len)
{
	build_bytes(b, header, len);
	build_udp(b, 50000, 6081);
	build_ipv4(b, 8, 9, 17);
}

static void options_are_stepped_over(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_frame(&t->b,
		    "\x02\x40\x65\x58\0\x12\x67\0"
		    "\1\x08\1\1\0\0\0\0",
		    16);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_GENEVE);
	assert_int_equal(t->p.tunnel_id, 4711);
	assert_truncations(t, LINK_RAW);
}

static void ip_inside_is_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_frame(&t->b, "\0\0\x08\0\0\0\1\0", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	build_inner6(&t->b);
	build_frame(&t->b, "\0\0\x86\xdd\0\0\1\0", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner6(t);
}

static void bad_headers_stay_plain(void **state)
{
	struct decoding *t = *state;
	static const char *const headers[] = { "\x40\0\x08\0\0\0\1\0", "\0\x80\x08\0\0\0\1\0",
					       "\0\0\x08\0\0\0\1\1", "\0\0\x08\1\0\0\1\0" };
	for (int i = 0; i < 4; i++) {
		build_inner(&t->b);
		build_frame(&t->b, headers[i], 8);
		assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
		assert_int_equal(t->p.dport, 6081);
	}
	assert_int_equal(counter(t, "geneve.bad"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(options_are_stepped_over),
		DECODING_TEST(ip_inside_is_entered),
		DECODING_TEST(bad_headers_stay_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
