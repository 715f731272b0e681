/*
 * unit/inspect/test_http_inner.c - what begins inside a WebSocket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

static void switch_over(void)
{
	static const char ask[] = "GET /v1/events HTTP/1.1\r\nHost: a.example\r\n"
				  "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
	static const char answer[] =
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
	harness_restart(&h);
	harness_stream(&h, true, ask, sizeof(ask) - 1);
	assert_int_equal(harness_stream(&h, false, answer, sizeof(answer) - 1), INSPECT_MORE);
}

/* A frame of up to 125 bytes; the client's are masked. */
static size_t frame(uint8_t *to, bool from_client, uint8_t opcode, const char *text, size_t len)
{
	static const uint8_t mask[4] = { 0x11, 0x22, 0x33, 0x44 };
	size_t n = 0;
	to[n++] = (uint8_t)(0x80 | opcode);
	to[n++] = (uint8_t)(len | (from_client ? 0x80 : 0));
	for (size_t i = 0; from_client && i < 4; i++)
		to[n++] = mask[i];
	for (size_t i = 0; i < len; i++)
		to[n++] = (uint8_t)text[i] ^ (from_client ? mask[i % 4] : 0);
	return n;
}

static void send(bool from_client, uint8_t opcode, const char *text, size_t len)
{
	uint8_t bytes[200];
	size_t n = frame(bytes, from_client, opcode, text, len);
	harness_stream(&h, from_client, bytes, n);
}

static unsigned inner(void)
{
	return harness_count(&h, EVENT_INNER);
}

static void ssh_is_told_from_either_side(void **state)
{
	static const char banner[] = "SSH-2.0-OpenSSH_9.2\r\n";
	(void)state;
	for (unsigned from_client = 0; from_client < 2; from_client++) {
		switch_over();
		send(from_client, 2, banner, sizeof(banner) - 1);
		assert_int_equal(inner(), 1);
		const struct event_inner *e = harness_event(&h, EVENT_INNER, 0);
		assert_int_equal(e->inner, APP_SSH);
		assert_true(harness_str_is(e, &e->carrier, "websocket"));
		send(!from_client, 2, banner, sizeof(banner) - 1); /* once is enough */
		assert_int_equal(inner(), 1);
	}
}

static void other_protocols_are_known(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum app app;
	} cases[] = { { "RFB 003.008\n", 12, APP_VNC },
		      { "\x03\x00\x00\x13\x0e\xe0\x00\x00", 8, APP_RDP },
		      { "\x00\x00\x00\x54\xfeSMB@\x00", 10, APP_SMB },
		      { "\x16\x03\x01\x00\xc8\x01\x00", 7, APP_TLS } };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		switch_over();
		send(true, 2, cases[i].bytes, cases[i].len);
		assert_int_equal(inner(), 1);
		const struct event_inner *e = harness_event(&h, EVENT_INNER, 0);
		assert_int_equal(e->inner, cases[i].app);
	}
}

static void a_page_says_nothing(void **state)
{
	(void)state;
	switch_over();
	for (unsigned i = 0; i < 20; i++) {
		send(true, 1, "{\"type\":\"ping\"}", 15);
		send(false, 1, "{\"type\":\"pong\"}", 15);
		send(false, 9, "", 0);
	}
	send(true, 2, "SSH-2.0-late", 12); /* only the begin is looked at */
	assert_int_equal(inner(), 0);
}

static void frames_may_be_cut_anywhere(void **state)
{
	static const char text[] = "hello, this is a greeting of a tunnel";
	uint8_t bytes[300];
	(void)state;
	size_t n = frame(bytes, true, 2, text, sizeof(text) - 1);
	n += frame(bytes + n, true, 2, "SSH-2.0-x\r\n", 11);
	for (size_t cut = 1; cut < n; cut++) {
		switch_over();
		harness_stream(&h, true, bytes, cut);
		harness_stream(&h, true, bytes + cut, n - cut);
		assert_int_equal(inner(), 1);
		switch_over();
		harness_stream(&h, true, bytes, cut); /* and end there */
		harness_end(&h);
	}
	switch_over();
	for (size_t i = 0; i < n; i++)
		harness_stream(&h, true, bytes + i, 1);
	assert_int_equal(inner(), 1);
}

static void what_is_no_frame_ends_the_side(void **state)
{
	static const char *const heads[] = {
		"\xa2\x04SSH-",                             /* a reserved bit */
		"\x83\x04SSH-",                             /* an opcode that there is not */
		"\x80\x04SSH-",                             /* goes on with nothing */
		"\x09\x04SSH-",                             /* control in pieces */
		"\xc2\x04\xff\xff\xff\xff",                 /* packed, and damaged */
		"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", /* endless */
	};
	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		switch_over();
		harness_stream(&h, false, heads[i], i == 5 ? 10 : 6);
		assert_true(h.side_done[1]);
		assert_int_equal(inner(), 0);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(ssh_is_told_from_either_side),
		TEST(other_protocols_are_known),
		TEST(a_page_says_nothing),
		TEST(frames_may_be_cut_anywhere),
		TEST(what_is_no_frame_ends_the_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
