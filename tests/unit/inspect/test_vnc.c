/*
 * unit/inspect/test_vnc.c - log-ins of VNC and their outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector vnc_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &vnc_inspector, PROTO_TCP, 40000, 5900);
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

static const struct turn refused[] = {
	S("RFB 003.008\n"),    C("RFB 003.008\n"),        S("\1\2"), C("\2"), S("0123456789abcdef"),
	C("fedcba9876543210"), S("\0\0\0\1\0\0\0\4oops"),
};

static void a_wrong_password(void **state)
{
	(void)state;
	dialog_whole(&h, refused, DIALOG_COUNT(refused));
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, ""));
	assert_int_equal(login(0)->method, LOGIN_HASH);
	assert_int_equal(login(0)->status, 1);
	dialog_prefixes(&h, refused, DIALOG_COUNT(refused));
}

static void an_old_server_chooses(void **state)
{
	static const struct turn turns[] = {
		S("RFB 003.003\n"),
		C("RFB 003.003\n"),
		S("\0\0\0\2"
		  "0123456789abcdef"),
		C("fedcba9876543210"),
		S("\0\0\0\0"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_true(dialog_login(&h, 0, LOGIN_SUCCESS, ""));
	dialog_prefixes(&h, turns, DIALOG_COUNT(turns));
}

static void no_password_at_all(void **state)
{
	static const struct turn turns[] = { S("RFB 003.007\n"), C("RFB 003.007\n"), S("\2\1\2"),
					     C("\1") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_true(dialog_login(&h, 0, LOGIN_SUCCESS, ""));
	assert_int_equal(login(0)->method, LOGIN_NONE);
}

static void too_many_failures(void **state)
{
	static const struct turn turns[] = { S("RFB 003.008\n"), C("RFB 003.008\n"),
					     S("\0\0\0\0\x04"
					       "busy") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_true(dialog_login(&h, 0, LOGIN_LOCKED, ""));
}

static void other_security_is_not_read(void **state)
{
	static const struct turn turns[] = { S("RFB 003.008\n"), C("RFB 003.008\n"), S("\1\x13"),
					     C("\x13") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(h.verdict, INSPECT_DONE);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, false, "RFB 003.008\n", 12));
	assert_false(harness_probe(&h, false, "RFC 003.008\n", 12));
	assert_int_equal(harness_stream(&h, false, "RFB 003.008 x", 13), INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_wrong_password),  T(an_old_server_chooses),      T(no_password_at_all),
		T(too_many_failures), T(other_security_is_not_read), T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
