/* decode/test_decode.c - the dispatch. */
#include "decoding.h"

static void unknown_link_type_is_counted(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	assert_int_equal(decode_built(t, 999), DECODE_NO_LINK);
	assert_int_equal(counter(t, "link.unknown"), 1);
}

static void counters_have_distinct_names(void **state)
{
	struct decoding *t = *state;
	const struct decode_counter *counters;
	size_t n = decode_counters(t->d, &counters);
	assert_true(n > 30);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(strchr(counters[i].name, '.'));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(counters[i].name, counters[k].name);
	}
}

static void tunnels_have_names(void **state)
{
	struct decoding *t = *state;
	(void)t;
	for (int i = 0; i < TUNNEL__COUNT; i++)
		assert_non_null(tunnel_name((enum tunnel_type)i));
	assert_string_equal(tunnel_name(TUNNEL_VXLAN), "vxlan");
	assert_string_equal(tunnel_name(TUNNEL__COUNT), "unknown");
}

static void carriers_of_different_kinds_nest(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ipv4(&t->b, 4, 5, 4);
	build_ethernet(&t->b, 0x0800);
	build_bytes(&t->b, "\x08\0\0\0\0\0\x07\0", 8);
	build_udp(&t->b, 50000, 4789);
	build_ipv6(&t->b, 6, 7, 17);
	build_bytes(&t->b, "\0\0\x86\xdd", 4);
	build_ipv4(&t->b, 8, 9, 47);
	build_ethernet(&t->b, 0x0800);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tunnel_depth, 3);
	assert_int_equal(t->p.tunnel_type, TUNNEL_IPIP);
	assert_int_equal(t->p.tunnel_id, 7);
	assert_int_equal(t->p.outer_src.u.b[15], 8);
	assert_truncations(t, LINK_ETHERNET);
}

static void wire_length_below_the_capture_is_mended(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	assert_int_equal(decode_bytes(t, LINK_RAW, build_data(&t->b), 44, 10), DECODE_PACKET);
	assert_inner(t);
}

static void number_and_time_are_passed_on(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.number, 1);
	assert_true(t->p.time_ns == 1000 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(unknown_link_type_is_counted),
		DECODING_TEST(counters_have_distinct_names),
		DECODING_TEST(tunnels_have_names),
		DECODING_TEST(carriers_of_different_kinds_nest),
		DECODING_TEST(wire_length_below_the_capture_is_mended),
		DECODING_TEST(number_and_time_are_passed_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
