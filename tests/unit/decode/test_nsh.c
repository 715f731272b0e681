/* decode/test_nsh.c - service headers. */
#include "decoding.h"

static void every_next_protocol_is_followed(void **state)
{
	struct decoding *t = *state;
	for (uint8_t next = 1; next <= 5; next++) {
		const uint8_t head[8] = { 0x0f, 0xc2, 0x01, next, 0, 0, 1, 255 };
		if (next == 2)
			build_inner6(&t->b);
		else
			build_inner(&t->b);
		if (next == 3)
			build_ethernet(&t->b, 0x0800);
		if (next == 5)
			build_bytes(&t->b, "\0\x01\x01\x40", 4);
		build_bytes(&t->b, head, 8);
		build_ethernet(&t->b, 0x894f);
		assert_int_equal(decode_built(t, LINK_ETHERNET),
				 next == 4 ? DECODE_OTHER : DECODE_PACKET);
		if (next != 4)
			assert_int_equal(t->p.dport, 80);
	}
	assert_int_equal(counter(t, "nsh.bad"), 1);
}

static void context_headers_are_stepped_over(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b,
		    "\x0f\xc6\x01\x01\0\0\1\xff"
		    "0123456789abcdef",
		    24);
	build_ethernet(&t->b, 0x894f);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, LINK_ETHERNET);
}

static void bad_version_and_length_are_counted(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x4f\xc2\x01\x01\0\0\1\xff", 8);
	build_ethernet(&t->b, 0x894f);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	build_data(&t->b)[14] = 0x0f;
	build_data(&t->b)[15] = 0xc1;
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "nsh.bad"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(every_next_protocol_is_followed),
		DECODING_TEST(context_headers_are_stepped_over),
		DECODING_TEST(bad_version_and_length_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
