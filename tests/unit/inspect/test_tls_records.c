/*
 * unit/inspect/test_tls_records.c - what follows the hellos: the server's certificate, and how
 * records go to and fro.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"
#include "test_tls_build.h"

extern const struct inspector tls_inspector;

/* openssl req -x509, prime256v1, /O=Example/CN=Lab Server, ten years from 2026-11-28T18:15:28Z;
 * names *.lab.example, lab.example, 192.0.2.1 */
static const uint8_t certificate[] = {
	0x30, 0x82, 0x01, 0xd1, 0x30, 0x82, 0x01, 0x77, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x14,
	0x13, 0x33, 0x19, 0x14, 0x48, 0xb1, 0x3b, 0x26, 0x49, 0xe7, 0x82, 0xf3, 0x77, 0xcb, 0xfb,
	0x9f, 0x2a, 0x08, 0xfc, 0x5f, 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04,
	0x03, 0x02, 0x30, 0x27, 0x31, 0x10, 0x30, 0x0e, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x07,
	0x45, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x31, 0x13, 0x30, 0x11, 0x06, 0x03, 0x55, 0x04,
	0x03, 0x0c, 0x0a, 0x4c, 0x61, 0x62, 0x20, 0x53, 0x65, 0x72, 0x76, 0x65, 0x72, 0x30, 0x1e,
	0x17, 0x0d, 0x32, 0x36, 0x31, 0x31, 0x32, 0x38, 0x31, 0x38, 0x31, 0x35, 0x32, 0x38, 0x5a,
	0x17, 0x0d, 0x33, 0x36, 0x31, 0x31, 0x32, 0x35, 0x31, 0x38, 0x31, 0x35, 0x32, 0x38, 0x5a,
	0x30, 0x27, 0x31, 0x10, 0x30, 0x0e, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x07, 0x45, 0x78,
	0x61, 0x6d, 0x70, 0x6c, 0x65, 0x31, 0x13, 0x30, 0x11, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c,
	0x0a, 0x4c, 0x61, 0x62, 0x20, 0x53, 0x65, 0x72, 0x76, 0x65, 0x72, 0x30, 0x59, 0x30, 0x13,
	0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
	0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x58, 0xab, 0x37, 0x4f, 0xc1, 0x31, 0x89,
	0x2f, 0xe8, 0xb5, 0xc7, 0x4d, 0xd1, 0x8f, 0x7a, 0x30, 0x52, 0xa4, 0xb1, 0x0a, 0x1e, 0x78,
	0xfe, 0xfb, 0xc1, 0xed, 0xbb, 0x7f, 0x08, 0xa2, 0x9d, 0xa6, 0x7c, 0xf1, 0xff, 0x90, 0xd6,
	0x69, 0x18, 0x6f, 0xb3, 0xa5, 0x82, 0x48, 0x9d, 0x0f, 0x25, 0x9b, 0xc7, 0x77, 0xe4, 0x30,
	0xbe, 0xf6, 0xd4, 0xc9, 0xb0, 0xea, 0x9d, 0x4d, 0x66, 0xb5, 0xdb, 0x5c, 0xa3, 0x81, 0x80,
	0x30, 0x7e, 0x30, 0x1d, 0x06, 0x03, 0x55, 0x1d, 0x0e, 0x04, 0x16, 0x04, 0x14, 0xac, 0x85,
	0xaa, 0xbe, 0x6e, 0xc5, 0x43, 0x89, 0x51, 0xcb, 0xd4, 0x2b, 0x37, 0x03, 0x70, 0x1a, 0xf9,
	0x02, 0x54, 0xaf, 0x30, 0x1f, 0x06, 0x03, 0x55, 0x1d, 0x23, 0x04, 0x18, 0x30, 0x16, 0x80,
	0x14, 0xac, 0x85, 0xaa, 0xbe, 0x6e, 0xc5, 0x43, 0x89, 0x51, 0xcb, 0xd4, 0x2b, 0x37, 0x03,
	0x70, 0x1a, 0xf9, 0x02, 0x54, 0xaf, 0x30, 0x0f, 0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01,
	0xff, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff, 0x30, 0x2b, 0x06, 0x03, 0x55, 0x1d, 0x11,
	0x04, 0x24, 0x30, 0x22, 0x82, 0x0d, 0x2a, 0x2e, 0x6c, 0x61, 0x62, 0x2e, 0x65, 0x78, 0x61,
	0x6d, 0x70, 0x6c, 0x65, 0x82, 0x0b, 0x6c, 0x61, 0x62, 0x2e, 0x65, 0x78, 0x61, 0x6d, 0x70,
	0x6c, 0x65, 0x87, 0x04, 0xc0, 0x00, 0x02, 0x01, 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48,
	0xce, 0x3d, 0x04, 0x03, 0x02, 0x03, 0x48, 0x00, 0x30, 0x45, 0x02, 0x21, 0x00, 0xeb, 0x48,
	0x8c, 0xad, 0x5b, 0xc2, 0xbe, 0x65, 0x9b, 0x44, 0xc1, 0xe6, 0x54, 0x52, 0xb1, 0x05, 0xfe,
	0x20, 0xa3, 0xc4, 0xbd, 0x21, 0x2b, 0x0b, 0x04, 0x34, 0x7a, 0x0b, 0x35, 0xb8, 0x07, 0x5c,
	0x02, 0x20, 0x51, 0xd0, 0x12, 0x2b, 0x1b, 0xbf, 0x29, 0xa3, 0x84, 0x96, 0xad, 0xad, 0x92,
	0x30, 0xfe, 0xc0, 0x8f, 0xfb, 0x2c, 0x51, 0x93, 0x6c, 0x8c, 0xdf, 0x82, 0x86, 0x92, 0xfc,
	0x33, 0xaa, 0x21, 0x82,
};

static struct harness h;
static struct bytes message, m;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &tls_inspector, PROTO_TCP, 40000, 8443);
	message.len = m.len = 0;
	h.packet.time_ns = 1900000000ull * 1000000000ull;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void client_hello(const char *sni)
{
	static const uint16_t ciphers[] = { 0xc02b, LIST_END };
	static const uint16_t extensions[] = { 0, LIST_END };
	struct hello_plan p = { .legacy = 0x0303,
				.ciphers = ciphers,
				.extensions = sni ? extensions : NULL,
				.sni = sni };
	message.len = m.len = 0;
	put_client_hello(&message, &p);
	put_records(&m, &message, 16384);
	harness_stream(&h, true, m.b, m.len);
}

/* The hello and the certificate, `count` times, in records of `record` bytes. */
static void build_server(const uint8_t *der, size_t len, unsigned count, size_t record)
{
	static const uint16_t extensions[] = { 11, LIST_END };
	message.len = m.len = 0;
	put_server_hello(&message, 0x0303, 0xc02b, extensions, 0);
	put8(&message, 11);
	size_t whole = hold(&message, 3), list = hold(&message, 3);
	for (unsigned i = 0; i < count; i++) {
		size_t one = hold(&message, 3);
		put(&message, der, len);
		patch_length(&message, one, 3);
	}
	patch_length(&message, list, 3);
	patch_length(&message, whole, 3);
	put_records(&m, &message, record);
}

static void put_record(struct bytes *to, unsigned type, size_t len)
{
	put8(to, type);
	put16(to, 0x0303);
	put16(to, (unsigned)len);
	for (size_t i = 0; i < len; i++)
		put8(to, 0x5a);
}

static void send_record(bool from_client, size_t len, uint64_t after_ns)
{
	struct bytes *one = calloc(1, sizeof(*one));
	assert_non_null(one);
	put_record(one, 23, len);
	h.packet.time_ns += after_ns;
	harness_stream(&h, from_client, one->b, one->len);
	free(one);
}

static const struct event_cert *only_cert(void)
{
	assert_int_equal(harness_count(&h, EVENT_CERT), 1);
	return harness_event(&h, EVENT_CERT, 0);
}

static void assert_lab_server(const struct event_cert *e)
{
	assert_true(harness_str_is(e, &e->subject, "Lab Server"));
	assert_true(harness_str_is(e, &e->issuer, "Lab Server"));
	assert_true(harness_str_is(e, &e->serial, "1333191448B13B2649E782F377CBFB9F2A08FC5F"));
	assert_true(harness_str_is(e, &e->san, "*.lab.example"));
	assert_true(harness_str_is(
		e, &e->sha256, "a93801a5e2905c4f22e9a980a1a869c287704a3d25d3038cd410e464c2f44b43"));
	assert_true(harness_str_is(e, &e->sha1, "5ddca885bdf2cf622dd8e390bf9fae9c5f2709a0"));
	assert_int_equal(e->is_self_signed, 1);
	assert_int_equal(e->is_malformed, 0);
	assert_int_equal(e->is_wildcard, 1);
	assert_int_equal(e->names, 3);
	assert_int_equal(e->not_before_s, 1795889728);
	assert_int_equal(e->validity_days, 3650);
	assert_int_equal(e->age_days, (1900000000 - 1795889728) / 86400);
	assert_int_equal(e->e.from_server, 1);
}

static void a_certificate_is_told(void **state)
{
	(void)state;
	for (size_t record = 60; record < 2000; record += 97) {
		harness_restart(&h);
		client_hello("www.lab.example");
		build_server(certificate, sizeof(certificate), 2, record);
		harness_stream(&h, false, m.b, m.len);
		assert_lab_server(only_cert());
		assert_int_equal(only_cert()->sni_match, 1);
		assert_int_equal(only_cert()->chain, 2);
	}
}

static void it_may_come_in_any_pieces(void **state)
{
	(void)state;
	client_hello("lab.example");
	build_server(certificate, sizeof(certificate), 1, 16384);
	for (size_t cut = 1; cut < m.len; cut++) {
		harness_restart(&h);
		harness_stream(&h, false, m.b, cut);
		harness_stream(&h, false, m.b + cut, m.len - cut);
		assert_lab_server(only_cert());
		assert_int_equal(only_cert()->sni_match, 0);
	}
	harness_restart(&h);
	for (size_t i = 0; i < m.len; i++)
		harness_stream(&h, false, m.b + i, 1);
	assert_lab_server(only_cert());
}

static void names_are_held_against_the_one_asked_for(void **state)
{
	static const struct {
		const char *sni;
		unsigned match;
	} cases[] = { { "LAB.example", 1 },     { "x.lab.example", 1 }, { "x.y.lab.example", 2 },
		      { "other.example", 2 },   { "lab.example.", 2 },  { "ab.example", 2 },
		      { "www.elab.example", 2 } };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		harness_restart(&h);
		client_hello(cases[i].sni);
		build_server(certificate, sizeof(certificate), 1, 16384);
		harness_stream(&h, false, m.b, m.len);
		assert_int_equal(only_cert()->sni_match, cases[i].match);
	}
}

static void broken_certificates_are_survived(void **state)
{
	uint8_t *copy = malloc(sizeof(certificate));
	(void)state;
	assert_non_null(copy);
	for (size_t len = 1; len < sizeof(certificate); len++) {
		harness_restart(&h);
		build_server(certificate, len, 1, 16384);
		harness_stream(&h, false, m.b, m.len);
		assert_int_equal(only_cert()->is_malformed, 1);
		assert_int_equal(only_cert()->der_len, len);
	}
	for (size_t at = 0; at < sizeof(certificate); at++) {
		memcpy(copy, certificate, sizeof(certificate));
		copy[at] ^= 0x81;
		harness_restart(&h);
		build_server(copy, sizeof(certificate), 1, 16384);
		harness_stream(&h, false, m.b, m.len);
		(void)only_cert();
	}
	free(copy);
}

static void without_one_nothing_is_told(void **state)
{
	static const uint16_t extensions[] = { 11, LIST_END };
	(void)state;
	client_hello(NULL);
	message.len = m.len = 0;
	put_server_hello(&message, 0x0303, 0xc02b, extensions, 0); /* resumed */
	put_records(&m, &message, 16384);
	put_record(&m, 20, 1);
	put_record(&m, 22, 40);
	put_record(&m, 23, 100);
	harness_stream(&h, false, m.b, m.len);
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_CERT), 0);
	assert_int_equal(harness_count(&h, EVENT_TLS_SHAPE), 1);
	const struct event_tls_shape *e = harness_event(&h, EVENT_TLS_SHAPE, 0);
	assert_int_equal(e->records[1], 1);
	assert_int_equal(e->bytes[1], 100);
}

static void begin_records(void)
{
	harness_restart(&h);
	client_hello("lab.example");
	build_server(certificate, sizeof(certificate), 1, 16384);
	harness_stream(&h, false, m.b, m.len);
}

static void the_shape_is_told_at_the_end(void **state)
{
	(void)state;
	begin_records();
	for (unsigned i = 0; i < 10; i++) {
		send_record(true, 64, 5000000000ull);
		send_record(false, 2000, 1000000);
	}
	harness_end(&h);
	const struct event_tls_shape *e = harness_event(&h, EVENT_TLS_SHAPE, 0);
	assert_int_equal(harness_count(&h, EVENT_TLS_SHAPE), 1);
	assert_int_equal(e->is_end, 1);
	assert_int_equal(e->is_bulk, 0);
	assert_int_equal(e->records[0], 10);
	assert_int_equal(e->bytes[0], 640);
	assert_int_equal(e->bytes[1], 20000);
	assert_int_equal(e->sizes[0][0], 10);
	assert_int_equal(e->sizes[1][10], 10);
	assert_int_equal(e->turns, 19);
	assert_int_equal(e->first[0], 64);
	assert_int_equal(e->first[1], 0x8000 | 2000);
	assert_int_equal(e->first_count, 16);
	assert_int_equal(e->pauses, 9);
	assert_in_range(e->pause_ms, 5000, 5100);
	assert_int_equal(e->pause_spread_ms, 0);
}

static void who_begins_after_a_silence_is_told(void **state)
{
	(void)state;
	begin_records();
	send_record(true, 60, 1000000); /* with the handshake: no silence was before */
	for (unsigned i = 0; i < 5; i++) {
		send_record(false, 17 + 2 + i, 1000000000ull);
		if (i != 2)
			send_record(true, 17 + 30 * (i + 1), 1000000);
	}
	send_record(true, 100, 1000000000ull); /* late output */
	send_record(false, 300, 1000000);
	harness_end(&h);
	const struct event_tls_shape *e = harness_event(&h, EVENT_TLS_SHAPE, 0);
	assert_int_equal(e->begun[0], 1);
	assert_int_equal(e->begun[1], 5);
	assert_int_equal(e->answered, 4);
	assert_int_equal(e->asked_bytes, 2 + 3 + 4 + 5 + 6);
	assert_int_equal(e->reply_bytes, 30 * (1 + 2 + 4 + 5));
	assert_int_equal(e->ask_least, 2);
	assert_int_equal(e->ask_most, 6);
	assert_int_equal(e->reply_least, 30);
	assert_int_equal(e->reply_most, 150);
}

static void long_conversations_are_told_in_steps(void **state)
{
	(void)state;
	begin_records();
	for (unsigned i = 0; i < 100; i++)
		send_record(true, 300, 1000000);
	assert_int_equal(harness_count(&h, EVENT_TLS_SHAPE), 1);
	begin_records();
	for (unsigned i = 0; i < 8; i++)
		send_record(true, 300, 20000000000ull);
	assert_int_equal(harness_count(&h, EVENT_TLS_SHAPE), 2);
}

static void bulk_is_let_go(void **state)
{
	(void)state;
	begin_records();
	for (unsigned i = 0; i < 200 && h.verdict == INSPECT_MORE; i++)
		send_record(false, 16000, 1000);
	assert_int_equal(h.verdict, INSPECT_DONE);
	unsigned count = harness_count(&h, EVENT_TLS_SHAPE);
	const struct event_tls_shape *e = harness_event(&h, EVENT_TLS_SHAPE, count - 1);
	assert_int_equal(e->is_end, 1);
	assert_int_equal(e->is_bulk, 1);
	assert_in_range(e->bytes[1], 1 << 20, (1 << 20) + 16000);
}

static void what_is_no_record_ends_it(void **state)
{
	(void)state;
	begin_records();
	send_record(true, 50, 1000);
	send_record(false, 50, 1000);
	harness_stream(&h, true, "GET / HTTP/1.0\r\n", 16);
	assert_true(h.side_done[0]);
	harness_stream(&h, false, "HTTP/1.0 200 OK\r\n", 17);
	assert_true(h.side_done[1]);
	assert_int_equal(harness_count(&h, EVENT_TLS_SHAPE), 1);
}

static void it_rests_once_the_hellos_are_told(void **state)
{
	(void)state;
	assert_false(tls_inspector.is_resting(h.in.state));
	client_hello("lab.example");
	assert_false(tls_inspector.is_resting(h.in.state));
	begin_records();
	assert_true(tls_inspector.is_resting(h.in.state));
}

/* A record covers the gap, or the next segment that begins with one is counted again. */
static void records_behind_a_gap_are_counted(void **state)
{
	(void)state;
	client_hello("lab.example");
	build_server(certificate, sizeof(certificate), 1, 16384);
	harness_stream(&h, false, m.b, m.len);
	send_record(true, 100, 0);
	harness_stream(&h, true, "\x17\3\3\0\x64....", 9);
	harness_gap(&h, true, 96); /* all of that one */
	send_record(true, 100, 0);
	harness_gap(&h, true, 5000);
	harness_stream(&h, true, "within a record", 15);
	harness_stream(&h, true, "\x17", 1); /* too little to tell */
	send_record(true, 100, 0);
	harness_gap(&h, true, UINT32_MAX);
	send_record(true, 100, 0);
	harness_end(&h);
	const struct event_tls_shape *e = harness_event(&h, EVENT_TLS_SHAPE, 0);
	assert_non_null(e);
	assert_int_equal(e->records[0], 5);
	assert_int_equal(e->bytes[0], 500);
}

/* Of a hello what is missing does not come: the side ends there, as it always did. */
static void a_gap_in_a_hello_ends_its_side(void **state)
{
	(void)state;
	client_hello("lab.example");
	build_server(certificate, sizeof(certificate), 1, 16384);
	harness_stream(&h, false, m.b, 20);
	harness_gap(&h, false, 50);
	assert_int_equal(harness_stream(&h, false, m.b + 70, m.len - 70), INSPECT_SIDE_DONE);
	assert_int_equal(harness_count(&h, EVENT_CERT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_certificate_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(records_behind_a_gap_are_counted, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_gap_in_a_hello_ends_its_side, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_begins_after_a_silence_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_may_come_in_any_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_are_held_against_the_one_asked_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(broken_certificates_are_survived, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(without_one_nothing_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_shape_is_told_at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_conversations_are_told_in_steps, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(bulk_is_let_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_record_ends_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_rests_once_the_hellos_are_told, set_up,
						tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
