/*
 * unit/inspect/test_telnet.c - log-ins over Telnet, by prompts and answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector telnet_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &telnet_inspector, PROTO_TCP, 40000, 23);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct event_login *login(unsigned n)
{
	const struct event_login *e = harness_event(&h, EVENT_LOGIN, n);
	assert_non_null(e);
	return e;
}

static const struct turn session[] = {
	S("\xff\xfd\x18\xff\xfd\x20"),
	C("\xff\xfb\x18\xff\xfa\x18\0xterm\xff\xf0"),
	S("Ubuntu 16.04\r\nhost login: "),
	C("alx\x7fice\r\n"),
	S("alice\r\nPassword: "),
	C("wrong\r\0"),
	S("\r\nLogin incorrect\r\nhost login: "),
	C("bob\r\n"),
	S("bob\r\nPassword: "),
	C("right\r\n"),
	S("\r\nLast login: Mon Nov 23\r\n"),
};

static void each_attempt_is_told(void **state)
{
	(void)state;
	dialog_whole(&h, session, DIALOG_COUNT(session));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 2);
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, "alice"));
	assert_true(dialog_login(&h, 1, LOGIN_SUCCESS, "bob"));
	assert_int_equal(login(0)->is_inferred, 1);
	assert_int_not_equal(login(0)->secret_mark, login(1)->secret_mark);
	assert_int_equal(h.verdict, INSPECT_DONE);
}

static void it_may_end_anywhere(void **state)
{
	(void)state;
	dialog_prefixes(&h, session, DIALOG_COUNT(session));
}

static void a_router_shows_its_prompt(void **state)
{
	static const struct turn turns[] = {
		S("User Access Verification\r\n\r\nPassword: "),
		C("cisco\r\n"),
		S("\r\nPassword: "),
		C("c1sco\r\n"),
		S("\r\nrouter>"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, ""));
	assert_true(dialog_login(&h, 1, LOGIN_SUCCESS, ""));
}

static void a_session_without_a_log_in_ends(void **state)
{
	static char text[3000];
	(void)state;
	memset(text, 'x', sizeof(text));
	for (unsigned i = 0; i < 30; i++)
		harness_stream(&h, false, text, sizeof(text));
	assert_int_equal(h.verdict, INSPECT_DONE);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
}

static void only_on_its_ports(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, false, "\xff\xfd\x18", 3));
	h.flow.key.port[1] = 80;
	assert_false(harness_probe(&h, false, "\xff\xfd\x18", 3));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(each_attempt_is_told),      T(it_may_end_anywhere),
		T(a_router_shows_its_prompt), T(a_session_without_a_log_in_ends),
		T(only_on_its_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
