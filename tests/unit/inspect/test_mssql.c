/*
 * unit/inspect/test_mssql.c - log-ins of SQL Server and their outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector mssql_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &mssql_inspector, PROTO_TCP, 40000, 1433);
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

#define PRELOGIN  "\x12\1\0\x14\0\0\0\0\0\0\6\0\6\xff\x0c\0\7\xd0\0\0"
#define PREANSWER "\4\1\0\x14\0\0\1\0\0\0\6\0\6\xff\x0c\0\7\xd0\0\0"
/* 36 bytes, host, user, secret as offset and count; then their text */
#define LOGIN7                                                                \
 "\x10\1\0\x42\0\0\1\0"                                                       \
 "\x3a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
 "\x30\0\1\0\x32\0\2\0\x36\0\2\0"                                             \
 "W\0s\0a\0\xa5\xb3\xa5\x92"
#define FAILED "\4\1\0\x13\0\x33\1\0\xaa\x08\0\x18\x48\0\0\1\x0e\0\0"

static const struct turn refused[] = { C(PRELOGIN), S(PREANSWER), C(LOGIN7), S(FAILED) };

static void a_wrong_password(void **state)
{
	(void)state;
	dialog_whole(&h, refused, DIALOG_COUNT(refused));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 1);
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, "sa"));
	assert_true(harness_str_is(login(0), &login(0)->workstation, "W"));
	assert_int_equal(login(0)->status, 18456);
	assert_true(login(0)->secret_mark != 0);
	dialog_prefixes(&h, refused, DIALOG_COUNT(refused));
}

static void an_encrypted_log_in_has_an_answer_in_the_clear(void **state)
{
	static const struct turn turns[] = {
		C(PRELOGIN),
		S(PREANSWER),
		C("\x17\3\3\0\4abcd"),
		S("\4\1\0\x0f\0\0\1\0\xad\4\0\1\x74\0\0"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_true(dialog_login(&h, 0, LOGIN_SUCCESS, ""));
}

static void all_in_tls_is_not_seen(void **state)
{
	static const struct turn turns[] = {
		C(PRELOGIN),
		S(PREANSWER),
		C("\x17\3\3\0\4abcd"),
		S("\x17\3\3\0\4abcd"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
	assert_int_equal(h.verdict, INSPECT_DONE);
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, PRELOGIN, sizeof(PRELOGIN) - 1));
	assert_false(harness_probe(&h, true, PRELOGIN, sizeof(PRELOGIN) - 2));
	assert_false(harness_probe(&h, false, PRELOGIN, sizeof(PRELOGIN) - 1));
	assert_int_equal(harness_stream(&h, true, "GET / HTTP", 10), INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_wrong_password),
		T(an_encrypted_log_in_has_an_answer_in_the_clear),
		T(all_in_tls_is_not_seen),
		T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
