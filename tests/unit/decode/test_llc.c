/* decode/test_llc.c - 802.2 and SNAP. */
#include "decoding.h"

static void snap_leads_to_an_ethertype(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	assert_int_equal(decode_built(t, 100), DECODE_PACKET);
	assert_inner(t);
	assert_truncations(t, 100);
}

static void bridged_ethernet_is_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_bytes(&t->b, "\xaa\xaa\x03\x00\x80\xc2\0\x07\0\0", 10);
	assert_int_equal(decode_built(t, 100), DECODE_PACKET);
	assert_inner(t);
	assert_non_null(t->p.mac);
	assert_truncations(t, 100);
}

static void sap_of_ip_is_known(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_bytes(&t->b, "\x06\x06\x03", 3);
	assert_int_equal(decode_built(t, 100), DECODE_PACKET);
	assert_inner(t);
}

static void spanning_tree_is_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 40, 0);
	build_bytes(&t->b, "\x42\x42\x03", 3);
	assert_int_equal(decode_built(t, 100), DECODE_OTHER);
	assert_int_equal(counter(t, "llc.other"), 1);
}

static void other_organisations_are_counted(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 40, 0);
	build_bytes(&t->b, "\xaa\xaa\x03\0\0\x0c\x20\0", 8);
	assert_int_equal(decode_built(t, 100), DECODE_OTHER);
	assert_int_equal(counter(t, "llc.other"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(snap_leads_to_an_ethertype),
		DECODING_TEST(bridged_ethernet_is_entered),
		DECODING_TEST(sap_of_ip_is_known),
		DECODING_TEST(spanning_tree_is_counted),
		DECODING_TEST(other_organisations_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
