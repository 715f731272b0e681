/*
 * unit/inspect/test_ntp.c - NTP messages, their extensions, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector ntp_inspector;

static struct harness h;
static uint8_t m[600];

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &ntp_inspector, PROTO_UDP, 40000, 123);
	memset(m, 0, sizeof(m));
	m[0] = 0x23; /* version 4, client */
	m[1] = 2;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct event_ntp *send(size_t len)
{
	harness_restart(&h);
	assert_int_equal(harness_datagram(&h, true, m, len), INSPECT_MORE);
	assert_int_equal(harness_count(&h, EVENT_NTP), 1);
	return harness_event(&h, EVENT_NTP, 0);
}

static void put_field(size_t at, unsigned type, unsigned len, int fill)
{
	m[at] = (uint8_t)(type >> 8);
	m[at + 1] = (uint8_t)type;
	m[at + 2] = (uint8_t)(len >> 8);
	m[at + 3] = (uint8_t)len;
	memset(m + at + 4, fill, len - 4);
}

static void plain_time_and_its_mac_hold_nothing(void **state)
{
	static const size_t lens[] = { 48, 52, 68, 72, 84 };
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_true(harness_probe(&h, true, m, lens[i]));
		const struct event_ntp *e = send(lens[i]);
		assert_int_equal(e->mode, 3);
		assert_int_equal(e->version, 4);
		assert_int_equal(e->stratum, 2);
		assert_int_equal(e->payload_len, lens[i]);
		assert_int_equal(e->extension_len, 0);
		assert_int_equal(e->extension_hash, 0);
		assert_int_equal(e->malformed, 0);
	}
}

static void extension_fields_are_measured(void **state)
{
	(void)state;
	put_field(48, 0x0104, 36, 'a');
	put_field(84, 0x0204, 120, 'b');
	const struct event_ntp *e = send(204);
	assert_int_equal(e->extension_len, 156);
	assert_int_equal(e->malformed, 0);
	uint64_t hash = e->extension_hash;
	e = send(224); /* and a MAC behind them */
	assert_int_equal(e->extension_len, 156);
	assert_true(e->extension_hash == hash);
	m[100]++;
	assert_true(send(204)->extension_hash != hash);
}

static void bytes_that_are_no_field_count(void **state)
{
	(void)state;
	memset(m + 48, 'x', 200);
	const struct event_ntp *e = send(48 + 100);
	assert_int_equal(e->extension_len, 100);
	assert_int_equal(e->malformed, 1);
	put_field(48, 1, 64, 'y');
	m[51] = 200; /* longer than what is there */
	assert_int_equal(send(112)->malformed, 1);
	m[51] = 0;
	assert_int_equal(send(112)->malformed, 1);
}

static void control_messages_are_measured(void **state)
{
	(void)state;
	m[0] = 0x16;
	m[1] = 2;
	const struct event_ntp *e = send(12);
	assert_int_equal(e->mode, 6);
	assert_int_equal(e->extension_len, 0);
	assert_int_equal(send(112)->extension_len, 100);
	m[0] = 0x17;
	m[1] = 0x2a; /* monlist */
	e = send(448);
	assert_int_equal(e->mode, 7);
	assert_int_equal(e->extension_len, 440);
	assert_int_equal(e->malformed, 0);
}

static void others_are_not_mine_until_it_was(void **state)
{
	(void)state;
	assert_false(harness_probe(&h, true, "SSH-2.0-x", 9));
	memset(m, 0xff, 100);
	assert_false(harness_probe(&h, true, m, 100));
	assert_int_equal(harness_datagram(&h, true, m, 100), INSPECT_NOT_MINE);
	m[0] = 0x23;
	assert_false(harness_probe(&h, true, m, 44));
	assert_false(harness_probe(&h, true, m, 100)); /* stratum 255 */
	m[0] = 0;
	h.flow.flags |= FLOW_CLASSIFIED;
	assert_int_equal(harness_datagram(&h, true, m, 100), INSPECT_MORE);
	const struct event_ntp *e = harness_event(&h, EVENT_NTP, 0);
	assert_int_equal(e->malformed, 1);
	assert_int_equal(e->extension_len, 100);
}

static void no_length_reads_too_far(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 64; first++) {
		m[0] = (uint8_t)first;
		put_field(48, 1, 64, 'y');
		for (size_t len = 0; len < 140; len++) {
			harness_restart(&h);
			(void)harness_probe(&h, true, m, len);
			(void)harness_datagram(&h, true, m, len);
			(void)harness_datagram_cut(&h, true, m, len, 140);
		}
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(plain_time_and_its_mac_hold_nothing), TEST(extension_fields_are_measured),
		TEST(bytes_that_are_no_field_count),       TEST(control_messages_are_measured),
		TEST(others_are_not_mine_until_it_was),    TEST(no_length_reads_too_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
