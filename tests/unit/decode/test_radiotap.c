/* decode/test_radiotap.c - radiotap. */
#include "decoding.h"

static void build_data_frame(struct build *b)
{
	build_inner(b);
	build_bytes(b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	build_push(b, 24)[0] = 0x08;
}

static void header_is_stepped_over(void **state)
{
	struct decoding *t = *state;
	build_data_frame(&t->b);
	build_bytes(&t->b, "\0\0\x08\0\0\0\0\0", 8);
	assert_int_equal(decode_built(t, 127), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, 127);
}

static void padding_after_the_inner_header_is_known(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	build_bytes(&t->b,
		    "\0\0"
		    "\0\0",
		    4); /* QoS, padding */
	build_push(&t->b, 24)[0] = 0x88;
	/* two words of fields, TSFT aligned to 16, flags */
	build_bytes(&t->b,
		    "\0\0\x19\0\x03\0\0\x80\0\0\0\0\0\0\0\0"
		    "\1\2\3\4\5\6\7\x08\x20",
		    25);
	assert_int_equal(decode_built(t, 127), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, 127);
}

static void bad_version_and_length_are_counted(void **state)
{
	struct decoding *t = *state;
	build_data_frame(&t->b);
	build_bytes(&t->b, "\1\0\x08\0\0\0\0\0", 8);
	assert_int_equal(decode_built(t, 127), DECODE_OTHER);
	assert_int_equal(counter(t, "radiotap.bad"), 1);
	build_data(&t->b)[0] = 0;
	build_data(&t->b)[2] = 7;
	assert_int_equal(decode_built(t, 127), DECODE_OTHER);
	assert_int_equal(counter(t, "radiotap.bad"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(header_is_stepped_over),
		DECODING_TEST(padding_after_the_inner_header_is_known),
		DECODING_TEST(bad_version_and_length_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
