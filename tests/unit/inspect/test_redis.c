/*
 * unit/inspect/test_redis.c - log-ins of Redis and their outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector redis_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &redis_inspector, PROTO_TCP, 40000, 6379);
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
	C("*2\r\n$4\r\nAUTH\r\n$5\r\nwrong\r\n"),
	S("-WRONGPASS invalid username-password pair or user is disabled.\r\n"),
	C("AUTH secret\r\n"),
	S("-ERR invalid password\r\n"),
	C("*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$5\r\nalice\r\n$6\r\nsecret\r\n"),
	S("%7\r\n$6\r\nserver\r\n"),
};

static void each_attempt_is_told(void **state)
{
	(void)state;
	dialog_whole(&h, session, DIALOG_COUNT(session));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 3);
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, ""));
	assert_true(dialog_login(&h, 1, LOGIN_FAILURE, ""));
	assert_true(dialog_login(&h, 2, LOGIN_SUCCESS, "alice"));
	assert_int_not_equal(login(0)->secret_mark, login(1)->secret_mark);
	assert_int_equal(login(1)->secret_mark, login(2)->secret_mark);
	assert_int_equal(h.verdict, INSPECT_SIDE_DONE);
}

static void it_may_end_anywhere(void **state)
{
	(void)state;
	dialog_prefixes(&h, session, DIALOG_COUNT(session));
}

static void ordinary_use_is_let_go(void **state)
{
	static const struct turn turns[] = { C("*2\r\n$3\r\nGET\r\n$1\r\nx\r\n"), S("$-1\r\n") };
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		assert_int_equal(h.verdict, INSPECT_MORE);
		harness_stream(&h, turns[0].from_client, turns[0].data, turns[0].len);
		harness_stream(&h, turns[1].from_client, turns[1].data, turns[1].len);
	}
	assert_int_equal(h.verdict, INSPECT_DONE);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
	assert_int_equal(harness_count(&h, EVENT_ORDER), 0);
}

static void orders_are_told(void **state)
{
	static const struct turn turns[] = {
		C("*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$12\r\n\n* * * sh x\n\r\n"),
		S("+OK\r\n"),
		C("*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$3\r\ndir\r\n$9\r\n/var/cron\r\n"),
		S("$3\r\nabc\r\n"),
		C("MODULE LOAD ./exp.so\r\nSLAVEOF NO ONE\r\n"),
		C("*3\r\n$4\r\nEVAL\r\n$18\r\npackage.loadlib(x)\r\n$1\r\n0\r\n"),
		C("CONFIG GET dir\r\n"),
	};
	static const uint8_t kinds[] = { ORDER_WRITE, ORDER_LOAD, ORDER_LOAD };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(harness_count(&h, EVENT_ORDER), 3);
	for (unsigned i = 0; i < 3; i++) {
		const struct event_order *e = harness_event(&h, EVENT_ORDER, i);
		assert_int_equal(e->kind, kinds[i]);
		assert_true(harness_str_is(e, &e->service, "redis"));
		if (i == 0)
			assert_true(harness_str_is(e, &e->text, "config set dir /var/cron"));
	}
	dialog_prefixes(&h, turns, DIALOG_COUNT(turns));
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, "*1\r\n$4\r\nPING\r\n", 14));
	assert_false(harness_probe(&h, false, "*1\r\n$4\r\nPING\r\n", 14));
	assert_false(harness_probe(&h, true, "GET / HTTP/1.1\r\n", 16));
	assert_int_equal(harness_stream(&h, false, "hello\r\n", 7), INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(each_attempt_is_told), T(it_may_end_anywhere), T(ordinary_use_is_let_go),
		T(orders_are_told),      T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
