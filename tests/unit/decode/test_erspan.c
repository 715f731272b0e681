/* decode/test_erspan.c - ERSPAN. */
#include "decoding.h"

static void build_frame(struct build *b, const char *gre, size_t gre_len, const char *erspan,
			size_t len)
{
	build_inner(b);
	build_ethernet(b, 0x0800);
	build_bytes(b, erspan, len);
	build_bytes(b, gre, gre_len);
	build_ipv4(b, 8, 9, 47);
}

static void first_version_has_no_header(void **state)
{
	struct decoding *t = *state;
	build_frame(&t->b, "\0\0\x88\xbe", 4, "", 0);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_type, TUNNEL_ERSPAN);
	assert_int_equal(t->p.tunnel_id, 0);
	assert_truncations(t, LINK_RAW);
}

static void second_version_has_a_session(void **state)
{
	struct decoding *t = *state;
	build_frame(&t->b, "\x10\0\x88\xbe\0\0\0\1", 8, "\x10\x05\x01\x23\0\0\0\0", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_id, 0x123);
	assert_truncations(t, LINK_RAW);
}

static void third_version_may_have_a_subheader(void **state)
{
	struct decoding *t = *state;
	build_frame(&t->b, "\x10\0\x22\xeb\0\0\0\1", 8, "\x20\x05\0\x07\0\0\0\0\0\0\0\0", 12);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_id, 7);
	build_frame(&t->b, "\x10\0\x22\xeb\0\0\0\1", 8,
		    "\x20\x05\0\x07\0\0\0\0\0\0\0\1"
		    "subhead.",
		    20);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, LINK_RAW);
}

static void wrong_version_stays_plain(void **state)
{
	struct decoding *t = *state;
	build_frame(&t->b, "\x10\0\x88\xbe\0\0\0\1", 8, "\x20\x05\x01\x23\0\0\0\0", 8);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	build_frame(&t->b, "\x10\0\x22\xeb\0\0\0\1", 8, "\x10\x05\0\x07\0\0\0\0\0\0\0\0", 12);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(counter(t, "erspan.bad"), 2);
	assert_int_equal(t->p.proto, 47);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(first_version_has_no_header),
		DECODING_TEST(second_version_has_a_session),
		DECODING_TEST(third_version_may_have_a_subheader),
		DECODING_TEST(wrong_version_stays_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
