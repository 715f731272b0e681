/*
 * unit/inspect/test_http.c - heads of HTTP, and the bodies between them.
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
	harness_init(&h, &http_inspector, PROTO_TCP, 40000, 8000);
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

static unsigned heads(void)
{
	return harness_count(&h, EVENT_HTTP);
}

static const struct event_http *head(unsigned n)
{
	const struct event_http *e = harness_event(&h, EVENT_HTTP, n);
	assert_non_null(e);
	return e;
}

static const char request[] = "POST /up?x=1 HTTP/1.1\r\n"
			      "Host: files.example.com\r\n"
			      "User-Agent: curl/7.88.1\r\n"
			      "Cookie: a=b; c=d\r\n"
			      "Content-Type:  text/plain \r\n"
			      "Referer: http://r.example/\r\n"
			      "Content-Length: 5\r\n"
			      "\r\n";

static void assert_request(const struct event_http *e)
{
	assert_int_equal(e->is_response, 0);
	assert_int_equal(e->version, 11);
	assert_true(harness_str_is(e, &e->method, "POST"));
	assert_true(harness_str_is(e, &e->uri, "/up?x=1"));
	assert_true(harness_str_is(e, &e->host, "files.example.com"));
	assert_true(harness_str_is(e, &e->user_agent, "curl/7.88.1"));
	assert_true(harness_str_is(e, &e->cookie, "a=b; c=d"));
	assert_true(harness_str_is(e, &e->content_type, "text/plain"));
	assert_true(harness_str_is(e, &e->referrer, "http://r.example/"));
	assert_int_equal(e->content_length, 5);
	assert_int_equal(e->header_count, 6);
	assert_int_equal(e->head_len, sizeof(request) - 1);
	assert_int_not_equal(e->header_hash, 0);
	assert_int_equal(e->reason.off, 0);
}

static void a_request_is_one_event(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, request, sizeof(request) - 1));
	assert_int_equal(client(request), INSPECT_MORE);
	assert_int_equal(heads(), 1);
	assert_request(head(0));
}

static void a_response_is_one_event(void **state)
{
	static const char text[] = "HTTP/1.0 404 Not Found\r\nContent-Type: text/html\r\n"
				   "Content-Length: 0\r\n\r\n";
	(void)state;
	assert_true(harness_probe(&h, false, text, sizeof(text) - 1));
	assert_int_equal(server(text), INSPECT_MORE);
	const struct event_http *e = head(0);
	assert_int_equal(e->is_response, 1);
	assert_int_equal(e->version, 10);
	assert_int_equal(e->status, 404);
	assert_true(harness_str_is(e, &e->reason, "Not Found"));
	assert_int_equal(e->content_length, 0);
	assert_int_equal(e->e.from_server, 1);
	assert_int_equal(e->method.off, 0);
}

static void bodies_between_heads_are_passed_over(void **state)
{
	(void)state;
	client(request);
	client("12345GET /2 HTTP/1.1\r\nHost: b\r\n\r\n\r\n"); /* an empty line too many */
	client("PUT /3 HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
	       "5;x=y\r\nabcde\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"
	       "DELETE /4 HTTP/1.1\r\n\r\n");
	assert_int_equal(heads(), 4);
	assert_true(harness_str_is(head(1), &head(1)->uri, "/2"));
	assert_true(harness_str_is(head(2), &head(2)->uri, "/3"));
	assert_int_equal(head(2)->content_length, UINT64_MAX);
	assert_true(harness_str_is(head(3), &head(3)->method, "DELETE"));
}

/* Every portion of every conversation gives the same events. */
static void portions_make_no_difference(void **state)
{
	static const char text[] = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n1234567"
				   "GET /2 HTTP/1.1\nHost: b\n\n"
				   "PUT /3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
				   "3\r\nab\n\r\n01;ext=\"1\"\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n"
				   "HEAD /4 HTTP/1.1\r\nX: y\r\n folded\r\n\r\n";
	size_t len = sizeof(text) - 1;
	(void)state;
	for (size_t step = 1; step < len; step++) {
		harness_restart(&h);
		assert_true(harness_probe(&h, true, text, step));
		for (size_t at = 0; at < len; at += step)
			harness_stream(&h, true, text + at, len - at < step ? len - at : step);
		assert_int_equal(heads(), 4);
		assert_true(harness_str_is(head(0), &head(0)->uri, "/1"));
		assert_true(harness_str_is(head(1), &head(1)->uri, "/2"));
		assert_true(harness_str_is(head(2), &head(2)->uri, "/3"));
		assert_true(harness_str_is(head(3), &head(3)->uri, "/4"));
		assert_int_equal(head(3)->header_count, 1);
	}
	for (size_t cut = 1; cut < len; cut++) {
		harness_restart(&h);
		harness_stream(&h, true, text, cut);
		harness_stream(&h, true, text + cut, len - cut);
		assert_int_equal(heads(), 4);
	}
}

static void a_response_to_head_has_no_body(void **state)
{
	(void)state;
	client("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"
	       "GET /c HTTP/1.1\r\nHost: a\r\n\r\n");
	server("HTTP/1.1 100 Continue\r\n\r\n"
	       "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
	       "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n"
	       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
	       "HTTP/1.1 204 No Content\r\n\r\n"
	       "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(heads(), 9);
	assert_int_equal(head(8)->status, 500);
}

static void a_body_up_to_the_end_ends_the_side(void **state)
{
	(void)state;
	assert_int_equal(server("HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
			 INSPECT_SIDE_DONE);
	assert_int_equal(heads(), 1);
}

static void a_switch_lets_go(void **state)
{
	(void)state;
	client("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
	assert_int_equal(server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
			 INSPECT_MORE);
	assert_int_equal(heads(), 2);
	harness_restart(&h);
	assert_int_equal(client("CONNECT a.example:443 HTTP/1.1\r\n\r\n"), INSPECT_MORE);
	assert_true(harness_str_is(head(0), &head(0)->uri, "a.example:443"));
	assert_true(harness_str_is(head(0), &head(0)->host, "a.example:443"));
	server("HTTP/1.1 407 Who\r\nContent-Length: 2\r\n\r\nno");
	client("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_int_equal(server("HTTP/1.1 200 Established\r\n\r\n"), INSPECT_DONE);
	assert_int_equal(heads(), 4);
	harness_restart(&h);
	client("CONNECT a.example:443 HTTP/1.1\r\n\r\n");
	assert_int_equal(client("\x16\x03\x01"), INSPECT_SIDE_DONE);
	harness_restart(&h);
	assert_int_equal(client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), INSPECT_DONE);
	assert_int_equal(head(0)->version, 20);
}

static void after_4096_messages_it_lets_go(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4095; i++)
		assert_int_equal(client("GET / HTTP/1.1\r\n\r\n"), INSPECT_MORE);
	assert_int_equal(client("GET / HTTP/1.1\r\n\r\n"), INSPECT_DONE);
	assert_int_equal(heads(), 4096);
}

static void lengths_that_contradict_end_the_side(void **state)
{
	static const char *const fields[] = {
		"Content-Length: 5\r\nContent-Length: 6",
		"Content-Length: -1",
		"Content-Length: 9999999999999999999",
		"Content-Length:",
		"Content-Length: 5, 5",
		"Content-Length: 0x10",
		"Transfer-Encoding: chunked, gzip",
	};
	char text[200];
	(void)state;
	for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		harness_restart(&h);
		snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n%s\r\n\r\nGET", fields[i]);
		assert_int_equal(client(text), INSPECT_SIDE_DONE);
		assert_int_equal(heads(), 1);
	}
	harness_restart(&h);
	assert_int_equal(
		client("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 0000000000000000000000005\r\n\r\n"),
		INSPECT_MORE);
}

static void broken_chunks_end_the_side(void **state)
{
	static const char *const chunks[] = {
		"x\r\n", "\r\n", "1\r\nabc", "1234567890123456\r\n", "5 z\rq\r\nabcdeX",
	};
	char text[300];
	(void)state;
	for (unsigned i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		harness_restart(&h);
		snprintf(text, sizeof(text),
			 "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%s", chunks[i]);
		assert_int_equal(client(text), INSPECT_SIDE_DONE);
	}
}

/* Extensions and trailers without end. */
static void chunks_are_bounded(void **state)
{
	static const char *const starts[] = { "1;", "0\r\nX" };
	static char filler[20000];
	(void)state;
	memset(filler, 'y', sizeof(filler));
	for (unsigned i = 0; i < 2; i++) {
		harness_restart(&h);
		client("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
		client(starts[i]);
		assert_int_equal(harness_stream(&h, true, filler, 4000), INSPECT_MORE);
		assert_int_equal(harness_stream(&h, true, filler, sizeof(filler)),
				 INSPECT_SIDE_DONE);
	}
}

static void a_giant_head_is_told_as_far_as_it_goes(void **state)
{
	static char giant[20000];
	(void)state;
	/* in the cookie */
	memset(giant, 'c', sizeof(giant));
	memcpy(giant, "GET /x HTTP/1.1\r\nHost: h\r\nCookie: ", 34);
	for (size_t at = 0; at < sizeof(giant); at += 1000)
		harness_stream(&h, true, giant + at, 1000);
	assert_int_equal(h.verdict, INSPECT_SIDE_DONE);
	assert_int_equal(heads(), 1);
	assert_true(harness_str_is(head(0), &head(0)->host, "h"));
	assert_int_equal(head(0)->cookie.len, EVENT_STR_MAX);
	assert_true(head(0)->cookie.full > 14000);
	/* in the request line */
	harness_restart(&h);
	memset(giant, 'u', sizeof(giant));
	memcpy(giant, "GET /", 5);
	for (size_t at = 0; at < sizeof(giant); at += 1000)
		harness_stream(&h, true, giant + at, 1000);
	assert_int_equal(heads(), 1);
	assert_true(head(0)->uri.full > 14000);
	assert_int_equal(head(0)->version, 0);
}

static void every_cut_capture_is_survived(void **state)
{
	size_t full = sizeof(request) - 1;
	(void)state;
	for (size_t len = 1; len < full; len++) {
		harness_restart(&h);
		uint8_t *copy = harness_exact(request, len);
		uint32_t used = 0;
		harness_packet(&h, true, copy, len, full);
		h.verdict = h.inspector->on_stream(&h.in, copy, (uint32_t)len, &used);
		assert_true(used <= len);
		free(copy);
		h.packet.payload = NULL;
		if (len > 8 && len < full - 2)
			assert_int_equal(heads(), 1);
		if (heads() && head(0)->host.off)
			assert_true(harness_str_is(head(0), &head(0)->host, "files.example.com"));
		if (heads() && head(0)->content_length != UINT64_MAX)
			assert_int_equal(head(0)->content_length, 5);
	}
}

static void every_wrong_byte_is_survived(void **state)
{
	static const uint8_t values[] = { 0, '\n', '\r', ' ', ':', 0xff, '9' };
	static const char answer[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				     "5\r\nabcde\r\n0\r\n\r\n";
	char text[sizeof(request) + sizeof(answer)];
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		const char *source = side ? answer : request;
		size_t len = side ? sizeof(answer) - 1 : sizeof(request) - 1;
		for (size_t at = 0; at < len; at++)
			for (unsigned v = 0; v < sizeof(values); v++) {
				memcpy(text, source, len);
				text[at] = (char)values[v];
				harness_restart(&h);
				harness_probe(&h, true, text, len);
				harness_stream(&h, side == 0, text, len);
			}
	}
}

static void odd_heads_are_tolerated(void **state)
{
	(void)state;
	client("GET /a b c HTTP/1.1\nhost:x\nno colon\n: no name\nCOOKIE: 1\n\t2\nCookie: 3\n\n");
	assert_int_equal(heads(), 1);
	assert_true(harness_str_is(head(0), &head(0)->uri, "/a b c"));
	assert_true(harness_str_is(head(0), &head(0)->host, "x"));
	assert_true(harness_str_is(head(0), &head(0)->cookie, "1\n\t2"));
	assert_int_equal(head(0)->header_count, 3);
	client("GET http://proxy.example/x HTTP/1.0\r\n\r\n");
	assert_true(harness_str_is(head(1), &head(1)->host, "proxy.example"));
	client("GET /http://no.example/ HTTP/1.0\r\n\r\n");
	assert_int_equal(head(2)->host.off, 0);
}

static void order_of_names_is_hashed(void **state)
{
	(void)state;
	client("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n"
	       "GET /x HTTP/1.1\r\nA: 3\r\nB: 4\r\n\r\n"
	       "GET / HTTP/1.1\r\nB: 1\r\nA: 2\r\n\r\n");
	assert_true(head(0)->header_hash == head(1)->header_hash);
	assert_true(head(0)->header_hash != head(2)->header_hash);
}

static void what_is_not_http_is_refused(void **state)
{
	static const char *const none[] = {
		"GETX / HTTP/1.1\r\n",
		"get / HTTP/1.1\r\n",
		"SSH-2.0-x\r\n",
		"\x16\x03\x01",
		"220 ready\r\n",
		"HTTX/1.1 200",
		"S",
	};
	static const char *const looks_like[] = {
		"OPTIONS sip:a SIP/2.0\r\n", "GET /\r\n",           "OPTIONS rtsp://a RTSP/1.0\r\n",
		"GET / HTTP/3.0\r\n",        "HTTP/1.1 2x0 OK\r\n", "GET  HTTP/1.1\r\n",
		"GET / HTTP/1.1x\r\n",
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(harness_probe(&h, true, none[i], strlen(none[i])));
	for (unsigned i = 0; i < sizeof(looks_like) / sizeof(looks_like[0]); i++) {
		harness_restart(&h);
		assert_int_equal(client(looks_like[i]), INSPECT_NOT_MINE);
	}
	assert_int_equal(heads(), 0);
}

static void a_wrongly_guessed_client_is_put_right(void **state)
{
	(void)state;
	server(request);
	assert_int_equal(head(0)->e.sport, 8000);
	assert_int_equal(head(0)->e.from_server, 0);
	harness_restart(&h);
	h.flow.flags |= FLOW_CLIENT_KNOWN;
	server(request);
	assert_int_equal(head(0)->e.sport, 40000);
	assert_int_equal(head(0)->e.from_server, 1);
}

static void a_head_without_end_is_told_at_the_end(void **state)
{
	(void)state;
	for (size_t len = 1; len < sizeof(request) - 1; len++) {
		harness_restart(&h);
		(void)harness_stream(&h, true, request, len);
		bool is_told = harness_count(&h, EVENT_HTTP) > 0;
		harness_end(&h);
		size_t line = strcspn(request, "\n") + 1;
		assert_int_equal(heads(), is_told || len >= line);
		if (heads())
			assert_true(harness_str_is(head(0), &head(0)->uri, "/up?x=1"));
	}
}

static void a_gap_in_a_body_is_part_of_it(void **state)
{
	(void)state;
	client("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n12345");
	harness_gap(&h, true, 10);
	client("67890GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(heads(), 2);
	assert_true(harness_str_is(head(1), &head(1)->uri, "/2"));
}

/* All that is missing, or where it ends, is not known: the next segment with a head is. */
static void behind_a_gap_the_next_head_is_found(void **state)
{
	static const uint32_t missing[] = { 5, 100, UINT32_MAX };
	static const char *const before[] = {
		"", "GET /1 HTTP/1.1\r\nHo",
		"POST /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
		"POST /1 HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		for (unsigned k = 0; k < sizeof(missing) / sizeof(missing[0]); k++) {
			harness_restart(&h);
			client("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
			client(before[i]);
			harness_gap(&h, true, missing[k]);
			client("the rest of what was missing\r\n\r\n");
			client("PUT /2 HTTP/1.1\r\nHost: a\r\n\r\n");
			assert_int_equal(heads(), before[i][0] ? 3 : 2);
			const struct event_http *e = head(heads() - 1);
			assert_true(harness_str_is(e, &e->uri, "/2"));
		}
}

/* The answer to HEAD has no body; behind a lost request it is known which answer that is. */
static void answers_are_matched_again_after_a_gap(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
	(void)state;
	client("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
	server("HTTP/1.1 204 None\r\n\r\n");
	harness_gap(&h, true, 40); /* a request, and its answer is seen */
	server("HTTP/1.1 204 None\r\n\r\n");
	client("HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n");
	server(answer);
	client("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
	server(answer);
	server("123456789");
	client("GET /4 HTTP/1.1\r\nHost: a\r\n\r\n");
	server("HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(heads(), 9);
	assert_int_equal(head(8)->status, 404);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_one_event),
		TEST(a_head_without_end_is_told_at_the_end),
		TEST(a_gap_in_a_body_is_part_of_it),
		TEST(behind_a_gap_the_next_head_is_found),
		TEST(answers_are_matched_again_after_a_gap),
		TEST(a_response_is_one_event),
		TEST(bodies_between_heads_are_passed_over),
		TEST(portions_make_no_difference),
		TEST(a_response_to_head_has_no_body),
		TEST(a_body_up_to_the_end_ends_the_side),
		TEST(a_switch_lets_go),
		TEST(after_4096_messages_it_lets_go),
		TEST(lengths_that_contradict_end_the_side),
		TEST(broken_chunks_end_the_side),
		TEST(chunks_are_bounded),
		TEST(a_giant_head_is_told_as_far_as_it_goes),
		TEST(every_cut_capture_is_survived),
		TEST(every_wrong_byte_is_survived),
		TEST(odd_heads_are_tolerated),
		TEST(order_of_names_is_hashed),
		TEST(what_is_not_http_is_refused),
		TEST(a_wrongly_guessed_client_is_put_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
