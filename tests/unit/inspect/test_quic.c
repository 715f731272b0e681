/*
 * unit/inspect/test_quic.c - client hellos under the protection of Initial packets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/inspect_harness.h"
#include "test_quic_build.h"

extern const struct inspector quic_inspector;

#define DCID          "\x83\x94\xc8\xf0\x3e\x51\x57\x08"
#define JA4_OVER_QUIC "q13d1516h2_8daaf6152771_e5627efa2ab1"

static struct harness h;
static struct bytes message, plain, m;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &quic_inspector, PROTO_UDP, 40000, 443);
	message.len = plain.len = m.len = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static struct seal usual(void)
{
	struct seal s = { .version = QUIC_1,
			  .dcid = DCID,
			  .number = 2,
			  .number_len = 4,
			  .payload_len = 1162 };
	return s;
}

static void build_hello(size_t padding)
{
	struct hello_plan p = ja4_plan();
	p.padding = padding;
	message.len = 0;
	put_client_hello(&message, &p);
}

/* One datagram with one packet that carries [from, to). */
static void build_packet(const struct seal *s, size_t from, size_t to)
{
	plain.len = m.len = 0;
	put_crypto(&plain, &message, from, to);
	put_initial(&m, s, &plain);
}

static enum inspect_verdict send(void)
{
	return harness_datagram(&h, true, m.b, m.len);
}

static void assert_hello(uint32_t version)
{
	assert_int_equal(harness_count(&h, EVENT_QUIC), 1);
	const struct event_tls *e = harness_event(&h, EVENT_QUIC, 0);
	assert_true(harness_str_is(e, &e->sni, "www.example.com"));
	assert_true(harness_str_is(e, &e->ja4, JA4_OVER_QUIC));
	assert_int_equal(e->quic_version, version);
	assert_int_equal(e->version, 0x0304);
	assert_int_equal(e->e.sport, 40000);
}

static size_t from_hex(const char *text, uint8_t *dst)
{
	size_t n = 0;
	for (; text[0] && text[1]; text += 2) {
		char two[3] = { text[0], text[1], '\0' };
		dst[n++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

/* RFC 9001, A.2 and RFC 9369, A.2: the client's Initial packet. */
static void the_examples_of_the_standards_open(void **state)
{
	static const char hello[] =
		"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b"
		"69484c00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100"
		"000a00080006001d0017001800100007000504616c706e00050005010000000000330026002400"
		"1d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003"
		"020304000d0010000e0403050306030203080408050806002d00020101001c0002400100390032"
		"0408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8"
		"f03e51570806048000ffff";
	static const char *const starts[2] = {
		"c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
		"d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
	};
	uint8_t bytes[512];
	struct seal s = usual();
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		harness_restart(&h);
		plain.len = m.len = 0;
		put(&plain, bytes, from_hex(hello, bytes));
		s.version = i ? QUIC_2 : QUIC_1;
		put_initial(&m, &s, &plain);
		assert_int_equal(m.len, 1200);
		assert_memory_equal(m.b, bytes, from_hex(starts[i], bytes));
		if (i == 0)
			assert_memory_equal(m.b + 1184, bytes,
					    from_hex("e221af44860018ab0856972e194cd934", bytes));
		assert_true(harness_probe(&h, true, m.b, m.len));
		assert_int_equal(send(), INSPECT_MORE);
		const struct event_tls *e = harness_event(&h, EVENT_QUIC, 0);
		assert_non_null(e);
		assert_true(harness_str_is(e, &e->sni, "example.com"));
		assert_true(harness_str_is(e, &e->alpn, "alpn"));
		assert_int_equal(e->ja4.len, 36);
		assert_memory_equal(event_str_data(&e->e, &e->ja4), "q13d0211an_62ed6f6ca7ad_", 24);
	}
}

static void every_version_opens(void **state)
{
	static const uint32_t versions[] = { QUIC_1, QUIC_2, QUIC_DRAFT_29 };
	struct seal s = usual();
	(void)state;
	build_hello(20);
	for (unsigned v = 0; v < 3; v++)
		for (unsigned len = 1; len <= 4; len++) {
			harness_restart(&h);
			s.version = versions[v];
			s.number_len = len;
			s.token_len = len * 40;
			s.payload_len = 1200;
			build_packet(&s, 0, message.len);
			assert_true(harness_probe(&h, true, m.b, m.len));
			assert_int_equal(send(), INSPECT_MORE);
			assert_hello(versions[v]);
		}
}

/* As Chrome does: many small frames, shuffled, with pings and padding between. */
static void shuffled_frames_are_put_together(void **state)
{
	struct seal s = usual();
	(void)state;
	build_hello(20);
	for (size_t step = 13; step < 200; step += 31) {
		size_t pieces = (message.len + step - 1) / step;
		harness_restart(&h);
		plain.len = m.len = 0;
		for (size_t i = 0; i < pieces; i++) {
			size_t from = (i * 7 + 3) % pieces * step;
			if (pieces % 7 == 0)
				from = (pieces - 1 - i) * step;
			size_t to = from + step < message.len ? from + step : message.len;
			put8(&plain, i % 2);
			put_crypto(&plain, &message, from, to);
		}
		put_initial(&m, &s, &plain);
		assert_int_equal(send(), INSPECT_MORE);
		assert_hello(QUIC_1);
	}
}

static void a_hello_of_several_datagrams_is_put_together(void **state)
{
	struct seal s = usual();
	(void)state;
	build_hello(4000);
	for (unsigned order = 0; order < 2; order++) {
		harness_restart(&h);
		for (unsigned i = 0; i < 4; i++) {
			unsigned piece = order ? 3 - i : i;
			size_t to = (piece + 1) * 1150u;
			s.number = i;
			build_packet(&s, piece * 1150u, to < message.len ? to : message.len);
			if (i < 3) {
				assert_int_equal(send(), INSPECT_MORE);
				/* what the server says meanwhile */
				harness_datagram(&h, false, m.b, m.len);
			}
		}
		assert_int_equal(send(), INSPECT_MORE);
		assert_hello(QUIC_1);
	}
}

static void coalesced_packets_are_seen(void **state)
{
	struct seal s = usual();
	(void)state;
	build_hello(20);
	s.payload_len = 0;
	plain.len = m.len = 0;
	put_crypto(&plain, &message, 200, message.len);
	put_initial(&m, &s, &plain);
	/* a 0-RTT packet between */
	put(&m, "\xd0\0\0\0\1\x08" DCID "\0\x40\x10", 17);
	for (unsigned i = 0; i < 16; i++)
		put8(&m, 'z');
	s.number = 3;
	plain.len = 0;
	put_crypto(&plain, &message, 0, 200);
	put_initial(&m, &s, &plain);
	assert_int_equal(send(), INSPECT_MORE);
	assert_hello(QUIC_1);
}

static void after_a_retry_the_keys_are_new(void **state)
{
	struct seal s = usual();
	(void)state;
	build_hello(1500);
	build_packet(&s, 0, 1000);
	assert_int_equal(send(), INSPECT_MORE);
	s.dcid = "newcid!!";
	s.token_len = 30;
	s.number = 3;
	build_packet(&s, 0, 1000);
	assert_int_equal(send(), INSPECT_MORE);
	build_packet(&s, 1000, message.len);
	assert_int_equal(send(), INSPECT_MORE);
	assert_hello(QUIC_1);
}

/* The second packet goes to the id that the server chose, under the keys of the first. */
static void keys_stay_when_the_id_changes(void **state)
{
	struct seal s = usual();
	(void)state;
	build_hello(1500);
	build_packet(&s, 0, 1000);
	send();
	plain.len = m.len = 0;
	put_crypto(&plain, &message, 1000, message.len);
	put_initial(&m, &s, &plain);
	size_t before = m.len;
	m.b[6] ^= 1; /* as associated data it is wrong now: not opened, not refused */
	assert_int_equal(harness_datagram(&h, true, m.b, before), INSPECT_MORE);
	m.b[6] ^= 1;
	assert_int_equal(send(), INSPECT_MORE);
	assert_hello(QUIC_1);
}

static void a_hello_that_stays_in_part_still_names(void **state)
{
	struct seal s = usual();
	(void)state;
	build_hello(3000);
	build_packet(&s, 0, 1000);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(send(), INSPECT_MORE);
	assert_int_equal(send(), INSPECT_MORE);
	const struct event_tls *e = harness_event(&h, EVENT_QUIC, 0);
	assert_non_null(e);
	assert_true(harness_str_is(e, &e->sni, "www.example.com"));
	assert_int_equal(e->ja4.off, 0);
	/* the client goes on without Initial packets; the server does */
	for (unsigned side = 0; side < 2; side++) {
		harness_restart(&h);
		assert_int_equal(send(), INSPECT_MORE);
		for (unsigned i = 0; i < 40 && h.verdict == INSPECT_MORE; i++)
			harness_datagram(&h, side == 0, "\x40short", 6);
		assert_int_equal(h.verdict, INSPECT_MORE);
		e = harness_event(&h, EVENT_QUIC, 0);
		assert_non_null(e);
		assert_int_equal(e->e.sport, 40000);
	}
	/* larger than the buffer */
	harness_restart(&h);
	build_hello(9000);
	build_packet(&s, 0, 1000);
	assert_int_equal(send(), INSPECT_MORE);
	assert_int_equal(harness_count(&h, EVENT_QUIC), 1);
}

/* Datagrams that end early, and those of which the capture kept only the start. */
static void every_truncation_is_survived(void **state)
{
	struct seal s = usual();
	(void)state;
	build_hello(20);
	build_packet(&s, 0, message.len);
	for (size_t len = 0; len < m.len; len++) {
		harness_restart(&h);
		harness_probe(&h, true, m.b, len);
		assert_int_equal(harness_datagram(&h, true, m.b, len), INSPECT_NOT_MINE);
		harness_restart(&h);
		harness_datagram_cut(&h, true, m.b, len, m.len);
		if (harness_count(&h, EVENT_QUIC))
			assert_hello(QUIC_1);
		else
			assert_true(len < 22 + 5 + message.len);
	}
}

static void every_wrong_byte_is_refused(void **state)
{
	struct seal s = usual();
	(void)state;
	build_hello(20);
	build_packet(&s, 0, message.len);
	for (size_t at = 0; at < m.len; at++)
		for (unsigned bit = 0; bit < 8; bit += 3) {
			m.b[at] ^= (uint8_t)(1u << bit);
			harness_restart(&h);
			assert_int_equal(send(), INSPECT_NOT_MINE);
			assert_int_equal(harness_count(&h, EVENT_QUIC), 0);
			m.b[at] ^= (uint8_t)(1u << bit);
		}
}

/* Frames that lie, well sealed. */
static void hostile_frames_are_survived(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} frames[] = {
		{ "\x06\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 11 },
		{ "\x06\x00\xff\xff\xff\xff\xff\xff\xff\xff", 10 },
		{ "\x06\x60\x00\x41\x00", 5 },
		{ "\x02\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", 12 },
		{ "\x03\x00\x00\x01\x00\x00\x00\x01\x02\x03\x06\x00\x01\x02", 14 },
		{ "\x1c\x00\x00\x00", 4 },
		{ "\x06", 1 },
		{ "\xff\xff", 2 },
	};
	struct seal s = usual();
	(void)state;
	for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		for (size_t len = 0; len <= frames[i].len; len++) {
			harness_restart(&h);
			plain.len = m.len = 0;
			put(&plain, frames[i].bytes, len);
			s.payload_len = i % 2 ? 1162 : 24;
			put_initial(&m, &s, &plain);
			for (unsigned n = 0; n < 10 && h.verdict != INSPECT_MORE; n++)
				send();
			assert_int_equal(harness_count(&h, EVENT_QUIC), 0);
		}
	/* more gaps than are kept */
	harness_restart(&h);
	build_hello(3000);
	plain.len = m.len = 0;
	for (size_t at = 1; at < 400; at += 2)
		put_crypto(&plain, &message, at, at + 1);
	put_initial(&m, &s, &plain);
	assert_int_equal(send(), INSPECT_MORE);
}

/* More unfinished flows than buffers: the oldest loses its own, the others go on. */
static void a_flood_takes_the_oldest_buffer(void **state)
{
	struct seal s = usual();
	(void)state;
	build_hello(1500);
	uint8_t *states[66];
	for (unsigned i = 0; i < 66; i++) {
		harness_restart(&h);
		build_packet(&s, 0, 1000);
		assert_int_equal(send(), INSPECT_MORE);
		states[i] = harness_exact(h.in.state, h.inspector->state_size);
	}
	build_packet(&s, 1000, message.len);
	uint64_t last = h.flow.id;
	for (unsigned i = 66; i-- > 0;) {
		h.flow.id = last - 65 + i;
		memcpy(h.in.state, states[i], h.inspector->state_size);
		harness_clear(&h);
		h.verdict = INSPECT_MORE;
		send();
		assert_int_equal(harness_count(&h, EVENT_QUIC), i >= 2);
		free(states[i]);
	}
}

static void what_is_not_quic_is_refused(void **state)
{
	static uint8_t other[1300] = { 0xc3, 0x50, 0x30, 0x34, 0x33 }; /* "P043" */
	(void)state;
	assert_false(harness_probe(&h, true, other, sizeof(other)));
	assert_int_equal(harness_datagram(&h, true, other, sizeof(other)), INSPECT_NOT_MINE);
	struct seal s = usual();
	build_hello(20);
	s.payload_len = 0;
	build_packet(&s, 0, message.len);
	assert_false(harness_probe(&h, true, m.b, m.len)); /* too short for a client */
}

/* What comes after the hello is told by its sizes, until there is enough. */
static void sizes_after_the_hello_are_told(void **state)
{
	static uint8_t sealed[1200] = { 0x40 };
	struct seal s = usual();
	(void)state;
	build_hello(20);
	build_packet(&s, 0, message.len);
	assert_int_equal(send(), INSPECT_MORE);
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(harness_datagram(&h, true, sealed, 300), INSPECT_MORE);
		assert_int_equal(harness_datagram(&h, false, sealed, 120), INSPECT_MORE);
	}
	sealed[0] = 0xe0; /* of a handshake */
	assert_int_equal(harness_datagram(&h, true, sealed, 300), INSPECT_MORE);
	const struct event_tls_shape *e = harness_event(&h, EVENT_TLS_SHAPE, 0);
	assert_non_null(e);
	assert_int_equal(e->records[0] + e->records[1], 64);
	assert_int_equal(e->sizes[0][6], 32);
	assert_int_equal(e->sizes[1][2], 32);
	assert_int_equal(e->first[0], 300);
	assert_int_equal(e->first[1], 0x8000 | 120);
	sealed[0] = 0x40;
	enum inspect_verdict verdict = INSPECT_MORE;
	for (unsigned i = 0; i < 1000 && verdict == INSPECT_MORE; i++)
		verdict = harness_datagram(&h, false, sealed, sizeof(sealed));
	assert_int_equal(verdict, INSPECT_DONE); /* a megabyte is enough */
	assert_hello(QUIC_1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_examples_of_the_standards_open),
		TEST(every_version_opens),
		TEST(shuffled_frames_are_put_together),
		TEST(a_hello_of_several_datagrams_is_put_together),
		TEST(coalesced_packets_are_seen),
		TEST(after_a_retry_the_keys_are_new),
		TEST(keys_stay_when_the_id_changes),
		TEST(a_hello_that_stays_in_part_still_names),
		TEST(every_truncation_is_survived),
		TEST(every_wrong_byte_is_refused),
		TEST(hostile_frames_are_survived),
		TEST(a_flood_takes_the_oldest_buffer),
		TEST(what_is_not_quic_is_refused),
		TEST(sizes_after_the_hello_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
