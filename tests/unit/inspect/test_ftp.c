/*
 * unit/inspect/test_ftp.c - log-ins, commands and announced data connections of FTP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector ftp_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &ftp_inspector, PROTO_TCP, 40000, 21);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct turn session[] = {
	S("220-Welcome\r\n220 to FTP\r\n"),
	C("USER alice\r\n"),
	S("331 Please specify the password.\r\n"),
	C("PASS wrong\r\n"),
	S("530 Login incorrect.\r\n"),
	C("USER alice\r\n"),
	S("331 Please specify the password.\r\n"),
	C("PASS right\r\n"),
	S("230-hello\r\n 230 not yet\r\n230 Login successful.\r\n"),
	C("CWD /srv/data\r\n"),
	S("250 Directory changed.\r\n"),
	C("PASV\r\n"),
	S("227 Entering Passive Mode (192,0,2,53,195,80).\r\n"),
	C("stor secret plans.zip\r\n"),
	S("150 Ok to send data.\r\n226 Transfer complete.\r\n"),
	C("QUIT\r\n"),
	S("221 Goodbye.\r\n"),
};

static const struct event_ftp *command(unsigned n)
{
	const struct event_ftp *e = harness_event(&h, EVENT_FTP, n);
	assert_non_null(e);
	return e;
}

static void a_session_is_told(void **state)
{
	(void)state;
	dialog_whole(&h, session, DIALOG_COUNT(session));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 2);
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, "alice"));
	assert_true(dialog_login(&h, 1, LOGIN_SUCCESS, "alice"));
	const struct event_login *l = harness_event(&h, EVENT_LOGIN, 1);
	assert_int_equal(l->attempt, 2);
	assert_int_equal(l->status, 230);
	assert_int_equal(l->method, LOGIN_PASSWORD);
	const struct event_login *first = harness_event(&h, EVENT_LOGIN, 0);
	assert_true(l->secret_mark && first->secret_mark && l->secret_mark != first->secret_mark);
	assert_true(harness_str_is(l, &l->service, "ftp"));
	assert_int_equal(harness_count(&h, EVENT_FTP), 5);
	const struct event_ftp *e = command(1);
	assert_true(harness_str_is(e, &e->verb, "PASV"));
	assert_int_equal(e->code, 227);
	assert_int_equal(e->data_port, 195 * 256 + 80);
	assert_int_equal(e->is_passive, 1);
	e = command(2);
	assert_true(harness_str_is(e, &e->verb, "STOR"));
	assert_true(harness_str_is(e, &e->argument, "secret plans.zip"));
	assert_true(harness_str_is(e, &e->folder, "/srv/data"));
	assert_int_equal(e->code, 150);
	assert_int_equal(e->data_port, 195 * 256 + 80);
	assert_true(ipaddr_equal(&e->data_address, &e->e.dst));
	assert_int_equal(command(3)->code, 226);
}

static void it_may_end_anywhere(void **state)
{
	(void)state;
	dialog_prefixes(&h, session, DIALOG_COUNT(session));
}

static void no_password_is_ever_told(void **state)
{
	(void)state;
	dialog_whole(&h, session, DIALOG_COUNT(session));
	for (const struct event *e = event_log_next(h.log, NULL); e; e = event_log_next(h.log, e)) {
		assert_null(memmem(e, e->size, "right", 5));
		assert_null(memmem(e, e->size, "wrong", 5));
	}
}

static void where_data_goes_is_read_in_all_forms(void **state)
{
	static const struct turn turns[] = {
		S("220 FTP\r\n"),
		C("EPSV\r\n"),
		S("229 Entering Extended Passive Mode (|||6446|)\r\n"),
		C("PORT 10,0,0,1,4,1\r\n"),
		S("200 OK\r\n"),
		C("EPRT |2|fd00::1|5282|\r\n"),
		S("200 OK\r\n"),
		C("PORT 10,0,0,256,4,1\r\n"),
		S("501 Illegal PORT\r\n"),
		C("PASV\r\n"),
		S("227 no address here\r\n"),
	};
	static const uint8_t far6[16] = { 0xfd, [15] = 1 };
	struct ipaddr expected = ipaddr_v6(far6);
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(command(0)->data_port, 6446);
	assert_true(ipaddr_equal(&command(0)->data_address, &command(0)->e.dst));
	assert_int_equal(command(1)->data_port, 1025);
	assert_false(command(1)->is_passive);
	assert_true(ipaddr_equal(&command(1)->data_address, &command(1)->e.src));
	assert_int_equal(command(2)->data_port, 5282);
	assert_true(ipaddr_equal(&command(2)->data_address, &expected));
	assert_int_equal(command(3)->data_port, 0);
	assert_int_equal(command(4)->data_port, 0);
	dialog_prefixes(&h, turns, DIALOG_COUNT(turns));
}

static void auth_turns_to_tls(void **state)
{
	static const struct turn turns[] = {
		S("220 FTP\r\n"),
		C("AUTH TLS\r\n"),
		S("234 Proceed.\r\n"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_int_equal(h.verdict, INSPECT_TURNS);
	assert_true(harness_str_is(command(0), &command(0)->argument, "TLS"));
}

static void what_was_not_answered_is_unknown(void **state)
{
	static const struct turn turns[] = {
		S("220 FTP\r\n"),
		C("USER anonymous\r\nPASS x\r\nSTOR a\r\n"),
	};
	(void)state;
	dialog_whole(&h, turns, DIALOG_COUNT(turns));
	assert_true(dialog_login(&h, 0, LOGIN_UNKNOWN, "anonymous"));
	const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
	assert_int_equal(l->method, LOGIN_NONE);
	assert_int_equal(command(0)->code, 0);
}

static void the_probe_knows_it_from_others(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, false, "220 (vsFTPd 3.0.3)\r\n", 20));
	assert_true(harness_probe(&h, true, "USER a\r\n", 8));
	assert_false(harness_probe(&h, false, "SSH-2.0-x\r\n", 11));
	assert_false(harness_probe(&h, true, "GET / HTTP/1.1\r\n", 16));
	h.flow.key.port[1] = 25;
	assert_false(harness_probe(&h, false, "220 mx ESMTP\r\n", 14));
	assert_true(harness_probe(&h, false, "220 ProFTPD\r\n", 13));
}

static void other_protocols_are_not_mine(void **state)
{
	(void)state;
	assert_int_equal(harness_stream(&h, false, "hello there\r\n", 13), INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_session_is_told),
		T(it_may_end_anywhere),
		T(no_password_is_ever_told),
		T(where_data_goes_is_read_in_all_forms),
		T(auth_turns_to_tls),
		T(what_was_not_answered_is_unknown),
		T(the_probe_knows_it_from_others),
		T(other_protocols_are_not_mine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
