/*
 * unit/inspect/test_syslog.c - messages of logs, and data that ride in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector syslog_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &syslog_inspector, PROTO_UDP, 40000, 514);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct event_carrier *send(const void *data, size_t len)
{
	harness_restart(&h);
	assert_int_equal(harness_datagram(&h, true, data, len), INSPECT_MORE);
	const struct event_carrier *e = harness_event(&h, EVENT_CARRIER, 0);
	assert_non_null(e);
	assert_int_equal(e->e.app, APP_SYSLOG);
	assert_int_equal(e->payload_len, len);
	assert_int_equal(e->carried_hash != 0, e->carried_len != 0);
	return e;
}
#define SEND(text) send(text, sizeof(text) - 1)

#define WORD32 "QWxsIHRoYXQgaXMgZ29sZCBkb2VzIG5v"

static void only_a_priority_begins_a_message(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, "<0>x", 4));
	assert_true(harness_probe(&h, true, "<191>x", 6));
	assert_false(harness_probe(&h, true, "<192>x", 6));
	assert_false(harness_probe(&h, true, "<>x", 3));
	assert_false(harness_probe(&h, true, "<0191>x", 7));
	assert_false(harness_probe(&h, true, "<13", 3));
	assert_false(harness_probe(&h, true, "13>x", 4));
	assert_false(harness_probe(&h, false, "<13>x", 5));
}

static void words_of_every_day_carry_nothing(void **state)
{
	(void)state;
	assert_int_equal(SEND("<38>sshd[7]: Accepted publickey for jo from 10.0.0.7 port 4 ssh2: "
			      "ED25519 SHA256:" WORD32 "dCBnbGl0dGVy")
				 ->carried_len,
			 0);
	assert_int_equal(SEND("<13>J\303\274rgen \320\276\321\202\320\272\321\200\321\213\320\273 "
			      "\321\204\320\260\320\271\320\273")
				 ->carried_len,
			 0);
	char rule[260] = "<13>";
	memset(rule + 4, '=', 200);
	assert_int_equal(send(rule, 204)->carried_len, 0);
}

static void long_codes_are_counted_and_told_apart(void **state)
{
	(void)state;
	uint64_t first = SEND("<13>app: " WORD32 WORD32 WORD32)->carried_hash;
	assert_int_equal(SEND("<13>app: " WORD32 WORD32 WORD32)->carried_len, 96);
	assert_true(SEND("<14>again: " WORD32 WORD32 WORD32)->carried_hash == first);
	const struct event_carrier *e =
		SEND("<13>a " WORD32 WORD32 WORD32 " b " WORD32 WORD32 WORD32 "x ");
	assert_int_equal(e->carried_len, 193);
	assert_true(e->carried_hash != first);
}

static void what_is_no_text_counts_whole(void **state)
{
	(void)state;
	uint8_t noise[104] = "<13>";
	for (size_t i = 4; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 151);
	assert_int_equal(send(noise, sizeof(noise))->carried_len, sizeof(noise));
}

static void what_stays_inside_is_not_told(void **state)
{
	static const uint8_t inside[4] = { 10, 0, 0, 9 };
	(void)state;
	h.flow.key.addr[1] = ipaddr_v4(inside);
	assert_int_equal(harness_datagram(&h, true, "<13>hello", 9), INSPECT_DONE);
	assert_int_equal(harness_count(&h, EVENT_CARRIER), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_a_priority_begins_a_message, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(words_of_every_day_carry_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(long_codes_are_counted_and_told_apart, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_text_counts_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_stays_inside_is_not_told, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
