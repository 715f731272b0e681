/* decode/test_arp.c - address resolution. */
#include "decoding.h"

static void request_is_a_packet(void **state)
{
	struct decoding *t = *state;
	build_bytes(&t->b,
		    "\0\x01\x08\0\x06\x04\0\x01"
		    "\x02\0\0\0\0\x01\x0a\0\0\x01"
		    "\0\0\0\0\0\0\x0a\0\0\x02",
		    28);
	build_ethernet(&t->b, 0x0806);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_int_equal(t->p.kind, PACKET_ARP);
	assert_int_equal(t->p.ip_version, 0);
	assert_int_equal(t->p.proto, 0);
	assert_int_equal(t->p.sport, 1);
	assert_memory_equal(t->p.src.u.b + 12, "\x0a\0\0\x01", 4);
	assert_memory_equal(t->p.dst.u.b + 12, "\x0a\0\0\x02", 4);
	assert_int_equal(t->p.ip_len, 28);
	assert_truncations(t, LINK_ETHERNET);
}

static void longer_hardware_addresses_are_stepped_over(void **state)
{
	struct decoding *t = *state;
	build_payload(&t->b, 48, 0);
	uint8_t *arp = build_data(&t->b);
	memset(arp, 0, 48);
	memcpy(arp, "\0\x20\x08\0\x10\x04\0\x02", 8);
	arp[24] = arp[44] = 10;
	arp[27] = 7;
	arp[47] = 8;
	build_ethernet(&t->b, 0x0806);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_PACKET);
	assert_int_equal(t->p.sport, 2);
	assert_int_equal(t->p.src.u.b[15], 7);
	assert_int_equal(t->p.dst.u.b[15], 8);
}

static void other_protocols_are_counted(void **state)
{
	struct decoding *t = *state;
	build_bytes(&t->b, "\0\x01\x86\xdd\x06\x10\0\x01", 8);
	build_ethernet(&t->b, 0x0806);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_OTHER);
	assert_int_equal(counter(t, "arp.other"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(request_is_a_packet),
		DECODING_TEST(longer_hardware_addresses_are_stepped_over),
		DECODING_TEST(other_protocols_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
