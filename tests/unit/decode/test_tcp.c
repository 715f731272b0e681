/* decode/test_tcp.c - TCP. */
#include "decoding.h"

/* Plain RFC 1071, to check the fast one: the built bytes are a TCP segment. */
static void set_checksum(struct build *b, int version)
{
	uint8_t *p = build_data(b);
	size_t len = build_len(b);
	uint32_t sum = 6 + (uint32_t)len;
	if (version == 4)
		sum += 2 * 0x0a00 + 1 + 2;
	else
		sum += 2 * (0x2001 + 0x0db8) + 1 + 2;
	put16(p + 16, 0);
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(p + 16, ~sum & 0xffff);
}

static void header_is_read(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_inner(t);
	assert_int_equal(t->p.tcp_seq, 0x01020304);
	assert_int_equal(t->p.tcp_ack, 0x05060708);
	assert_int_equal(t->p.tcp_flags, TCP_PSH | TCP_ACK);
	assert_int_equal(t->p.tcp_window, 0x2000);
}

static void options_are_no_payload(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 12, 'a');
	build_tcp(&t->b, 1000, 80, TCP_SYN);
	build_data(&t->b)[12] = 7 << 4;
	build_ipv4(&t->b, 1, 2, 6);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.payload_len, 4);
	assert_memory_equal(t->p.payload, "ijkl", 4);
	/* options cut by the capture: the payload's length is still known */
	assert_int_equal(decode_bytes(t, LINK_RAW, build_data(&t->b), 42, 52), DECODE_PACKET);
	assert_int_equal(t->p.payload_len, 4);
	assert_int_equal(t->p.payload_cap, 0);
	assert_null(t->p.payload);
	assert_int_equal(t->p.flags, PACKET_TRUNCATED);
}

static void bad_offset_is_counted(void **state)
{
	struct decoding *t = *state;
	static const uint8_t offsets[] = { 4, 7 };
	for (int i = 0; i < 2; i++) {
		build_inner(&t->b);
		build_data(&t->b)[32] = (uint8_t)(offsets[i] << 4);
		assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
		assert_int_equal(t->p.flags, PACKET_NO_L4);
		assert_int_equal(t->p.sport, 1000);
	}
	assert_int_equal(counter(t, "tcp.bad_offset"), 2);
}

static void ports_alone_are_kept(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	assert_int_equal(decode_bytes(t, LINK_RAW, build_data(&t->b), 24, 44), DECODE_PACKET);
	assert_int_equal(t->p.flags, PACKET_NO_L4 | PACKET_TRUNCATED);
	assert_int_equal(t->p.dport, 80);
	assert_int_equal(decode_bytes(t, LINK_RAW, build_data(&t->b), 23, 44), DECODE_PACKET);
	assert_int_equal(t->p.dport, 0);
}

static void checksum_tells_right_from_wrong(void **state)
{
	struct decoding *t = *state;
	for (size_t len = 0; len < 40; len++) {
		for (int version = 4; version <= 6; version += 2) {
			build_payload(&t->b, len, 1);
			build_tcp(&t->b, 1000, 80, TCP_SYN);
			set_checksum(&t->b, version);
			if (version == 4)
				build_ipv4(&t->b, 1, 2, 6);
			else
				build_ipv6(&t->b, 1, 2, 6);
			assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
			assert_true(packet_checksum_ok(&t->p));
			build_data(&t->b)[build_len(&t->b) - 1] ^= 0x40;
			assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
			assert_false(packet_checksum_ok(&t->p));
		}
	}
}

static void checksum_carries(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 64, 0);
	memset(build_data(&t->b), 0xff, 64);
	build_tcp(&t->b, 0xffff, 0xffff, 0xff);
	set_checksum(&t->b, 4);
	build_ipv4(&t->b, 1, 2, 6);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_true(packet_checksum_ok(&t->p));
}

static void checksum_of_a_part_is_not_known(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_false(packet_checksum_ok(&t->p));
	assert_int_equal(decode_bytes(t, LINK_RAW, build_data(&t->b), 43, 44), DECODE_PACKET);
	assert_true(packet_checksum_ok(&t->p));
}

static void checksum_of_a_source_route_is_not_known(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 4, 'a');
	build_tcp(&t->b, 1000, 80, TCP_SYN);
	build_bytes(&t->b, "\x06\0\0\0\0\0\0\0", 8);
	build_ipv6(&t->b, 1, 2, 43);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_false(packet_checksum_ok(&t->p));
	build_data(&t->b)[43] = 1;
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_true(packet_checksum_ok(&t->p));
}

static void every_truncation_is_safe(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 12, 'a');
	build_tcp(&t->b, 1000, 80, TCP_SYN);
	build_data(&t->b)[12] = 7 << 4;
	build_ipv6(&t->b, 1, 2, 6);
	assert_truncations(t, LINK_RAW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(header_is_read),
		DECODING_TEST(options_are_no_payload),
		DECODING_TEST(bad_offset_is_counted),
		DECODING_TEST(ports_alone_are_kept),
		DECODING_TEST(checksum_tells_right_from_wrong),
		DECODING_TEST(checksum_carries),
		DECODING_TEST(checksum_of_a_part_is_not_known),
		DECODING_TEST(checksum_of_a_source_route_is_not_known),
		DECODING_TEST(every_truncation_is_safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
