/* decode/test_raw.c - IP without link layer. */
#include "decoding.h"

static void version_decides(void **state)
{
	struct decoding *t = *state;
	static const uint32_t links[] = { 12, 14, 101, 228, 229 };
	for (size_t i = 0; i < 5; i++) {
		build_inner(&t->b);
		assert_int_equal(decode_built(t, links[i]), DECODE_PACKET);
		assert_inner(t);
		build_inner6(&t->b);
		assert_int_equal(decode_built(t, links[i]), DECODE_PACKET);
		assert_inner6(t);
	}
}

static void every_truncation_is_safe(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	assert_truncations(t, LINK_RAW);
	build_inner6(&t->b);
	assert_truncations(t, LINK_RAW);
}

static void other_versions_are_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 40, 0x50);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_OTHER);
	assert_int_equal(counter(t, "raw.bad_version"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(version_decides),
		DECODING_TEST(every_truncation_is_safe),
		DECODING_TEST(other_versions_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
