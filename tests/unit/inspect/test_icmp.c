/*
 * unit/inspect/test_icmp.c - what the payload of an echo is taken for, and who answers what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exfild/inspect/icmp_pattern.h"
#include "support/inspect_harness.h"

extern const struct inspector icmp_inspector;

static struct harness h;
static const uint64_t start_ns = 1700000000ull * 1000000000ull;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &icmp_inspector, PROTO_ICMP, 0, 0);
	h.packet.time_ns = start_ns;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void message(bool from_client, unsigned type, unsigned seq, const void *data, size_t len)
{
	h.packet.sport = (uint16_t)(type << 8);
	h.packet.dport = 77;
	h.packet.icmp_seq = (uint16_t)seq;
	assert_true(harness_probe(&h, from_client, data, len));
	assert_int_equal(harness_datagram(&h, from_client, data, len), INSPECT_MORE);
}

static const struct event_icmp *event(unsigned n)
{
	return harness_event(&h, EVENT_ICMP, n);
}

static const struct event_icmp *request(const void *data, size_t len)
{
	harness_restart(&h);
	message(true, 8, 1, data, len);
	assert_int_equal(harness_count(&h, EVENT_ICMP), 1);
	return event(0);
}

static void put_le(uint8_t *p, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* As Linux ping: seconds, microseconds, and each byte its own offset. */
static void build_linux(uint8_t p[56], uint64_t sec, uint64_t usec)
{
	for (unsigned i = 0; i < 56; i++)
		p[i] = (uint8_t)i;
	put_le(p, sec, 8);
	put_le(p + 8, usec, 8);
}

static void a_reply_is_paired_with_its_request(void **state)
{
	(void)state;
	message(true, 8, 1, "stolen data", 11);
	message(false, 0, 1, "stolen data", 11);
	message(false, 0, 1, "new command", 11);
	message(false, 0, 1, "longer command", 14);
	message(false, 0, 2, "stolen data", 11);
	assert_int_equal(harness_count(&h, EVENT_ICMP), 5);
	const struct event_icmp *e = event(0);
	assert_int_equal(e->type, 8);
	assert_int_equal(e->is_reply, 0);
	assert_int_equal(e->id, 77);
	assert_int_equal(e->icmp_seq, 1);
	assert_int_equal(e->payload_len, 11);
	assert_int_equal(e->pattern, ICMP_PATTERN_NONE);
	assert_int_equal(e->info_bytes, 11);
	assert_int_equal(e->magic, 0x73746f6c);
	assert_memory_equal(e->head, "stolen data\0\0\0\0\0", 16);
	assert_true(e->entropy > 3 && e->entropy < 4);
	static const uint8_t differs[] = { 0, 1, 1, 0 };
	for (unsigned i = 1; i < 5; i++) {
		e = event(i);
		assert_int_equal(e->is_reply, 1);
		assert_int_equal(e->paired, i < 4);
		assert_int_equal(e->differs, differs[i - 1]);
		assert_int_equal(e->e.from_server, 1);
	}
	assert_true(event(1)->rtt_ns > 0);
	assert_true(event(1)->payload_hash == event(0)->payload_hash);
	assert_true(event(2)->payload_hash != event(0)->payload_hash);
}

static void eight_requests_are_remembered(void **state)
{
	(void)state;
	for (unsigned seq = 0; seq < 9; seq++)
		message(true, 8, seq, "data", 4);
	for (unsigned seq = 0; seq < 9; seq++)
		message(false, 0, seq, "data", 4);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(event(9 + i)->paired, i > 0);
}

static void the_latest_of_one_number_counts(void **state)
{
	(void)state;
	message(true, 8, 5, "first", 5);
	message(true, 8, 5, "other", 5);
	message(false, 0, 5, "other", 5);
	assert_int_equal(event(2)->differs, 0);
}

static void ordinary_tools_say_nothing(void **state)
{
	uint8_t p[1400];
	(void)state;
	assert_int_equal(request(NULL, 0)->pattern, ICMP_PATTERN_EMPTY);
	assert_int_equal(event(0)->info_bytes, 0);

	const struct event_icmp *e = request("abcdefghijklmnopqrstuvwabcdefghi", 32);
	assert_int_equal(e->pattern, ICMP_PATTERN_WINDOWS);
	assert_int_equal(e->info_bytes, 0);
	assert_true(e->entropy == 0);

	build_linux(p, 1700000000, 123456);
	e = request(p, 56);
	assert_int_equal(e->pattern, ICMP_PATTERN_LINUX);
	assert_int_equal(e->info_bytes, 0);
	e = request(p, 16); /* ping -s 16: the clock alone */
	assert_int_equal(e->pattern, ICMP_PATTERN_LINUX);
	assert_int_equal(e->info_bytes, 0);

	for (unsigned i = 0; i < 56; i++)
		p[i] = (uint8_t)i;
	memcpy(p, "\x65\x53\xf1\x00\x00\x01\xe2\x40", 8);
	e = request(p, 56);
	assert_int_equal(e->pattern, ICMP_PATTERN_MACOS);
	assert_int_equal(e->info_bytes, 0);

	memset(p, 0, sizeof(p));
	assert_int_equal(request(p, 1400)->pattern, ICMP_PATTERN_ZEROS);
	assert_int_equal(event(0)->info_bytes, 0);
	memset(p, 'X', sizeof(p));
	assert_int_equal(request(p, 120)->pattern, ICMP_PATTERN_FILL);
	assert_int_equal(event(0)->info_bytes, 0);
	for (unsigned i = 0; i < 600; i++)
		p[i] = (uint8_t)i;
	assert_int_equal(request(p, 600)->pattern, ICMP_PATTERN_COUNTING);
	assert_int_equal(event(0)->info_bytes, 0);
}

static void a_period_counts_once(void **state)
{
	uint8_t p[56];
	(void)state;
	build_linux(p, 1700000000, 5);
	for (unsigned i = 16; i < 56; i++)
		p[i] = (uint8_t) "topsecretpasswd!"[i % 16];
	const struct event_icmp *e = request(p, 56); /* ping -p */
	assert_int_equal(e->pattern, ICMP_PATTERN_PERIODIC);
	assert_int_equal(e->info_bytes, 16);
	uint64_t hash = e->payload_hash;
	put_le(p + 8, 6, 8);
	assert_true(request(p, 56)->payload_hash == hash);
	p[17]++;
	assert_int_equal(request(p, 56)->pattern, ICMP_PATTERN_NONE);
	assert_int_equal(event(0)->info_bytes, 56);
}

static void a_wrong_clock_is_known_by_its_pace(void **state)
{
	uint8_t p[56];
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		build_linux(p, 12345 + i, 123456);
		h.packet.time_ns = start_ns + i * 1000000000ull;
		message(true, 8, i, p, 56);
		message(false, 0, i, p, 56);
		const struct event_icmp *e = event(2 * i);
		assert_int_equal(e->pattern, ICMP_PATTERN_LINUX);
		assert_int_equal(e->info_bytes, i ? 0 : 7);
		assert_int_equal(event(2 * i + 1)->info_bytes, 0); /* the request's bytes again */
	}
	/* busybox: four bytes of microseconds, then zeros */
	for (unsigned i = 0; i < 5; i++) {
		memset(p, 0, sizeof(p));
		put_le(p, 0xfffffff0u + i * 1000000u, 4);
		h.packet.time_ns = start_ns + (10 + i) * 1000000000ull;
		message(true, 8, 10 + i, p, 56);
		const struct event_icmp *e = event(10 + i);
		assert_int_equal(e->pattern, ICMP_PATTERN_ZEROS);
		assert_int_equal(e->info_bytes, i ? 0 : 4);
	}
}

static void data_in_the_place_of_a_clock_counts(void **state)
{
	uint8_t p[56];
	(void)state;
	build_linux(p, 0, 0);
	memcpy(p, "sixteen bytes of", 16);
	assert_int_equal(request(p, 56)->info_bytes, 16);
	build_linux(p, 0x41424344, 0x414243); /* a time, though none near */
	for (unsigned i = 0; i < 3; i++) {
		put_le(p, 0x41424344 + i * 7777777, 4);
		message(true, 8, 2 + i, p, 56);
		assert_int_equal(event(1 + i)->info_bytes, 7);
	}
}

static void errors_quote_and_say_no_more(void **state)
{
	uint8_t p[400] = { 0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 192, 0, 2, 9 };
	static const unsigned types[] = { 3, 4, 5, 11, 12 };
	(void)state;
	memset(p + 20, 'q', 64);
	for (unsigned i = 0; i < 5; i++)
		message(false, types[i], 0, p, 84);
	message(false, 3, 0, p, 28);
	message(false, 3, 0, p, 128); /* padded for RFC 4884 */
	memcpy(p + 128, "\x20\x00\x12\x34\x00\x08\x01\x01\x12\x34\x51\x01", 12);
	message(false, 11, 0, p, 140);
	assert_int_equal(harness_count(&h, EVENT_ICMP), 0);
	memset(p + 84, 'd', 200);
	message(false, 3, 0, p, 284); /* data behind the quotation */
	assert_int_equal(event(0)->info_bytes, 200);
	assert_int_equal(event(0)->pattern, ICMP_PATTERN_ERROR);
	p[12] = 11; /* a packet that its addressee has not sent */
	message(false, 3, 0, p, 84);
	assert_int_equal(event(1)->info_bytes, 84);
	message(false, 3, 0, "no packet at all", 16);
	assert_int_equal(event(2)->info_bytes, 16);
}

static void other_types_count_what_is_odd(void **state)
{
	(void)state;
	message(true, 13, 0, "\x01\x02\x03\x04\0\0\0\0\0\0\0\0", 12);
	message(true, 17, 0, "\xff\xff\xff\0", 4);
	message(true, 15, 0, NULL, 0);
	message(true, 9, 0, "\x0a\0\0\1\0\0\0\0", 8);
	assert_int_equal(harness_count(&h, EVENT_ICMP), 0);
	message(true, 13, 0, "twelve bytes and more", 21);
	message(true, 17, 0, "mask", 4);
	message(true, 15, 0, "information", 11);
	message(true, 253, 0, "experiment", 10);
	assert_int_equal(event(0)->info_bytes, 21);
	assert_int_equal(event(1)->info_bytes, 4);
	assert_int_equal(event(2)->info_bytes, 11);
	assert_int_equal(event(3)->info_bytes, 10);
	assert_int_equal(event(3)->type, 253);
}

static void version_6_has_its_own_numbers(void **state)
{
	uint8_t p[60] = { 0x60, 0, 0, 0, 0, 20 };
	(void)state;
	harness_deinit(&h);
	harness_init(&h, &icmp_inspector, PROTO_ICMPV6, 0, 0);
	message(true, 128, 1, "data", 4);
	message(false, 129, 1, "data", 4);
	assert_int_equal(event(1)->paired, 1);
	for (unsigned type = 130; type < 138; type++)
		message(true, type, 0, "neighbour options", 17);
	message(true, 143, 0, "listener report", 15);
	memcpy(p + 8, h.flow.key.addr[0].u.b, 16);
	message(false, 1, 0, p, 60);
	assert_int_equal(harness_count(&h, EVENT_ICMP), 2);
	p[8]++;
	message(false, 1, 0, p, 60);
	message(true, 200, 0, "private", 7);
	message(true, 8, 0, "version 4 echo", 14);
	assert_int_equal(harness_count(&h, EVENT_ICMP), 5);
}

static void no_length_reads_too_far(void **state)
{
	uint8_t p[200];
	(void)state;
	memset(p, 0, sizeof(p));
	build_linux(p, 1700000000, 1);
	p[60] = 0x45;
	for (unsigned type = 0; type < 256; type++)
		for (size_t len = 0; len < 140; len += type < 20 ? 1 : 13) {
			message(true, type, (unsigned)len, p + (type == 3 ? 60 : 0), len);
			h.packet.sport = (uint16_t)(type << 8);
			harness_datagram_cut(&h, false, p, len, 1000);
			harness_clear(&h);
		}
}

/* Hop limit 64, high preference, lifetime 1800; link address, prefix, two resolvers. */
static const uint8_t advertisement[] = {
	134,  0, 0,   0,    64, 0x08, 7, 8,    0,    0, 0,   0,    0, 0,    0, 0, /* */
	1,    1, 2,   0,    0,  0,    0, 4,                                       /* */
	3,    4, 64,  0xc0, 0,  0,    0, 9,    0,    0, 0,   9,    0, 0,    0, 0,
	0x20, 1, 0xd, 0xb8, 0,  0x66, 0, 0, /* */
	0,    0, 0,   0,    0,  0,    0, 0, /* */
	25,   5, 0,   0,    0,  0,    1, 0,    0x20, 1, 0xd, 0xb8, 0, 0x66, 0, 0,
	0,    0, 0,   0,    0,  0,    0, 0x53, /* */
	0x20, 1, 0xd, 0xb8, 0,  0x66, 0, 0,    0,    0, 0,   0,    0, 0,    0, 0x54,
};

static void advertise(const uint8_t *data, size_t len)
{
	uint8_t *copy = harness_exact(data, len);
	harness_restart(&h);
	h.packet.proto = PROTO_ICMPV6;
	h.packet.ip_version = 6;
	h.packet.sport = 134 << 8;
	h.packet.l3 = copy;
	h.packet.l3_cap = (uint32_t)len;
	h.packet.l4_offset = 0;
	size_t head = len < 8 ? len : 8;
	harness_datagram(&h, true, copy + head, len - head);
	h.packet.l3 = NULL;
	free(copy);
}

static void a_router_says_what_it_is(void **state)
{
	static const uint8_t frame[12] = { 0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9 };
	char text[IPADDR_TEXT_MAX];
	(void)state;
	h.packet.mac = NULL;
	advertise(advertisement, sizeof(advertisement));
	assert_int_equal(harness_count(&h, EVENT_ICMP), 0);
	const struct event_dhcp *e = harness_event(&h, EVENT_DHCP, 0);
	assert_non_null(e);
	assert_int_equal(e->message_type, 134);
	assert_int_equal(e->is_advertisement, 1);
	assert_int_equal(e->is_answer, 0);
	assert_int_equal(e->preference, ROUTER_HIGH);
	assert_int_equal(e->lifetime_s, 1800);
	assert_memory_equal(e->mac, "\2\0\0\0\0\4", 6);
	assert_true(ipaddr_equal(&e->server, &h.packet.src));
	assert_true(ipaddr_equal(&e->router, &h.packet.src));
	assert_string_equal(ipaddr_print(&e->assigned, text, sizeof(text)), "2001:db8:66::");
	assert_string_equal(ipaddr_print(&e->resolver, text, sizeof(text)), "2001:db8:66::53");
	h.packet.mac = frame; /* who sent it, not what he calls himself */
	advertise(advertisement, sizeof(advertisement));
	e = harness_event(&h, EVENT_DHCP, 0);
	assert_memory_equal(e->mac, "\2\0\0\0\0\x09", 6);
	h.packet.mac = NULL;
}

static void an_advertisement_may_be_cut_anywhere(void **state)
{
	uint8_t m[sizeof(advertisement)];
	(void)state;
	for (size_t len = 0; len <= sizeof(m); len++) {
		advertise(advertisement, len);
		const struct event_dhcp *e = harness_event(&h, EVENT_DHCP, 0);
		assert_int_equal(e != NULL, len >= 16);
		if (e)
			assert_int_equal(ipaddr_is_unspecified(&e->resolver), len < sizeof(m));
	}
	/* options without a length, and of a length that is not there */
	memcpy(m, advertisement, sizeof(m));
	m[17] = 0;
	advertise(m, sizeof(m));
	assert_non_null(harness_event(&h, EVENT_DHCP, 0));
	m[17] = 255;
	advertise(m, sizeof(m));
	assert_non_null(harness_event(&h, EVENT_DHCP, 0));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_router_says_what_it_is),
		TEST(an_advertisement_may_be_cut_anywhere),
		TEST(a_reply_is_paired_with_its_request),
		TEST(eight_requests_are_remembered),
		TEST(the_latest_of_one_number_counts),
		TEST(ordinary_tools_say_nothing),
		TEST(a_period_counts_once),
		TEST(a_wrong_clock_is_known_by_its_pace),
		TEST(data_in_the_place_of_a_clock_counts),
		TEST(errors_quote_and_say_no_more),
		TEST(other_types_count_what_is_odd),
		TEST(version_6_has_its_own_numbers),
		TEST(no_length_reads_too_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
