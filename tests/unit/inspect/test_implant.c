/*
 * unit/inspect/test_implant.c - frames of remote access tools and bots, and what only looks so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector implant_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &implant_inspector, PROTO_TCP, 40000, 8181);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

/* The last event of the conversation; NULL: there was none. */
static const struct event_implant *after(const struct turn *t, unsigned count)
{
	harness_restart(&h);
	dialog_whole(&h, t, count);
	unsigned n = harness_count(&h, EVENT_IMPLANT);
	return n ? harness_event(&h, EVENT_IMPLANT, n - 1) : NULL;
}

static void expect(const struct turn *t, unsigned count, enum implant_family family, uint32_t marks)
{
	assert_true(harness_probe(&h, t[0].from_client, t[0].data, turn_len(&t[0])));
	const struct event_implant *e = after(t, count);
	assert_non_null(e);
	assert_int_equal(e->family, family);
	assert_int_equal(e->marks, marks);
	for (size_t len = 0; len < dialog_len(t, count); len++) { /* every truncation */
		harness_restart(&h);
		dialog_until(&h, t, count, len);
		for (unsigned i = 0; i < harness_count(&h, EVENT_IMPLANT); i++) {
			e = harness_event(&h, EVENT_IMPLANT, i);
			assert_int_equal(e->marks & ~marks, 0);
		}
	}
}

#define LOGIN "Zx9kq\x1b\0\0\0\x0e\0\0\0\x78\x9c\1\2\3\4\5\6\7\x8\x9\xa\xb\xc"
#define ORDER "Zx9kq\x11\0\0\0\1\0\0\0\x78\x9c\1\2"

static const struct turn packed[] = { C(LOGIN), S(ORDER), C(LOGIN LOGIN), S(ORDER ORDER) };
static const struct turn numbered[] = {
	C("20\0ll|'|'|a|'|'|b|'|'|c"),
	S("0\0"),
	C("0\0"),
	S("4\0proc"),
};
static const struct turn marked[] = { C("\x24\x04\xff\0\x05\0\0\0hello"),
				      S("\x24\x04\xff\0\x01\0\0\0x"),
				      C("\x24\x04\xff\0\x02\0\0\0hi") };
static const struct turn kept_alive[] = {
	C("\0\0\0\1"),
	C("\4mips"),
	C("\0\0"),
	S("\0\0"),
	C("\0\0"),
	S("\0\0"),
	S("\0\x12\0\0\0\x3c\0\1\xc6\x33\x64\x9\x20\1\7\2"
	  "80"),
};
static const struct turn words[] = {
	C("BUILD MIPSEL\n"), S("PING\n"), C("PONG\n"),
	S("PING\n"),         C("PONG"),   S("!* UDP 198.51.100.9 80 60 32\n"),
};
static const struct turn figures[] = { S("8EA4AB05FA7E"), C("B47CB892B702"), S("155CAD31A61F"),
				       C("0123456789ABCDEF") };
static const struct turn net_tcp[] = {
	C("\0\1\0\1\2\2\x1dnet.tcp://203.0.113.74:19715/\3\x8\xc"),
	S("\xb"),
	C("\6\x20http://tempuri.org/Entity/Id1abc"),
};

#define REPORT "ping|X|1B|DESKTOP-7|ana|Windows 10 Pro|64-bit|"
static const struct turn reports[] = { C("48\r\n\r\n" REPORT), S("ok"), C(REPORT), C(REPORT) };

static void every_family(void **state)
{
	(void)state;
	const uint32_t both = IMPLANT_FORM | IMPLANT_ANSWERED, on = both | IMPLANT_GOES_ON;
	expect(packed, DIALOG_COUNT(packed), IMPLANT_PACKED, on);
	expect(numbered, DIALOG_COUNT(numbered), IMPLANT_NUMBERED, on | IMPLANT_FIELDS);
	expect(marked, DIALOG_COUNT(marked), IMPLANT_MARKED, both);
	expect(kept_alive, DIALOG_COUNT(kept_alive), IMPLANT_KEPT_ALIVE,
	       IMPLANT_FORM | IMPLANT_GOES_ON | IMPLANT_ORDER);
	expect(words, DIALOG_COUNT(words), IMPLANT_WORDS,
	       IMPLANT_FORM | IMPLANT_GOES_ON | IMPLANT_ORDER);
	expect(figures, DIALOG_COUNT(figures), IMPLANT_FIGURES, on);
	expect(net_tcp, DIALOG_COUNT(net_tcp), IMPLANT_NET_TCP,
	       IMPLANT_FORM | IMPLANT_BY_ADDRESS | IMPLANT_NAMED);
	expect(reports, DIALOG_COUNT(reports), IMPLANT_REPORTED, IMPLANT_FORM | IMPLANT_GOES_ON);
}

static void the_prefix_is_told(void **state)
{
	(void)state;
	const struct event_implant *e = after(packed, DIALOG_COUNT(packed));
	assert_true(harness_str_is(e, &e->prefix, "Zx9kq"));
	assert_int_equal(e->frames[0], 3);
	assert_int_equal(e->frames[1], 3);
	assert_int_equal(e->is_end, 1);
}

static bool probes(bool from_client, const char *data, size_t len)
{
	return harness_probe(&h, from_client, data, len);
}

#define PROBES(from_client, text) probes(from_client, text, sizeof(text) - 1)

static void what_only_looks_so(void **state)
{
	(void)state;
	assert_false(PROBES(true, "12:hello world!,"));
	assert_false(PROBES(true, "17\0too short"));
	assert_false(PROBES(true, "GET / HTTP/1.0\r\n\r\n"));
	assert_false(PROBES(true, "\0\0\0\1\0\0\0\0"));
	assert_false(PROBES(true, "\0\0\0\2"));
	assert_false(
		PROBES(true, "Zx9kq\x1c\0\0\0\x0e\0\0\0\x78\x9c\1\2\3\4\5\6\7\x8\x9\xa\xb\xc"));
	assert_false(PROBES(true, "Zx9kq\x1b\0\0\0\0\0\0\0\x78\x9c\1\2\3\4\5\6\7\x8\x9\xa\xb\xc"));
	assert_false(PROBES(true, "Zx9kq\x1b\0\0\0\0\0\1\0\x78\x9c\1\2\3\4\5\6\7\x8\x9\xa\xb\xc"));
	assert_false(
		PROBES(true, "ZBXD\3\x0e\0\0\0\x0e\0\0\0\x78\x9c\1\2\3\4\5\6\7\x8\x9\xa\xb\xc"));
	assert_true(
		PROBES(true, "ZBXE\3\x0e\0\0\0\x0e\0\0\0\x78\x9c\1\2\3\4\5\6\7\x8\x9\xa\xb\xc"));
	assert_false(PROBES(true, "\x24\x04\xff\0\x05\0\0\0hell"));
	assert_false(PROBES(true, "PING\r\n"));
	assert_false(PROBES(false, "PING :1\r\n"));
	assert_false(PROBES(false, "220 ready\r\n"));
	assert_false(PROBES(true, "\0\1\0\1\2\2\5http:"));
	assert_true(PROBES(true, "a|b|c|DESKTOP-7|Windows 11|x64"));
	assert_false(PROBES(true, "a|b|DESKTOP-7|Windows 11|x64"));
	assert_false(PROBES(true, "a|b|c|d|Windows 11|x64"));
	assert_false(PROBES(true, "a|b|c|DESKTOP-7|Windows 11|x64\x80"));
	assert_false(PROBES(true, "CEF:0|a|b|DESKTOP-7|Windows 11|x64|"));
	assert_false(PROBES(true, "GET / HTTP/1.1\r\nCookie: a|b|c|DESKTOP-7|Windows 11|x64|"));
}

static void it_ends_where_it_is_another(void **state)
{
	static const struct turn other[] = { C("\0\0\0\1"), C("\xff\xff\xff") },
				 text[] = { C("BUILD 7\n"), C("a\nb\nc\nd\ne\nf\ng\nh\ni\n") },
				 lower[] = { S("8EA4AB05FA7E"), C("hello") };
	(void)state;
	assert_null(after(other, 2));
	assert_int_equal(h.verdict, INSPECT_NOT_MINE);
	assert_null(after(text, 2));
	assert_int_equal(h.verdict, INSPECT_DONE);
	assert_null(after(lower, 2));
	assert_int_equal(h.verdict, INSPECT_NOT_MINE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(every_family),
		T(the_prefix_is_told),
		T(what_only_looks_so),
		T(it_ends_where_it_is_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
