/*
 * unit/inspect/test_shell.c - command shells in the clear.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector shell_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &shell_inspector, PROTO_TCP, 40000, 4444);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct event_shell *shell(unsigned n)
{
	const struct event_shell *e = harness_event(&h, EVENT_SHELL, n);
	assert_non_null(e);
	return e;
}

static const struct turn windows[] = {
	C("Microsoft Windows [Version 10.0.17763.1]\r\n(c) 2018 Microsoft Corporation.\r\n\r\n"),
	C("C:\\Users\\bob>"),
	S("whoami\n"),
	C("whoami\r\nlab\\bob\r\n\r\nC:\\Users\\bob>"),
};
static const struct turn unix_shell[] = {
	S("id\n"),
	C("uid=33(www-data) gid=33(www-data) groups=33(www-data)\n"),
	S("ls -la\n"),
	C("total 8\ndrwxr-xr-x 2 root root 4096 .\n"),
};

static void a_shell_that_was_brought(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, windows[0].data, windows[0].len));
	dialog_whole(&h, windows, DIALOG_COUNT(windows));
	assert_int_equal(shell(0)->at_initiator, 1);
	assert_int_equal(shell(0)->marks, SHELL_BANNER | SHELL_PROMPT);
	assert_int_equal(harness_count(&h, EVENT_SHELL), 2);
	assert_int_equal(shell(1)->is_end, 1);
	assert_int_equal(shell(1)->commands, 1);
	assert_true(harness_str_is(shell(1), &shell(1)->command, "whoami"));
	dialog_prefixes(&h, windows, DIALOG_COUNT(windows));
}

static void a_shell_without_a_prompt(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, false, "id\n", 3));
	dialog_whole(&h, unix_shell, DIALOG_COUNT(unix_shell));
	assert_int_equal(shell(0)->at_initiator, 1);
	assert_int_equal(shell(0)->marks & SHELL_ID, SHELL_ID);
	dialog_prefixes(&h, unix_shell, DIALOG_COUNT(unix_shell));
}

static void a_shell_that_was_left_open(void **state)
{
	static const struct turn turns[] = {
		C("hostname\n"),
		S("box\n"),
		C("nosuch\n"),
		S("/bin/sh: 2: nosuch: not found\n"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(shell(0)->at_initiator, 0);
	assert_int_equal(shell(0)->marks, SHELL_NOT_FOUND);
}

static void a_transcript_is_no_shell(void **state)
{
	static const struct turn turns[] = {
		C("id\nuid=0(root) gid=0(root)\nMicrosoft Windows [Version 6.1]\n"),
		S("uid=0(root) gid=0(root)\n"),
	};
	(void)state;
	harness_stream(&h, true, turns[0].data, turns[0].len);
	harness_restart(&h);
	dialog_whole(&h, turns + 1, 1);
	assert_int_equal(harness_count(&h, EVENT_SHELL), 0);
}

/* An agent of monitoring tells what its commands print to whoever comes, and is asked nothing. */
static void a_report_is_no_shell(void **state)
{
	static const struct turn turns[] = {
		S("<<<local>>>\nuid=0(root) gid=0(root)\n\ndrwxr-xr-x 2 root root 4096 /srv\n"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(harness_count(&h, EVENT_SHELL), 0);
}

static void one_mark_is_not_enough(void **state)
{
	static const struct turn turns[] = { C("hello\n"), S("price: 5 $ "), C("thanks\n") };
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(harness_count(&h, EVENT_SHELL), 0);
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_false(harness_probe(&h, true, "GET / HTTP/1.1\r\n", 16));
	assert_false(harness_probe(&h, false, "220 mail\r\n", 10));
	assert_false(harness_probe(&h, false, "id\n\x01", 4));
	assert_true(
		harness_probe(&h, true, "sh: 0: can't access tty; job control turned off\n$ ", 50));
	h.flow.key.port[1] = 23;
	assert_false(harness_probe(&h, false, "C:\\>", 4));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_shell_that_was_brought),
		T(a_shell_without_a_prompt),
		T(a_shell_that_was_left_open),
		T(a_transcript_is_no_shell),
		T(a_report_is_no_shell),
		T(one_mark_is_not_enough),
		T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
