/*
 * unit/inspect/test_imap.c - log-ins of IMAP and their outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector imap_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &imap_inspector, PROTO_TCP, 40000, 143);
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
	S("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"),
	C("a1 CAPABILITY\r\n"),
	S("* CAPABILITY IMAP4rev1\r\na1 OK done\r\n"),
	C("a2 LOGIN \"alice smith\" wrong\r\n"),
	S("a2 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"),
	C("a3 LOGIN {3}\r\n"),
	S("+ OK\r\n"),
	C("bob {6}\r\n"),
	S("+ OK\r\n"),
	C("secret\r\n"),
	S("a3 NO failed\r\n"),
	C("a4 AUTHENTICATE PLAIN AGJvYgBzZWNyZXQ=\r\n"),
	S("* CAPABILITY IMAP4rev1\r\na4 OK Logged in\r\n"),
};

static void each_attempt_is_told(void **state)
{
	(void)state;
	dialog_whole(&h, session, DIALOG_COUNT(session));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 3);
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, "alice smith"));
	assert_true(dialog_login(&h, 1, LOGIN_FAILURE, "bob"));
	assert_true(dialog_login(&h, 2, LOGIN_SUCCESS, "bob"));
	/* the same secret by a literal and by SASL */
	assert_int_equal(login(1)->secret_mark, login(2)->secret_mark);
	assert_int_not_equal(login(0)->secret_mark, login(1)->secret_mark);
	assert_int_equal(h.verdict, INSPECT_DONE);
}

static void it_may_end_anywhere(void **state)
{
	(void)state;
	dialog_prefixes(&h, session, DIALOG_COUNT(session));
}

static void starttls_turns_to_tls(void **state)
{
	static const struct turn turns[] = { S("* OK hi\r\n"), C("1 STARTTLS\r\n"),
					     S("1 OK Begin TLS\r\n") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(h.verdict, INSPECT_TURNS);
}

static void quoted_strings_may_be_broken(void **state)
{
	static const struct turn turns[] = { S("* OK hi\r\n"), C("1 LOGIN \"a\\\"b\r\n"), C("\r\n"),
					     S("1 BAD what\r\n") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(login(0)->outcome, LOGIN_FAILURE);
	dialog_prefixes(&h, turns, DIALOG_COUNT(turns));
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, false, "* OK hello\r\n", 12));
	assert_true(harness_probe(&h, true, "a LOGIN x y\r\n", 13));
	assert_false(harness_probe(&h, true, "GET / HTTP/1.1\r\n", 16));
	h.flow.key.port[1] = 9000;
	assert_false(harness_probe(&h, false, "* OK hello\r\n", 12));
	assert_int_equal(harness_stream(&h, false, "hello\r\n", 7), INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(each_attempt_is_told),         T(it_may_end_anywhere), T(starttls_turns_to_tls),
		T(quoted_strings_may_be_broken), T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
