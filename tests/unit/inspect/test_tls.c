/*
 * unit/inspect/test_tls.c - hellos, their fingerprints, and hellos that lie or are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"
#include "test_tls_build.h"

extern const struct inspector tls_inspector;

static struct harness h;
static struct bytes message, m;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &tls_inspector, PROTO_TCP, 40000, 8443);
	message.len = m.len = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void build_client(const struct hello_plan *p, size_t record)
{
	message.len = m.len = 0;
	put_client_hello(&message, p);
	put_records(&m, &message, record);
}

static const struct event_tls *only_tls(void)
{
	assert_int_equal(harness_count(&h, EVENT_TLS), 1);
	return harness_event(&h, EVENT_TLS, 0);
}

static void assert_example(const struct event_tls *e)
{
	assert_non_null(e);
	assert_int_equal(e->is_server, 0);
	assert_int_equal(e->has_sni, 1);
	assert_int_equal(e->version, 0x0304);
	assert_int_equal(e->record_version, 0x0301);
	assert_true(harness_str_is(e, &e->sni, "www.example.com"));
	assert_true(harness_str_is(e, &e->alpn, "h2,http/1.1"));
	assert_true(harness_str_is(e, &e->ja4, JA4_EXAMPLE));
	/* 771,4865-4866-...-53,27-0-51-...-21,29-23-24,0 */
	assert_true(harness_str_is(e, &e->ja3, "c000e2caf3a25423f9de6c8a4b12a975"));
	assert_int_equal(e->e.app, APP_TLS);
}

static void the_example_has_its_fingerprints(void **state)
{
	(void)state;
	struct hello_plan p = ja4_plan();
	build_client(&p, 16384);
	assert_true(harness_probe(&h, true, m.b, m.len));
	assert_int_equal(harness_stream(&h, true, m.b, m.len), INSPECT_MORE);
	assert_example(only_tls());
}

static void known_ja3_are_met(void **state)
{
	static const uint16_t ciphers1[] = { 47,    53, 5,  10, 49161, 49162,   49171,
					     49172, 50, 56, 19, 4,     LIST_END };
	static const uint16_t extensions1[] = { 0, 10, 11, LIST_END };
	static const uint16_t groups1[] = { 23, 24, 25, LIST_END };
	static const uint16_t ciphers2[] = { 4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99, LIST_END };
	struct hello_plan p = { .legacy = 0x0301,
				.ciphers = ciphers1,
				.extensions = extensions1,
				.groups = groups1,
				.sni = "a" };
	(void)state;
	build_client(&p, 16384);
	harness_stream(&h, true, m.b, m.len);
	const struct event_tls *e = only_tls();
	assert_true(harness_str_is(e, &e->ja3, "ada70206e40642a3e4461f35503241d5"));
	assert_int_equal(e->version, 0x0301);
	harness_restart(&h);
	p.ciphers = ciphers2;
	p.extensions = NULL;
	build_client(&p, 16384);
	harness_stream(&h, true, m.b, m.len);
	e = only_tls();
	assert_true(harness_str_is(e, &e->ja3, "de350869b8c85de67a350c8d186f11e6"));
	assert_int_equal(e->ja4.len, 36);
	assert_memory_equal(event_str_data(&e->e, &e->ja4), "t10i110000_", 11);
	assert_memory_equal(event_str_data(&e->e, &e->ja4) + 23, "_000000000000", 13);
	assert_int_equal(e->has_sni, 0);
	assert_int_equal(e->sni.off, 0);
}

static void a_server_hello_has_its_fingerprint(void **state)
{
	static const uint16_t extensions[] = { 65281, 0, 11, 35, 5, 16, LIST_END };
	(void)state;
	put_server_hello(&message, 0x0301, 47, extensions, 0);
	put_records(&m, &message, 16384);
	assert_true(harness_probe(&h, false, m.b, m.len));
	/* certificates follow in the same record: the hello does not wait for them */
	m.b[3] = 0x20;
	assert_int_equal(harness_stream(&h, false, m.b, m.len), INSPECT_MORE);
	const struct event_tls *e = only_tls();
	assert_int_equal(e->is_server, 1);
	assert_int_equal(e->cipher, 47);
	assert_int_equal(e->version, 0x0301);
	assert_int_equal(e->e.from_server, 1);
	assert_true(harness_str_is(e, &e->ja3, "836ce314215654b5b1f85f97c73e506f"));
	assert_int_equal(e->ja4.off, 0);
}

static void both_hellos_are_told_once(void **state)
{
	static const uint16_t extensions[] = { 43, 51, LIST_END };
	struct hello_plan p = ja4_plan();
	(void)state;
	build_client(&p, 16384);
	put(&m, "\x14\x03\x03\0\1\1", 6); /* change of cipher after it */
	assert_int_equal(harness_stream(&h, true, m.b, m.len), INSPECT_MORE);
	message.len = m.len = 0;
	put_server_hello(&message, 0x0303, 0x1301, extensions, 0x0304);
	put_records(&m, &message, 16384);
	assert_int_equal(harness_stream(&h, false, m.b, m.len), INSPECT_MORE);
	assert_int_equal(harness_count(&h, EVENT_TLS), 2);
	const struct event_tls *e = harness_event(&h, EVENT_TLS, 1);
	assert_int_equal(e->version, 0x0304);
	assert_int_equal(e->cipher, 0x1301);
}

static void a_server_may_warn_before_its_hello(void **state)
{
	static const uint16_t extensions[] = { 0, LIST_END };
	static const char warning[] = "\x15\x03\x01\0\x02\x01\x70";
	struct hello_plan p = ja4_plan();
	(void)state;
	for (unsigned fatal = 0; fatal < 2; fatal++) {
		harness_restart(&h);
		build_client(&p, 16384);
		harness_stream(&h, true, m.b, m.len);
		message.len = m.len = 0;
		put(&m, warning, sizeof(warning) - 1);
		m.b[5] = (uint8_t)(1 + fatal);
		put_server_hello(&message, 0x0303, 0xc02f, extensions, 0);
		put_records(&m, &message, 16384);
		for (size_t i = 0; i < m.len; i++)
			harness_stream(&h, false, m.b + i, 1);
		assert_int_equal(harness_count(&h, EVENT_TLS), 2 - fatal);
	}
	harness_restart(&h);
	build_client(&p, 16384);
	harness_stream(&h, true, m.b, m.len);
	for (unsigned i = 0; i < 10; i++)
		harness_stream(&h, false, warning, sizeof(warning) - 1);
	assert_true(h.side_done[1]);
}

static void a_server_may_ask_to_try_again(void **state)
{
	static const uint8_t retry[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
					   0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
					   0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
					   0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
	static const uint16_t extensions[] = { 43, 51, LIST_END };
	(void)state;
	put_server_hello(&message, 0x0303, 0x1302, extensions, 0x0304);
	memcpy(message.b + 6, retry, sizeof(retry));
	put_records(&m, &message, 16384);
	put(&m, "\x14\x03\x03\0\1\1", 6);
	message.len = 0;
	put_server_hello(&message, 0x0303, 0x1303, extensions, 0x0304);
	put_records(&m, &message, 16384);
	/* one byte at a time: the runner feeds it in any portions */
	for (size_t i = 0; i < m.len; i++)
		harness_stream(&h, false, m.b + i, 1);
	assert_int_equal(h.verdict, INSPECT_MORE); /* records follow */
	assert_int_equal(only_tls()->cipher, 0x1303);
}

static void a_hello_may_be_cut_at_any_byte(void **state)
{
	struct hello_plan p = ja4_plan();
	(void)state;
	build_client(&p, 16384);
	for (size_t cut = 1; cut < m.len; cut++) {
		harness_restart(&h);
		assert_true(harness_probe(&h, true, m.b, cut));
		assert_int_equal(harness_stream(&h, true, m.b, cut), INSPECT_MORE);
		harness_stream(&h, true, m.b + cut, m.len - cut);
		assert_example(only_tls());
	}
	harness_restart(&h);
	for (size_t i = 0; i < m.len; i++)
		harness_stream(&h, true, m.b + i, 1);
	assert_example(only_tls());
}

static void a_hello_may_use_several_records(void **state)
{
	struct hello_plan p = ja4_plan();
	(void)state;
	for (size_t size = 1; size < 300; size += size < 10 ? 1 : 13) {
		harness_restart(&h);
		build_client(&p, size);
		assert_true(harness_probe(&h, true, m.b, m.len));
		harness_stream(&h, true, m.b, m.len / 2);
		harness_stream(&h, true, m.b + m.len / 2, m.len - m.len / 2);
		assert_example(only_tls());
	}
}

static void a_hello_may_fill_the_window(void **state)
{
	struct hello_plan p = ja4_plan();
	(void)state;
	p.padding = 15900;
	build_client(&p, 16384);
	assert_true(m.len < 16384);
	for (size_t at = 0; at < m.len; at += 1400)
		harness_stream(&h, true, m.b + at, m.len - at < 1400 ? m.len - at : 1400);
	const struct event_tls *e = only_tls();
	assert_true(harness_str_is(e, &e->ja4, JA4_EXAMPLE));
}

static void a_hello_beyond_the_window_still_names(void **state)
{
	struct hello_plan p = ja4_plan();
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		harness_restart(&h);
		p.padding = 30000;
		build_client(&p, 16384);
		size_t step = i ? m.len : 1400;
		for (size_t at = 0; at < m.len && h.verdict == INSPECT_MORE; at += step)
			harness_stream(&h, true, m.b + at, m.len - at < step ? m.len - at : step);
		const struct event_tls *e = only_tls();
		assert_true(harness_str_is(e, &e->sni, "www.example.com"));
		assert_int_equal(e->ja3.off, 0);
		assert_int_equal(e->ja4.off, 0);
	}
}

/* Segments of which the capture kept only the start. */
static void what_was_not_captured_is_not_told(void **state)
{
	struct hello_plan p = ja4_plan();
	(void)state;
	build_client(&p, 16384);
	for (size_t len = 5; len < m.len; len++) {
		harness_restart(&h);
		uint8_t *copy = harness_exact(m.b, len);
		harness_packet(&h, true, copy, len, m.len);
		uint32_t used;
		h.verdict = h.inspector->on_stream(&h.in, copy, (uint32_t)len, &used);
		free(copy);
		h.packet.payload = NULL;
		assert_int_not_equal(h.verdict, INSPECT_DONE);
		if (harness_count(&h, EVENT_TLS)) {
			const struct event_tls *e = harness_event(&h, EVENT_TLS, 0);
			assert_int_equal(e->ja3.off, 0);
			assert_int_equal(e->ja4.off, 0);
			if (e->sni.off)
				assert_true(harness_str_is(e, &e->sni, "www.example.com"));
		}
	}
}

/* The message says that it ends where it is cut. */
static void every_short_hello_is_survived(void **state)
{
	struct hello_plan p = ja4_plan();
	(void)state;
	message.len = 0;
	put_client_hello(&message, &p);
	struct bytes *cut = malloc(sizeof(*cut));
	assert_non_null(cut);
	for (unsigned type = 1; type <= 2; type++)
		for (size_t len = 4; len < message.len; len++) {
			cut->len = 0;
			put(cut, message.b, len);
			cut->b[0] = (uint8_t)type;
			patch_length(cut, 1, 3);
			m.len = 0;
			put_records(&m, cut, 16384);
			harness_restart(&h);
			harness_stream(&h, type == 1, m.b, m.len);
			assert_true(h.verdict != INSPECT_MORE || harness_count(&h, EVENT_TLS));
		}
	free(cut);
}

static void every_wrong_byte_is_survived(void **state)
{
	struct hello_plan p = ja4_plan();
	(void)state;
	build_client(&p, 100);
	for (size_t at = 0; at < m.len; at++)
		for (unsigned v = 0; v < 4; v++) {
			static const uint8_t values[4] = { 0x00, 0xff, 0x7f, 0x01 };
			uint8_t keep = m.b[at];
			m.b[at] = values[v];
			harness_restart(&h);
			harness_probe(&h, true, m.b, m.len);
			harness_stream(&h, true, m.b, m.len);
			m.b[at] = keep;
		}
}

static void old_versions_have_their_names_in_ja4(void **state)
{
	static const uint16_t one[] = { 0x002f, LIST_END };
	static const struct {
		uint16_t version;
		const char *ja4;
	} all[] = {
		{ 0x0303, "t12i010000_ba72b8082249_000000000000" },
		{ 0x0302, "t11i010000_ba72b8082249_000000000000" },
		{ 0x0301, "t10i010000_ba72b8082249_000000000000" },
		{ 0x0300, "ts3i010000_ba72b8082249_000000000000" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct hello_plan p = { .legacy = all[i].version, .ciphers = one };
		harness_restart(&h);
		build_client(&p, 16384);
		harness_stream(&h, true, m.b, m.len);
		const struct event_tls *e = only_tls();
		assert_int_equal(e->version, all[i].version);
		assert_int_equal(e->has_sni, 0);
		assert_true(harness_str_is(e, &e->ja4, all[i].ja4));
	}
}

static void alpn_of_odd_bytes_is_hex(void **state)
{
	static const struct {
		const char *name, *two;
	} cases[] = {
		{ "h", "hh" },
		{ "\xab", "ab" },
		{ "a\xcd", "6d" },
		{ "\xab"
		  "c",
		  "a3" },
		{ "http/1.1", "h1" },
		{ "\x30\xab", "3b" },
	};
	struct hello_plan p = ja4_plan();
	(void)state;
	p.alpn[1] = NULL;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		harness_restart(&h);
		p.alpn[0] = cases[i].name;
		build_client(&p, 16384);
		harness_stream(&h, true, m.b, m.len);
		const struct event_tls *e = only_tls();
		assert_memory_equal(event_str_data(&e->e, &e->ja4) + 8, cases[i].two, 2);
	}
}

static void counts_stop_at_99(void **state)
{
	uint16_t many[2000];
	struct hello_plan p = ja4_plan();
	(void)state;
	for (unsigned count = 99; count < 1100; count += 990 / 2) {
		harness_restart(&h);
		for (unsigned i = 0; i < count; i++)
			many[i] = (uint16_t)(0xf000 - i);
		many[count] = LIST_END;
		p.ciphers = p.extensions = many;
		build_client(&p, 16384);
		harness_stream(&h, true, m.b, m.len);
		const struct event_tls *e = only_tls();
		assert_int_equal(e->ja3.len, 32);
		if (count > 1024) {
			assert_int_equal(e->ja4.off, 0);
			continue;
		}
		assert_memory_equal(event_str_data(&e->e, &e->ja4), "t12i999900_", 11);
	}
}

static void a_long_name_is_cut(void **state)
{
	static char name[3000];
	struct hello_plan p = ja4_plan();
	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	p.sni = name;
	build_client(&p, 16384);
	harness_stream(&h, true, m.b, m.len);
	const struct event_tls *e = only_tls();
	assert_int_equal(e->sni.len, EVENT_STR_MAX);
	assert_int_equal(e->sni.full, 2999);
}

static void what_is_not_tls_is_refused(void **state)
{
	static const char *const others[] = {
		"GET / HTTP/1.1\r\n\r\n",   "\x16\x02\x00\x00\x30\x01", "\x16\x03\x01\x00\x30\x04",
		"\x17\x03\x03\x00\x30\x01", "\x16\x03\x09\x00\x30\x01",
	};
	static const char none[] = "\x16\x03\x01\x00\x08\x01\x00\x00\x04\xfe\xff\x00\x00";
	static const char alert[] = "\x15\x03\x01\x00\x02\x02\x28";
	(void)state;
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(harness_probe(&h, true, others[i], 6));
	assert_int_equal(harness_stream(&h, true, none, sizeof(none) - 1), INSPECT_NOT_MINE);
	harness_restart(&h);
	assert_int_equal(harness_stream(&h, false, alert, sizeof(alert) - 1), INSPECT_SIDE_DONE);
	assert_int_equal(harness_count(&h, EVENT_TLS), 0);
}

static void a_wrongly_guessed_client_is_put_right(void **state)
{
	struct hello_plan p = ja4_plan();
	(void)state;
	build_client(&p, 16384);
	harness_stream(&h, false, m.b, m.len);
	const struct event_tls *e = only_tls();
	assert_int_equal(e->e.sport, 8443);
	assert_int_equal(e->e.dport, 40000);
	assert_int_equal(e->e.from_server, 0);
	harness_restart(&h);
	h.flow.flags |= FLOW_CLIENT_KNOWN;
	harness_stream(&h, false, m.b, m.len);
	assert_int_equal(only_tls()->e.sport, 40000);
}

static void a_hello_without_end_is_told_at_the_end(void **state)
{
	struct hello_plan p = ja4_plan();
	unsigned told = 0;
	(void)state;
	build_client(&p, 16384);
	for (size_t len = 1; len < m.len; len++) {
		harness_restart(&h);
		assert_int_equal(harness_stream(&h, true, m.b, len), INSPECT_MORE);
		harness_end(&h);
		const struct event_tls *e = harness_event(&h, EVENT_TLS, 0);
		told += e != NULL;
		assert_true(!e || (!e->ja3.off && !e->ja4.off)); /* not whole: no fingerprint */
	}
	assert_true(told > m.len / 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_example_has_its_fingerprints),
		TEST(a_hello_without_end_is_told_at_the_end),
		TEST(known_ja3_are_met),
		TEST(a_server_hello_has_its_fingerprint),
		TEST(both_hellos_are_told_once),
		TEST(a_server_may_warn_before_its_hello),
		TEST(a_server_may_ask_to_try_again),
		TEST(a_hello_may_be_cut_at_any_byte),
		TEST(a_hello_may_use_several_records),
		TEST(a_hello_may_fill_the_window),
		TEST(a_hello_beyond_the_window_still_names),
		TEST(what_was_not_captured_is_not_told),
		TEST(every_short_hello_is_survived),
		TEST(every_wrong_byte_is_survived),
		TEST(old_versions_have_their_names_in_ja4),
		TEST(alpn_of_odd_bytes_is_hex),
		TEST(counts_stop_at_99),
		TEST(a_long_name_is_cut),
		TEST(what_is_not_tls_is_refused),
		TEST(a_wrongly_guessed_client_is_put_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
