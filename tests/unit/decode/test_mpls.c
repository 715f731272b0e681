/* decode/test_mpls.c - label stacks. */
#include "decoding.h"

static void ip_is_guessed_after_the_bottom(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\0\x01\0\x40\0\x01\x01\x40", 8);
	build_ethernet(&t->b, 0x8847);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, LINK_ETHERNET);
	build_inner6(&t->b);
	build_bytes(&t->b, "\0\x01\x01\x40", 4);
	build_ethernet(&t->b, 0x8848);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner6(t);
}

static void control_word_leads_to_ethernet(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_bytes(&t->b, "\0\0\0\0", 4);
	build_bytes(&t->b, "\0\x01\x01\x40", 4);
	build_ethernet(&t->b, 0x8847);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, LINK_ETHERNET);
}

static void pseudo_wire_may_lack_the_control_word(void **state)
{
	struct decoding *t = *state;
	static const uint8_t first_bytes[] = { 0x90, 0x40 };
	for (int i = 0; i < 2; i++) {
		build_inner(&t->b);
		build_ethernet(&t->b, 0x0800);
		build_data(&t->b)[0] = first_bytes[i];
		build_bytes(&t->b, "\0\x01\x01\x40", 4);
		build_ethernet(&t->b, 0x8847);
		assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
		assert_inner(t);
	}
}

static void too_many_labels_are_counted(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	for (int i = 0; i < 9; i++)
		build_bytes(&t->b, i == 0 ? "\0\x01\x01\x40" : "\0\x01\0\x40", 4);
	build_ethernet(&t->b, 0x8847);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "mpls.too_many_labels"), 1);
}

static void nesting_ends(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	for (int i = 0; i < 200; i++) {
		build_bytes(&t->b, "\0\x01\x01\x40\0\0\0\0", 8);
		build_ethernet(&t->b, 0x8847);
	}
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "link.too_many_headers"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(ip_is_guessed_after_the_bottom),
		DECODING_TEST(control_word_leads_to_ethernet),
		DECODING_TEST(pseudo_wire_may_lack_the_control_word),
		DECODING_TEST(too_many_labels_are_counted),
		DECODING_TEST(nesting_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
