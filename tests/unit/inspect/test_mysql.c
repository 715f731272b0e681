/*
 * unit/inspect/test_mysql.c - log-ins of MySQL and their outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector mysql_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &mysql_inspector, PROTO_TCP, 40000, 3306);
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

#define GREETING                                                      \
 "3\000\000\000\0125.5.5\000\001\000\000\000abcdefgh\000\377\367!"    \
 "\002\000\377\201\025\000\000\000\000\000\000\000\000\000\000abcdef" \
 "ghijkl\000"
#define LOGIN                                                         \
 "*\000\000\001\205\246\017\000\000\000\000\001!\000\000\000\000\000" \
 "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"   \
 "\000\000root\000\004abcd"
#define TLS                                                           \
 " \000\000\001\205\256\017\000\000\000\000\001!\000\000\000\000\000" \
 "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"   \
 "\000\000"
#define DENIED "\026\000\000\002\377\025\004#28000Access denied"

static const struct turn refused[] = { S(GREETING), C(LOGIN), S(DENIED) };
static const struct turn switched[] = {
	S(GREETING),
	C(LOGIN),
	S("\026\000\000\002\376mysql_clear_password\000"),
	C("\7\0\0\3secret\0"),
	S("\7\0\0\4\0\0\0\2\0\0\0"),
};

static void a_wrong_password(void **state)
{
	(void)state;
	dialog_whole(&h, refused, DIALOG_COUNT(refused));
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, "root"));
	assert_int_equal(login(0)->status, 1045);
	assert_int_equal(login(0)->method, LOGIN_HASH);
	dialog_prefixes(&h, refused, DIALOG_COUNT(refused));
}

static void a_password_in_the_clear(void **state)
{
	(void)state;
	dialog_whole(&h, switched, DIALOG_COUNT(switched));
	assert_true(dialog_login(&h, 0, LOGIN_SUCCESS, "root"));
	assert_int_equal(login(0)->method, LOGIN_PASSWORD);
	assert_true(login(0)->secret_mark != 0);
	dialog_prefixes(&h, switched, DIALOG_COUNT(switched));
}

static void tls_follows_when_asked(void **state)
{
	static const struct turn turns[] = {
		S(GREETING),
		C(TLS),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(h.verdict, INSPECT_TURNS);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
}

static void a_host_that_is_blocked(void **state)
{
	static const struct turn turns[] = { S("\013\000\000\000\377\151\004Host x is") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_true(dialog_login(&h, 0, LOGIN_LOCKED, ""));
}

static void orders_are_told(void **state)
{
	static const struct turn turns[] = {
		S(GREETING),
		C(LOGIN),
		S("\7\0\0\2\0\0\0\2\0\0\0"),
		C("\x27\0\0\0\3"
		  "select x into   dumpfile '/tmp/udf.so'"),
		C("\x16\0\0\0\x16"
		  "select sys_exec('id')"),
		C("\x16\0\0\0\x17"
		  "select sys_exec('id')"),
		C("\x18\0\0\0\3"
		  "select x as into_outfil"),
		C("\x26\0\0\0\3"
		  "select '\\'' into/**/dumpfile '/tmp/c'"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(harness_count(&h, EVENT_ORDER), 3);
	const struct event_order *e = harness_event(&h, EVENT_ORDER, 2);
	assert_true(harness_str_is(e, &e->text, "into dumpfile '/tmp/c'"));
	e = harness_event(&h, EVENT_ORDER, 0);
	assert_int_equal(e->kind, ORDER_WRITE);
	assert_true(harness_str_is(e, &e->text, "into dumpfile '/tmp/udf.so'"));
	dialog_prefixes(&h, turns, DIALOG_COUNT(turns));
}

/* What somebody writes about such orders is saved, not carried out. */
static void words_in_a_text_are_silent(void **state)
{
	static const struct turn turns[] = {
		S(GREETING),
		C(LOGIN),
		S("\7\0\0\2\0\0\0\2\0\0\0"),
		C("\x35\0\0\0\3"
		  "insert into p values ('a \\' x soname ''b.so'' -- y')"),
		C("\x30\0\0\0\3"
		  "prepare s from 'create function f soname ''b'''"),
		C("\x24\0\0\0\3"
		  "install plugin disks soname 'disks'"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(harness_count(&h, EVENT_ORDER), 2);
	const struct event_order *e = harness_event(&h, EVENT_ORDER, 1);
	assert_true(harness_str_is(e, &e->text, "install plugin disks soname 'disks'"));
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, false, GREETING, sizeof(GREETING) - 1));
	assert_false(harness_probe(&h, true, GREETING, sizeof(GREETING) - 1));
	assert_false(harness_probe(&h, false, "SSH-2.0-x\r\n", 11));
	assert_int_equal(harness_stream(&h, false, "\xff\xff\xff\xff\xff", 5), INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_wrong_password),       T(a_password_in_the_clear),
		T(tls_follows_when_asked), T(a_host_that_is_blocked),
		T(orders_are_told),        T(words_in_a_text_are_silent),
		T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
