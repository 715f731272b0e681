/* decode/test_udp.c - UDP. */
#include "decoding.h"

static void length_field_cuts_padding(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 10, 'a');
	build_udp(&t->b, 5000, 53);
	put16(build_data(&t->b) + 4, 12);
	build_ipv4(&t->b, 1, 2, 17);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.sport, 5000);
	assert_int_equal(t->p.dport, 53);
	assert_int_equal(t->p.payload_len, 4);
	assert_int_equal(t->p.payload_cap, 4);
	assert_int_equal(t->p.ip_len, 38);
	assert_truncations(t, LINK_RAW);
}

static void length_zero_means_all(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 10, 'a');
	build_udp(&t->b, 5000, 53);
	put16(build_data(&t->b) + 4, 0);
	build_ipv6(&t->b, 1, 2, 17);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.payload_len, 10);
	assert_int_equal(counter(t, "udp.bad_length"), 0);
}

static void impossible_lengths_are_counted(void **state)
{
	struct decoding *t = *state;
	static const uint16_t lengths[] = { 7, 19 };
	for (int i = 0; i < 2; i++) {
		build_payload(&t->b, 10, 'a');
		build_udp(&t->b, 5000, 53);
		put16(build_data(&t->b) + 4, lengths[i]);
		build_ipv4(&t->b, 1, 2, 17);
		assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
		assert_int_equal(t->p.payload_len, 10);
	}
	assert_int_equal(counter(t, "udp.bad_length"), 2);
}

static void ports_alone_are_kept(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 10, 'a');
	build_udp(&t->b, 5000, 53);
	build_ipv4(&t->b, 1, 2, 17);
	assert_int_equal(decode_bytes(t, LINK_RAW, build_data(&t->b), 25, 38), DECODE_PACKET);
	assert_int_equal(t->p.flags, PACKET_NO_L4 | PACKET_TRUNCATED);
	assert_int_equal(t->p.dport, 53);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(length_field_cuts_padding),
		DECODING_TEST(length_zero_means_all),
		DECODING_TEST(impossible_lengths_are_counted),
		DECODING_TEST(ports_alone_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
