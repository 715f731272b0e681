/* decode/test_ipv6.c - IPv6 and its extension headers. */
#include "decoding.h"

static void payload_length_rules(void **state)
{
	struct decoding *t = *state;
	build_inner6(&t->b);
	build_data(&t->b)[0] = 0x6b;
	build_data(&t->b)[1] = 0x80;
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner6(t);
	assert_int_equal(t->p.ip_len, 64);
	assert_int_equal(t->p.l4_offset, 40);
	assert_int_equal(t->p.tos, 0xb8);
	assert_int_equal(t->p.ttl, 64);
	assert_truncations(t, LINK_RAW);
}

static void extension_headers_are_stepped_over(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 4, 'a');
	build_tcp(&t->b, 1000, 80, 0x18);
	build_bytes(&t->b, "\x06\0\0\0\0\0\0\x09", 8);                  /* atomic fragment */
	build_bytes(&t->b, "\x2c\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16); /* destination */
	build_bytes(&t->b, "\x3c\0\0\0\0\0\0\0", 8);                    /* routing */
	build_bytes(&t->b, "\x2b\0\x05\x02\0\0\0\0", 8);                /* hop by hop */
	build_ipv6(&t->b, 1, 2, 0);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner6(t);
	assert_int_equal(t->p.l4_offset, 80);
	assert_truncations(t, LINK_RAW);
	assert_true(counter(t, "ipv6.short_extension") > 0);
	assert_true(counter(t, "ipv6.short_fragment_header") > 0);
}

static void endless_extensions_end(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 4, 'a');
	for (int i = 0; i < 20; i++)
		build_bytes(&t->b, "\x3c\0\0\0\0\0\0\0", 8);
	build_ipv6(&t->b, 1, 2, 60);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_true(t->p.flags & PACKET_NO_L4);
	assert_int_equal(counter(t, "ipv6.too_many_extensions"), 1);
}

static void no_next_header_has_no_payload(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 12, 'a');
	build_ipv6(&t->b, 1, 2, 59);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.payload_len, 0);
	assert_int_equal(t->p.ip_len, 52);
	/* and none of length 0 is no uncut segment */
	put16(build_data(&t->b) + 4, 0);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.ip_len, 40);
}

static void length_zero_is_an_uncut_segment(void **state)
{
	struct decoding *t = *state;
	build_inner6(&t->b);
	put16(build_data(&t->b) + 4, 0);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner6(t);
	assert_int_equal(t->p.ip_len, 64);
}

static void bad_version_is_counted(void **state)
{
	struct decoding *t = *state;
	build_inner6(&t->b);
	build_data(&t->b)[0] = 0x50;
	build_ethernet(&t->b, 0x86dd);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "ipv6.bad_version"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(payload_length_rules),
		DECODING_TEST(extension_headers_are_stepped_over),
		DECODING_TEST(endless_extensions_end),
		DECODING_TEST(no_next_header_has_no_payload),
		DECODING_TEST(length_zero_is_an_uncut_segment),
		DECODING_TEST(bad_version_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
