/*
 * unit/inspect/test_pop3.c - log-ins of POP3 and their outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector pop3_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &pop3_inspector, PROTO_TCP, 40000, 110);
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
	S("+OK POP3 server ready <1.2@host>\r\n"),
	C("CAPA\r\n"),
	S("+OK\r\nUSER\r\nSASL PLAIN LOGIN\r\n.\r\n"),
	C("USER alice\r\n"),
	S("+OK\r\n"),
	C("PASS wrong\r\n"),
	S("-ERR [AUTH] Authentication failed.\r\n"),
	C("AUTH PLAIN\r\n"),
	S("+ \r\n"),
	C("AGJvYgBzZWNyZXQ=\r\n"),
	S("-ERR no\r\n"),
	C("APOP carol c4c9334bac560ecc979e58001b3e22fb\r\n"),
	S("+OK maildrop has 1 message\r\n"),
};

static void each_attempt_is_told(void **state)
{
	(void)state;
	dialog_whole(&h, session, DIALOG_COUNT(session));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 3);
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, "alice"));
	assert_true(dialog_login(&h, 1, LOGIN_FAILURE, "bob"));
	assert_true(dialog_login(&h, 2, LOGIN_SUCCESS, "carol"));
	assert_int_equal(login(1)->method, LOGIN_PASSWORD);
	assert_true(login(1)->secret_mark != 0);
	assert_int_equal(login(2)->method, LOGIN_HASH);
	assert_int_equal(login(2)->attempt, 3);
	assert_int_equal(h.verdict, INSPECT_DONE);
}

static void it_may_end_anywhere(void **state)
{
	(void)state;
	dialog_prefixes(&h, session, DIALOG_COUNT(session));
}

static void auth_login_has_two_messages(void **state)
{
	static const struct turn turns[] = {
		S("+OK\r\n"),
		C("AUTH LOGIN\r\n"),
		S("+ VXNlcm5hbWU6\r\n"),
		C("ZGF2ZQ==\r\n"),
		S("+ UGFzc3dvcmQ6\r\n"),
		C("c2VjcmV0\r\n"),
		S("+OK Logged in.\r\n"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_true(dialog_login(&h, 0, LOGIN_SUCCESS, "dave"));
	assert_true(login(0)->secret_mark != 0);
	dialog_prefixes(&h, turns, DIALOG_COUNT(turns));
}

static void stls_turns_to_tls(void **state)
{
	static const struct turn turns[] = { S("+OK\r\n"), C("STLS\r\n"), S("+OK Begin TLS\r\n") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(h.verdict, INSPECT_TURNS);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
}

static void an_answer_that_is_missing(void **state)
{
	static const struct turn turns[] = { S("+OK\r\n"), C("USER a\r\nPASS b\r\n") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 1);
	assert_int_equal(login(0)->outcome, LOGIN_UNKNOWN);
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, false, "+OK ready\r\n", 11));
	assert_true(harness_probe(&h, true, "USER a\r\n", 8));
	assert_false(harness_probe(&h, true, "GET / HTTP/1.1\r\n", 16));
	h.flow.key.port[1] = 6379;
	assert_false(harness_probe(&h, false, "+OK\r\n", 5));
	assert_int_equal(harness_stream(&h, false, "220 hello\r\n", 11), INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(each_attempt_is_told),        T(it_may_end_anywhere),
		T(auth_login_has_two_messages), T(stls_turns_to_tls),
		T(an_answer_that_is_missing),   T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
