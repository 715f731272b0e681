/*
 * unit/inspect/test_postgres.c - log-ins of PostgreSQL and their outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector postgres_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &postgres_inspector, PROTO_TCP, 40000, 5432);
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

#define START                                                        \
 "\000\000\000\042\000\003\000\000user\000alice\000database\000shop" \
 "\000\000"

static const struct turn refused[] = {
	C("\0\0\0\x08\4\xd2\x16\x2f"),
	S("N"),
	C(START),
	S("R\0\0\0\x08\0\0\0\3"),
	C("p\0\0\0\x0bsecret\0"),
	S("E\000\000\000\023SFATAL\000C28P01\000\000"),
};
static const struct turn accepted[] = {
	C(START),
	S("R\0\0\0\x0c\0\0\0\5salt"),
	C("p\0\0\0\x08md5\0"),
	S("R\0\0\0\x08\0\0\0\0S\0\0\0\5\0"),
};

static void a_wrong_password(void **state)
{
	(void)state;
	dialog_whole(&h, refused, DIALOG_COUNT(refused));
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, "alice"));
	assert_true(harness_str_is(login(0), &login(0)->domain, "shop"));
	assert_int_equal(login(0)->method, LOGIN_PASSWORD);
	assert_true(login(0)->secret_mark != 0);
	dialog_prefixes(&h, refused, DIALOG_COUNT(refused));
}

static void a_right_one_by_challenge(void **state)
{
	(void)state;
	dialog_whole(&h, accepted, DIALOG_COUNT(accepted));
	assert_true(dialog_login(&h, 0, LOGIN_SUCCESS, "alice"));
	assert_int_equal(login(0)->method, LOGIN_HASH);
	assert_int_equal(login(0)->secret_mark, 0);
	assert_int_equal(h.verdict, INSPECT_SIDE_DONE);
	dialog_prefixes(&h, accepted, DIALOG_COUNT(accepted));
}

static void tls_follows_when_agreed(void **state)
{
	static const struct turn turns[] = { C("\0\0\0\x08\4\xd2\x16\x2f"), S("S") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(h.verdict, INSPECT_TURNS);
}

static void orders_are_told(void **state)
{
	static const struct turn turns[] = {
		C(START),
		S("R\0\0\0\x08\0\0\0\0"),
		C("Q\0\0\0\x1d"
		  "copy t from  PROGRAM 'id'"),
		C("P\0\0\0\x25"
		  "s\0copy t to program 'id'\0\0\0abcdef"),
		C("d\0\0\0\x25"
		  "s\0copy t to program 'id'\0\0\0abcdef"),
		C("Q\0\0\0\x21"
		  "select program 'x' from progs"),
	};
	static const char create[] = "create function f() returns int as '/tmp/x.so' language c";
	static const char usual[] = "create function f() returns int as '$libdir/x' language c";
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(harness_count(&h, EVENT_ORDER), 2);
	const struct event_order *e = harness_event(&h, EVENT_ORDER, 0);
	assert_int_equal(e->kind, ORDER_PROGRAM);
	assert_true(harness_str_is(e, &e->service, "postgresql"));
	harness_stream(&h, true, "Q\0\0\0", 4);
	harness_stream(&h, true, "\x3e", 1);
	harness_stream(&h, true, create, sizeof(create));
	assert_int_equal(harness_count(&h, EVENT_ORDER), 3);
	harness_stream(&h, true, "Q\0\0\0\x3e", 5);
	harness_stream(&h, true, usual, sizeof(usual));
	assert_int_equal(harness_count(&h, EVENT_ORDER), 3);
	assert_int_equal(harness_stream(&h, true, "Q\0\0\0\1", 5), INSPECT_DONE);
	dialog_prefixes(&h, turns, DIALOG_COUNT(turns));
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, START, sizeof(START) - 1));
	assert_false(harness_probe(&h, false, START, sizeof(START) - 1));
	assert_false(harness_probe(&h, true, START, sizeof(START) - 2));
	assert_true(harness_probe(&h, true, "\0\0\0\x08\4\xd2\x16\x2f", 8));
	assert_int_equal(harness_stream(&h, true, "\0\0\0\1", 4), INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_wrong_password),        T(a_right_one_by_challenge),
		T(tls_follows_when_agreed), T(orders_are_told),
		T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
