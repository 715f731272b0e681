/*
 * unit/inspect/test_smtp.c - sessions of SMTP: log-ins, mails, attachments, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector smtp_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &smtp_inspector, PROTO_TCP, 40000, 587);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static enum inspect_verdict client(const char *text)
{
	return harness_stream(&h, true, text, strlen(text));
}

static enum inspect_verdict server(const char *text)
{
	return harness_stream(&h, false, text, strlen(text));
}

static const struct event_login *login(unsigned n)
{
	const struct event_login *e = harness_event(&h, EVENT_LOGIN, n);
	assert_non_null(e);
	return e;
}

static const struct event_mail *mail(unsigned n)
{
	const struct event_mail *e = harness_event(&h, EVENT_MAIL, n);
	assert_non_null(e);
	return e;
}

static void greet(void)
{
	server("220 mx.example.com ESMTP\r\n");
	client("EHLO DESK-77\r\n");
	server("250-mx.example.com\r\n250-AUTH LOGIN PLAIN\r\n250 SIZE\r\n");
}

static void log_ins_tell_their_outcome(void **state)
{
	(void)state;
	greet();
	client("AUTH LOGIN\r\n");
	server("334 VXNlcm5hbWU6\r\n");
	client("am8=\r\n"); /* jo */
	server("334 UGFzc3dvcmQ6\r\n");
	client("c2VjcmV0\r\n");
	server("535 5.7.8 no\r\n");
	assert_int_equal(login(0)->outcome, LOGIN_FAILURE);
	assert_true(harness_str_is(login(0), &login(0)->user, "jo"));
	assert_true(harness_str_is(login(0), &login(0)->service, "smtp"));
	client("AUTH PLAIN AGpvAHNlY3JldA==\r\n");
	server("235 welcome\r\n");
	assert_int_equal(login(1)->outcome, LOGIN_SUCCESS);
	assert_int_equal(login(1)->attempt, 2);
	assert_true(harness_str_is(login(1), &login(1)->user, "jo"));
	assert_int_equal(login(0)->secret_mark, login(1)->secret_mark);
	client("AUTH CRAM-MD5\r\n");
	server("334 PDE+\r\n");
	client("am8gYWJj\r\n");
	server("454 later\r\n");
	assert_int_equal(login(2)->outcome, LOGIN_UNKNOWN);
	assert_int_equal(login(2)->method, LOGIN_HASH);
}

static const char report[] =
	"From: a@example.com\r\nSubject: PW_jo/DESK-77\r\nMIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed;\r\n boundary=\"--b_0\"\r\n\r\n"
	"----b_0\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	"VXNlciBOYW1lOiBqbzxicj5Db21wdXRlciBOYW1lOiBERVNLLTc3PGJyPlVSTDogeDxicj5QYXNz\r\n"
	"d29yZDogeQ==\r\n"
	"----b_0\r\nContent-Type: image/jpeg; name=\"s.jpg\"\r\n"
	"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n"
	"/9j/4AAQSkZJRgABAQAAAQABAAA=\r\n"
	"----b_0--\r\n.\r\n";

static void a_mail_tells_what_it_is(void **state)
{
	(void)state;
	greet();
	client("MAIL FROM:<a@example.com> SIZE=9\r\nRCPT TO:<A@example.com>\r\nDATA\r\n");
	server("250 ok\r\n250 ok\r\n354 go\r\n");
	client(report);
	assert_int_equal(harness_count(&h, EVENT_MAIL), 0);
	server("250 queued\r\n");
	const struct event_mail *e = mail(0);
	assert_int_equal(e->nth, 1);
	assert_int_equal(e->recipients, 1);
	assert_int_equal(e->reply, 250);
	assert_int_equal(e->e.from_server, 0);
	assert_int_equal(e->attachments, 1);
	assert_int_equal(e->attachment_type, FILE_IMAGE);
	assert_true(harness_str_is(e, &e->helo, "DESK-77"));
	assert_true(harness_str_is(e, &e->from, "a@example.com"));
	assert_true(harness_str_is(e, &e->subject, "PW_jo/DESK-77"));
	assert_true(harness_str_is(e, &e->attachment, "s.jpg"));
	assert_int_equal(e->head_marks, MAIL_IS_TO_SELF | MAIL_NAMES_HOST);
	assert_int_equal(e->marks & (CONTENT_MACHINE | CONTENT_PASSWORDS),
			 CONTENT_MACHINE | CONTENT_PASSWORDS);
	assert_int_equal(harness_count(&h, EVENT_FILE), 1);
	const struct event_file *f = harness_event(&h, EVENT_FILE, 0);
	assert_int_equal(f->type, FILE_IMAGE);
	assert_int_equal(f->seen, 20);
}

static void a_mail_program_names_itself(void **state)
{
	(void)state;
	greet();
	client("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\n"
	       "DATA\r\n");
	client("Message-ID: <1@x>\r\nUser-Agent: Mail/1\r\nSubject: a\r\n b\r\n\r\n..dot\r\nhello\r\n.\r\n");
	client("QUIT\r\n"); /* the server is not seen */
	const struct event_mail *e = mail(0);
	assert_int_equal(e->recipients, 2);
	assert_int_equal(e->reply, 0);
	assert_int_equal(e->head_marks, MAIL_HAS_ID | MAIL_HAS_MAILER);
	assert_true(harness_str_is(e, &e->subject, "a b"));
	assert_true(harness_str_is(e, &e->mailer, "Mail/1"));
	assert_int_equal(e->attachments, 0);
}

static void chunks_are_read_like_data(void **state)
{
	(void)state;
	greet();
	client("MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nBDAT 15\r\nSubject: s\r\n\r\nxBDAT 3 LAST\r\nyz\n");
	server("250 ok\r\n");
	assert_true(harness_str_is(mail(0), &mail(0)->subject, "s"));
	client("NOOP\r\n");
	assert_int_equal(harness_count(&h, EVENT_MAIL), 1);
}

static void a_gap_in_a_mail_is_part_of_it(void **state)
{
	(void)state;
	greet();
	client("MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n");
	server("250 ok\r\n250 ok\r\n354 go\r\n");
	client("Subject: s\r\n\r\nfirst\r\nsec");
	harness_gap(&h, true, 1000);
	client("ond\r\n.\r\n");
	server("250 queued\r\n");
	assert_int_equal(mail(0)->size, 12 + 2 + 7 + 1003 + 5);
	assert_int_equal(mail(0)->reply, 250);
	/* the next one, whose end is not seen: the server's answer tells it */
	client("MAIL FROM:<c@x>\r\nRCPT TO:<d@x>\r\nDATA\r\n");
	server("250 ok\r\n250 ok\r\n354 go\r\n");
	client("Subject: t\r\n\r\nfirst\r\n");
	harness_gap(&h, true, 500);
	server("250 queued\r\n");
	assert_true(harness_str_is(mail(1), &mail(1)->from, "c@x"));
	/* and one whose begin is not */
	harness_gap(&h, true, 30);
	server("250 ok\r\n354 go\r\n");
	client("Subject: u\r\n\r\nfirst\r\n.\r\n");
	server("250 queued\r\n");
	assert_true(harness_str_is(mail(2), &mail(2)->subject, "u"));
	assert_int_equal(harness_count(&h, EVENT_MAIL), 3);
}

/* A chunk is counted by its length, whatever is missing of it. */
static void a_gap_in_a_chunk_is_counted(void **state)
{
	(void)state;
	greet();
	client("MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nBDAT 30 LAST\r\nSubject: s\r\n\r\n12");
	harness_gap(&h, true, 10);
	client("345678");
	server("250 ok\r\n");
	assert_int_equal(harness_count(&h, EVENT_MAIL), 1);
	assert_true(harness_str_is(mail(0), &mail(0)->subject, "s"));
}

static void refused_data_is_no_mail(void **state)
{
	(void)state;
	greet();
	client("DATA\r\n");
	server("503 no\r\n");
	client("QUIT\r\n");
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_MAIL), 0);
}

static void starttls_turns(void **state)
{
	(void)state;
	greet();
	assert_int_equal(client("STARTTLS\r\n"), INSPECT_MORE);
	assert_int_equal(server("220 go\r\n"), INSPECT_TURNS);
}

static void a_mail_without_end_is_told_with_its_flow(void **state)
{
	(void)state;
	greet();
	client("MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n");
	client("Subject: half\r\n\r\nhel");
	harness_end(&h);
	assert_true(harness_str_is(mail(0), &mail(0)->subject, "half"));
}

static void others_are_refused(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, false, "220 x\r\n", 7));
	assert_true(harness_probe(&h, true, "EHLO x\r\n", 8));
	assert_false(harness_probe(&h, true, "GET / H\r\n", 9));
	assert_false(harness_probe(&h, false, "+OK pop\r\n", 9));
	assert_int_equal(server("SSH-2.0-x\r\n"), INSPECT_NOT_MINE);
}

/* More mails under way than places: none is mixed with another. */
static void places_are_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		harness_restart(&h);
		greet();
		client("MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nSubject: s\r\n\r\nx\r\n");
	}
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_MAIL), 1);
}

static void every_cut_is_survived(void **state)
{
	static char all[4096];
	(void)state;
	int len = snprintf(all, sizeof(all),
			   "EHLO DESK-77\r\nAUTH PLAIN AGpvAHNlY3JldA==\r\nMAIL FROM:<a@x>\r\n"
			   "RCPT TO:<b@x>\r\nDATA\r\n%sBDAT 4 LAST\r\nab\r\n",
			   report);
	for (int n = 1; n <= len; n++) {
		harness_restart(&h);
		(void)harness_stream(&h, true, all, (size_t)n);
		harness_end(&h);
		assert_in_range(harness_count(&h, EVENT_MAIL), 0, 2);
	}
	for (int step = 1; step < 50; step++) {
		harness_restart(&h);
		for (int at = 0; at < len; at += step)
			(void)harness_stream(&h, true, all + at,
					     (size_t)(at + step < len ? step : len - at));
		harness_end(&h);
		assert_int_equal(harness_count(&h, EVENT_MAIL), 2);
		assert_int_equal(harness_count(&h, EVENT_LOGIN), 1);
		assert_int_equal(mail(0)->attachment_type, FILE_IMAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(log_ins_tell_their_outcome, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_mail_tells_what_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_mail_program_names_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(chunks_are_read_like_data, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gap_in_a_mail_is_part_of_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gap_in_a_chunk_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused_data_is_no_mail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(starttls_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_mail_without_end_is_told_with_its_flow, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(others_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(places_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_cut_is_survived, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
