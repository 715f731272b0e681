/* decode/test_vlan.c - 802.1Q tags. */
#include "decoding.h"

static void innermost_tag_is_reported(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_vlan(&t->b, 0x6000 | 20, 0x0800);
	build_vlan(&t->b, 10, 0x8100);
	build_ethernet(&t->b, 0x88a8);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.vlan, 20);
	assert_truncations(t, LINK_ETHERNET);
}

static void priority_tag_is_no_vlan(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_vlan(&t->b, 0xe000, 0x0800);
	build_vlan(&t->b, 10, 0x8100);
	build_ethernet(&t->b, 0x9100);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_int_equal(t->p.vlan, 10);
}

static void tag_may_be_followed_by_a_length(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	build_vlan(&t->b, 10, 52);
	build_ethernet(&t->b, 0x8100);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
}

static void endless_tags_end(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	for (int i = 0; i < 100; i++)
		build_vlan(&t->b, 10, i == 0 ? 0x0800 : 0x8100);
	build_ethernet(&t->b, 0x8100);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "link.too_many_headers"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(innermost_tag_is_reported),
		DECODING_TEST(priority_tag_is_no_vlan),
		DECODING_TEST(tag_may_be_followed_by_a_length),
		DECODING_TEST(endless_tags_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
