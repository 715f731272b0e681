/*
 * unit/inspect/test_framed.c - frames that begin with their length, in no known protocol.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector framed_inspector;

static struct harness h;
static uint32_t dice;

static int set_up(void **state)
{
	static const uint8_t client[4] = { 10, 0, 0, 1 }, server[4] = { 203, 0, 113, 5 };
	(void)state;
	harness_init(&h, &framed_inspector, PROTO_TCP, 40000, 54984);
	h.flow.key.addr[0] = ipaddr_v4(client);
	h.flow.key.addr[1] = ipaddr_v4(server);
	h.flow.flags |= FLOW_CLASSIFIED;
	dice = 7;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

enum form { LE32, BE32, LE16, BE16_WHOLE };

/* A frame whose body is `sealed` or counts up; returns its length. */
static size_t make(uint8_t *to, enum form form, size_t body, bool is_sealed)
{
	size_t head = form == LE32 || form == BE32 ? 4 : 2, n = body;
	if (form == BE16_WHOLE)
		n += head;
	for (size_t i = 0; i < head; i++)
		to[i] = (uint8_t)(n >> 8 * (form == LE32 || form == LE16 ? i : head - 1 - i));
	for (size_t i = 0; i < body; i++) {
		dice = dice * 1664525u + 1013904223u;
		to[head + i] = is_sealed ? (uint8_t)(dice >> 24) : (uint8_t)(i & 7);
	}
	return head + body;
}

static void say(bool from_client, enum form form, size_t body, bool is_sealed)
{
	uint8_t b[2048];
	size_t len = make(b, form, body, is_sealed);
	harness_stream(&h, from_client, b, len);
}

static uint32_t marks(void)
{
	unsigned n = harness_count(&h, EVENT_IMPLANT);
	const struct event_implant *e = n ? harness_event(&h, EVENT_IMPLANT, n - 1) : NULL;
	assert_true(!e || e->family == IMPLANT_FRAMED);
	return e ? e->marks : 0;
}

#define FORMED (IMPLANT_FORM | IMPLANT_ANSWERED | IMPLANT_GOES_ON)

static void layouts_are_found(void **state)
{
	static const enum form forms[] = { LE32, BE32, LE16, BE16_WHOLE };
	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		harness_restart(&h);
		h.flow.flags |= FLOW_CLASSIFIED;
		for (unsigned i = 0; i < 6; i++) {
			say(true, forms[k], 30 + 11 * i, false);
			assert_true(i > 1 || marks() == 0);
			say(false, forms[k], 9 + i, false);
		}
		assert_int_equal(marks(), FORMED);
	}
}

static void sealed_blocks_by_a_clock(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		h.packet.time_ns += 30000000000ull;
		say(true, LE32, 16, true);
		say(false, LE32, 16, true);
		say(false, LE32, 32, true);
		say(true, LE32, 64 + 8 * i, true);
	}
	assert_int_equal(marks(), FORMED | IMPLANT_SEALED | IMPLANT_BLOCKS | IMPLANT_RHYTHM);
}

static void long_frames_come_in_pieces(void **state)
{
	uint8_t b[2048];
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		size_t len = make(b, BE32, 1500 + i, true);
		for (size_t at = 0; at < len; at += 100)
			harness_stream(&h, true, b + at, len - at < 100 ? len - at : 100);
		say(false, BE32, 21, true);
		if (i == 0) /* the first payload is whole frames, or it is none of its kind */
			break;
	}
	assert_int_equal(marks(), 0);
	harness_restart(&h);
	h.flow.flags |= FLOW_CLASSIFIED;
	for (unsigned i = 0; i < 6; i++) {
		say(false, BE32, 21 + i, true);
		size_t len = make(b, BE32, 1500 + i, true);
		for (size_t at = 0; at < len; at += 100)
			harness_stream(&h, true, b + at, len - at < 100 ? len - at : 100);
	}
	assert_int_equal(marks() & FORMED, FORMED);
}

static void what_is_known_is_not_told(void **state)
{
	(void)state;
	h.flow.app = APP_TLS;
	for (unsigned i = 0; i < 6; i++) {
		say(true, LE32, 30 + i, true);
		say(false, LE32, 30, true);
	}
	assert_int_equal(harness_count(&h, EVENT_IMPLANT), 0);
}

static void what_is_not_framed(void **state)
{
	static const uint8_t text[] = "GET / of no protocol at all";
	static const uint8_t large[] = { 0, 0, 0x20, 0, 1, 2, 3, 4 };
	static const uint8_t empty[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t b[64];
	(void)state;
	assert_false(harness_probe(&h, true, text, sizeof(text)));
	assert_false(harness_probe(&h, true, large, sizeof(large)));
	assert_false(harness_probe(&h, true, empty, sizeof(empty)));
	size_t len = make(b, LE32, 20, true);
	assert_true(harness_probe(&h, true, b, len));
	assert_false(harness_probe(&h, true, b, len - 1)); /* every truncation */
	say(true, LE32, 20, true);
	harness_stream(&h, false, text, sizeof(text)); /* the other side does not frame */
	assert_int_equal(h.verdict, INSPECT_NOT_MINE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(layouts_are_found),          TEST(sealed_blocks_by_a_clock),
		TEST(long_frames_come_in_pieces), TEST(what_is_known_is_not_told),
		TEST(what_is_not_framed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
