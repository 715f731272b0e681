/*
 * unit/inspect/test_rdp.c - how remote desktop connections begin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector rdp_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &rdp_inspector, PROTO_TCP, 40000, 3389);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

#define REQUEST                                                     \
 "\003\000\000+&\340\000\000\000\000\000Cookie: mstshash=alice\015" \
 "\012\001\000\010\000\003\000\000\000"
#define CONFIRM                                                     \
 "\003\000\000\023\016\320\000\000\000\000\000\002\000\010\000\002" \
 "\000\000\000"
#define PLAIN         "\003\000\000\013\006\340\000\000\000\000\000"
#define PLAIN_CONFIRM "\003\000\000\013\006\320\000\000\000\000\000"
/* core: version, 800 x 600, depth, sequence, keyboard, build 2600, name "PC1" */
#define SETTINGS                                                     \
 "\003\000\000f\002\360\200\177eDucaX\001\3008\000\004\000\010\000 " \
 "\003X\002\001\312\003\252\007\004\000\000(\012\000\000P\000C\0001" \
 "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"  \
 "\000\000\000\000\000\000\000\000\000\000\000\003\300 \000\002\000" \
 "\000\000rdpdr\000\000\000\000\000\000\000ms_t120\000\000\000\000"  \
 "\000"

static const struct turn nla[] = { C(REQUEST), S(CONFIRM) };
static const struct turn plain[] = { C(PLAIN), S(PLAIN_CONFIRM), C(SETTINGS) };

static const struct event_rdp *rdp(void)
{
	const struct event_rdp *e = harness_event(&h, EVENT_RDP, 0);
	assert_int_equal(harness_count(&h, EVENT_RDP), 1);
	assert_non_null(e);
	return e;
}

static void nla_turns_to_tls(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, REQUEST, sizeof(REQUEST) - 1));
	dialog_whole(&h, nla, DIALOG_COUNT(nla));
	assert_true(harness_str_is(rdp(), &rdp()->cookie, "alice"));
	assert_int_equal(rdp()->requested, 3);
	assert_int_equal(rdp()->selected, 2);
	assert_int_equal(rdp()->has_settings, 0);
	assert_int_equal(h.verdict, INSPECT_TURNS);
	dialog_prefixes(&h, nla, DIALOG_COUNT(nla));
}

static void standard_security_shows_the_client(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, PLAIN, sizeof(PLAIN) - 1));
	dialog_whole(&h, plain, DIALOG_COUNT(plain));
	assert_int_equal(rdp()->has_request, 0);
	assert_int_equal(rdp()->has_settings, 1);
	assert_int_equal(rdp()->client_build, 2600);
	assert_int_equal(rdp()->width, 800);
	assert_true(harness_str_is(rdp(), &rdp()->client_name, "PC1"));
	assert_int_equal(rdp()->channel_count, 2);
	assert_true(harness_str_is(rdp(), &rdp()->channels, "rdpdr, ms_t120"));
	assert_int_equal(rdp()->has_inner, 1);
	dialog_prefixes(&h, plain, DIALOG_COUNT(plain));
}

static void a_refusal_has_its_code(void **state)
{
	static const struct turn turns[] = {
		C(REQUEST),
		S("\003\000\000\023\016\320\000\000\000\000\000\003\000\010\000\005\000\000\000")
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(rdp()->failure, 5);
	assert_int_equal(rdp()->selected, 0);
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_false(harness_probe(&h, false, REQUEST, sizeof(REQUEST) - 1));
	h.flow.key.port[1] = 4000;
	assert_true(harness_probe(&h, true, REQUEST, sizeof(REQUEST) - 1));
	assert_false(harness_probe(&h, true, PLAIN, sizeof(PLAIN) - 1));
	assert_int_equal(harness_stream(&h, true, "GET / HTTP", 10), INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(nla_turns_to_tls),
		T(standard_security_shows_the_client),
		T(a_refusal_has_its_code),
		T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
