/*
 * unit/inspect/test_dns_tcp.c - DNS messages in a stream, cut anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"
#include "test_dns_build.h"

extern const struct inspector dns_inspector;

static struct harness h;
static struct msg m, stream;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &dns_inspector, PROTO_TCP, 40000, 53);
	stream.len = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void add_message(void)
{
	put16(&stream, (unsigned)m.len);
	put(&stream, m.b, m.len);
}

static void add_query(const char *name)
{
	put_header(&m, 0x0100, 1, 0, 0, 0);
	put_question(&m, name, 16);
	add_message();
}

static void assert_names(unsigned count)
{
	static const char *const names[] = { "a.example", "b.example", "c.example" };
	assert_int_equal(harness_count(&h, EVENT_DNS), count);
	for (unsigned i = 0; i < count; i++) {
		const struct event_dns *e = harness_event(&h, EVENT_DNS, i);
		assert_true(harness_str_is(e, &e->name, names[i]));
		assert_int_equal(e->tcp, 1);
		assert_int_equal(e->malformed, 0);
	}
}

static void pipelined_messages_split_anywhere(void **state)
{
	(void)state;
	add_query("a.example");
	add_query("b.example");
	add_query("c.example");
	for (size_t cut = 0; cut <= stream.len; cut++) {
		harness_restart(&h);
		harness_stream(&h, true, stream.b, cut);
		assert_int_equal(harness_stream(&h, true, stream.b + cut, stream.len - cut),
				 INSPECT_MORE);
		assert_names(3);
	}
	harness_restart(&h);
	for (size_t i = 0; i < stream.len; i++)
		harness_stream(&h, true, stream.b + i, 1);
	assert_names(3);
}

static void both_sides_go_on_their_own(void **state)
{
	(void)state;
	add_query("a.example");
	harness_stream(&h, true, stream.b, stream.len);
	stream.len = 0;
	build_chain(&m);
	add_message();
	harness_stream(&h, false, stream.b, stream.len);
	assert_int_equal(harness_count(&h, EVENT_DNS), 2);
	const struct event_dns *e = harness_event(&h, EVENT_DNS, 1);
	assert_int_equal(e->is_response, 1);
	assert_int_equal(e->e.from_server, 1);
	assert_int_equal(e->message_len, m.len);
	assert_int_equal(harness_count(&h, EVENT_NAME), 1);
}

static void a_long_message_is_passed_over(void **state)
{
	(void)state;
	put_header(&m, 0x8180, 1, 2, 0, 0);
	put_question(&m, "a.example", 16);
	put_record(&m, 12, 10, 60, 300);
	m.len += 300;
	put_record(&m, 12, 10, 60, 15000);
	m.len += 15000;
	add_message();
	put_header(&m, 0x8180, 1, 1, 0, 0);
	put_question(&m, "b.example", 1);
	put_a(&m, 12, 60, 0x01020304);
	add_message();
	for (size_t step = 1; step < 3000; step += 611) {
		harness_restart(&h);
		for (size_t at = 0; at < stream.len; at += step) {
			size_t n = stream.len - at < step ? stream.len - at : step;
			assert_int_equal(harness_stream(&h, false, stream.b + at, n), INSPECT_MORE);
		}
		assert_names(2);
		const struct event_dns *e = harness_event(&h, EVENT_DNS, 0);
		assert_int_equal(e->rdata_len, 15300); /* by what its lengths say */
		assert_int_equal(h.pending_len[1], 0);
	}
}

static void the_length_may_come_alone(void **state)
{
	(void)state;
	add_query("a.example");
	assert_true(harness_probe(&h, true, stream.b, stream.len));
	assert_true(harness_probe(&h, true, stream.b, 2));
	for (size_t len = 0; len < stream.len; len++)
		(void)harness_probe(&h, true, stream.b, len);
	assert_false(harness_probe(&h, true, stream.b, 1));
	assert_false(harness_probe(&h, true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27));
	assert_false(harness_probe(&h, true, "SSH-2.0-OpenSSH_9.2\r\n", 21));
	assert_false(harness_probe(&h, true, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
}

static void another_protocol_is_not_mine(void **state)
{
	(void)state;
	assert_int_equal(harness_stream(&h, true, "\x00\x05hello", 7), INSPECT_NOT_MINE);
	harness_restart(&h);
	assert_int_equal(harness_stream(&h, true,
					"\x00\x14"
					"this is a line here!",
					22),
			 INSPECT_NOT_MINE);
	assert_int_equal(harness_count(&h, EVENT_DNS), 0);
}

static void garbage_between_messages_is_visible(void **state)
{
	(void)state;
	add_query("a.example");
	put(&stream,
	    "\x00\x14"
	    "this is a line here!",
	    22);
	put(&stream, "\x00\x00\x00\x01x", 5); /* too short to say anything */
	assert_int_equal(harness_stream(&h, true, stream.b, stream.len), INSPECT_MORE);
	assert_int_equal(harness_count(&h, EVENT_DNS), 2);
	const struct event_dns *e = harness_event(&h, EVENT_DNS, 1);
	assert_int_equal(e->malformed, 1);
	assert_int_equal(e->message_len, 20);
}

static void a_message_without_end_is_told_at_the_end(void **state)
{
	(void)state;
	add_query("a.example");
	for (size_t len = 1; len < stream.len; len++) {
		harness_restart(&h);
		assert_int_equal(harness_stream(&h, true, stream.b, len), INSPECT_MORE);
		harness_end(&h);
		/* prefix, header, name: the type may be missing */
		const struct event_dns *e = harness_event(&h, EVENT_DNS, 0);
		assert_int_equal(harness_count(&h, EVENT_DNS), e != NULL);
		if (e && len >= stream.len - 1)
			assert_int_equal(e->tcp, 1);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_message_without_end_is_told_at_the_end),
		TEST(pipelined_messages_split_anywhere),
		TEST(both_sides_go_on_their_own),
		TEST(a_long_message_is_passed_over),
		TEST(the_length_may_come_alone),
		TEST(another_protocol_is_not_mine),
		TEST(garbage_between_messages_is_visible),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
