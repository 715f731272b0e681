/*
 * unit/inspect/test_sip.c - messages of calls, and data that ride in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector sip_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &sip_inspector, PROTO_UDP, 5060, 5060);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

#define WORD32 "QWxsIHRoYXQgaXMgZ29sZCBkb2VzIG5v"
#define INVITE                                                             \
 "INVITE sip:kim@192.0.2.53 SIP/2.0\r\nVia: SIP/2.0/UDP "                  \
 "10.0.0.1:5060;branch=z9hG4bK-524287-1---a5d9c7e3f1b2\r\nCall-ID: "       \
 "6b86b273ff34fce19d6b804eff5a3f57@10.0.0.1\r\nContent-Length: 20\r\n\r\n" \
 "v=0\r\nm=audio 6000 0\r\n"

static bool is_sip(const char *text)
{
	return harness_probe(&h, true, text, strlen(text));
}

static void first_lines_of_both_kinds_are_known(void **state)
{
	(void)state;
	assert_true(is_sip(INVITE));
	assert_true(is_sip("SIP/2.0 200 OK\r\n"));
	assert_false(is_sip("GET / HTTP/1.1\r\n"));
	assert_false(is_sip("INVITE\r\n"));
	assert_false(is_sip("INVITE sip:kim\r\n SIP/2.0"));
	assert_false(is_sip(" SIP/2.0"));
	assert_false(is_sip("\r\n\r\n"));
}

static uint32_t carried(const char *text)
{
	harness_restart(&h);
	harness_datagram(&h, true, text, strlen(text));
	const struct event_carrier *e = harness_event(&h, EVENT_CARRIER, 0);
	assert_non_null(e);
	assert_int_equal(e->e.app, APP_SIP);
	return e->carried_len;
}

static void a_call_carries_nothing_and_a_coded_message_does(void **state)
{
	(void)state;
	assert_int_equal(carried(INVITE), 0);
	assert_int_equal(carried("MESSAGE sip:kim@192.0.2.53 SIP/2.0\r\n\r\nsee you at nine"), 0);
	assert_int_equal(
		carried("MESSAGE sip:kim@192.0.2.53 SIP/2.0\r\n\r\n" WORD32 WORD32 WORD32 WORD32),
		128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_lines_of_both_kinds_are_known, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_call_carries_nothing_and_a_coded_message_does,
						set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
