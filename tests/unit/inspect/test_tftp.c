/*
 * unit/inspect/test_tftp.c - files over TFTP: both ways, from either port, in order and not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../../src/inspect/content/filesums.h"
#include "support/inspect_harness.h"

extern const struct inspector tftp_inspector;

#define ASKER  41000
#define CHOSEN 50123

/* of "abc", and of a million "a" (RFC 1321, A.5; FIPS 180-2, A.3) */
#define ABC_MD5   "900150983cd24fb0d6963f7d28e17f72"
#define MANY      1000000u
#define MANY_SHA1 "34aa973cd4c4daa4f61eeb2bdbad27316534016f"

static struct harness h;
static atomic_uint wanted = SUM_MD5 | SUM_SHA1;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &tftp_inspector, PROTO_UDP, ASKER, 69);
	h.in.sums = filesums_new(&wanted);
	return h.in.sums ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	filesums_free(h.in.sums);
	harness_deinit(&h);
	return 0;
}

#define ASK(text)                                                                     \
 do {                                                                                 \
  assert_true(harness_probe(&h, true, text, sizeof(text) - 1));                       \
  assert_int_equal(harness_datagram(&h, true, text, sizeof(text) - 1), INSPECT_MORE); \
 } while (0)

static bool is_expected(bool from_client, const void *data, size_t len)
{
	harness_packet(&h, from_client, data, len, len);
	bool r = h.inspector->expects(h.in.shard_state, &h.packet);
	h.packet.payload = NULL;
	return r;
}

/* The flow in which the server answers from a port of its own: it is the one that begins it. */
static void turn_to_data(void)
{
	harness_restart(&h);
	h.flow.key.port[1] = CHOSEN;
	h.flow.client = 1;
}

/* From the server where the flow is its own. */
static enum inspect_verdict block(bool from_server, uint16_t number, const void *data, size_t len)
{
	uint8_t bytes[2048] = { 0, 3, (uint8_t)(number >> 8), (uint8_t)number };
	memcpy(bytes + 4, data, len);
	return harness_datagram(&h, from_server == (h.flow.client == 1), bytes, len + 4);
}

static const struct event_file_hash *hash(unsigned i)
{
	assert_true(i < harness_count(&h, EVENT_FILE_HASH));
	return harness_event(&h, EVENT_FILE_HASH, i);
}

static void a_file_that_is_read(void **state)
{
	static const uint8_t first[] = { 0, 3, 0, 1, 'a', 'b', 'c' };
	static const uint8_t ack[] = { 0, 4, 0, 1 };
	(void)state;
	ASK("\0\1boot/pxe.0\0octet\0");
	turn_to_data();
	assert_false(is_expected(false, first, sizeof(first))); /* from the asker */
	assert_false(is_expected(true, "\0\7\0\1", 4));
	assert_true(is_expected(true, first, sizeof(first)));
	assert_int_equal(block(true, 1, "abc", 3), INSPECT_DONE);
	const struct event_file_hash *e = hash(0);
	assert_true(e->is_whole && e->size == 3 && harness_str_is(e, &e->md5, ABC_MD5));
	assert_true(harness_str_is(e, &e->carrier, "tftp"));
	assert_true(harness_str_is(e, &e->name, "boot/pxe.0"));
	assert_int_equal(e->e.sport, ASKER);
	assert_int_equal(e->e.dport, CHOSEN);
	assert_true(ipaddr_equal(&e->e.src, &h.flow.key.addr[0]));
	assert_int_equal(e->e.from_server, 1);
	const struct event_file *f = harness_event(&h, EVENT_FILE, 0);
	assert_true(f->is_end && f->seen == 3 && f->e.from_server);
	turn_to_data();
	assert_false(is_expected(true, first, sizeof(first))); /* it has had its flow */
	assert_int_equal(harness_datagram(&h, true, ack, sizeof(ack)), INSPECT_NOT_MINE);
}

static void a_file_that_is_written(void **state)
{
	static const uint8_t go[] = { 0, 4, 0, 0 };
	(void)state;
	ASK("\0\2up.bin\0OCTET\0blksize\0"
	    "1024\0");
	turn_to_data();
	assert_true(is_expected(true, go, sizeof(go)));
	assert_int_equal(harness_datagram(&h, true, go, sizeof(go)), INSPECT_MORE);
	assert_int_equal(block(true, 1, "xyz", 3), INSPECT_MORE); /* it has nothing to send */
	assert_int_equal(block(false, 1, "abc", 3), INSPECT_DONE);
	const struct event_file_hash *e = hash(0);
	assert_true(e->is_whole && harness_str_is(e, &e->md5, ABC_MD5));
	assert_int_equal(e->e.from_server, 0);
	assert_int_equal(e->e.sport, ASKER);
}

/* A server that answers from the port that was asked. */
static void in_the_same_flow(void **state)
{
	(void)state;
	ASK("\0\1a\0octet\0");
	uint8_t bytes[] = { 0, 3, 0, 1, 'a', 'b', 'c' };
	assert_int_equal(harness_datagram(&h, false, bytes, sizeof(bytes)), INSPECT_DONE);
	assert_true(hash(0)->is_whole && hash(0)->e.from_server);
}

/* Many blocks of a size, some of them twice; the number goes around to 0 or to 1. */
static void many(size_t size, const void *options, size_t options_len, bool from_one)
{
	static char bytes[2048];
	uint16_t number = 0;
	memset(bytes, 'a', sizeof(bytes));
	ASK("\0\1long\0octet\0blksize\0"
	    "8\0");
	turn_to_data();
	if (options_len)
		(void)harness_datagram(&h, true, options, options_len);
	for (uint32_t at = 0;; at += (uint32_t)size) {
		size_t n = MANY - at < size ? MANY - at : size;
		number = number == UINT16_MAX && from_one ? 1 : (uint16_t)(number + 1);
		enum inspect_verdict v = block(true, number, bytes, n);
		assert_int_equal(v, n < size ? INSPECT_DONE : INSPECT_MORE);
		if (n < size)
			break;
		if (at % 7 == 0)
			assert_int_equal(block(true, number, bytes, n), INSPECT_MORE);
	}
	const struct event_file_hash *e = hash(0);
	assert_true(e->is_whole && e->size == MANY && harness_str_is(e, &e->sha1, MANY_SHA1));
}

static void blocks_of_any_size(void **state)
{
	static const uint8_t small[] = "\0\6blksize\0"
				       "9\0";
	static const uint8_t large[] = "\0\6tsize\0"
				       "0\0BLKSIZE\0"
				       "1428";
	(void)state;
	many(512, NULL, 0, false);
	(void)tear_down(state);
	(void)set_up(state);
	many(1428, large, sizeof(large), false);
	(void)tear_down(state);
	(void)set_up(state);
	many(1428, NULL, 0, false); /* what was agreed on was not seen */
	for (int from_one = 0; from_one < 2; from_one++) {
		(void)tear_down(state);
		(void)set_up(state);
		many(9, small, sizeof(small) - 1, from_one);
	}
}

static void what_is_missing_is_not_whole(void **state)
{
	static const char bytes[512];
	static const uint8_t error[] = "\0\5\0\1no";
	(void)state;
	ASK("\0\1a\0octet\0");
	turn_to_data();
	assert_int_equal(block(true, 1, bytes, 512), INSPECT_MORE);
	assert_int_equal(block(true, 3, "abc", 3), INSPECT_DONE);
	assert_false(hash(0)->is_whole);
	h.flow.key.port[1] = 69;
	h.flow.client = 0;
	harness_restart(&h);
	ASK("\0\1a\0octet\0");
	turn_to_data();
	assert_int_equal(block(true, 1, bytes, 512), INSPECT_MORE);
	assert_int_equal(harness_datagram(&h, true, error, sizeof(error)), INSPECT_DONE);
	assert_false(hash(0)->is_whole);
	(void)tear_down(state);
	(void)set_up(state);
	ASK("\0\1a\0octet\0");
	turn_to_data();
	(void)harness_datagram_cut(&h, true, "\0\3\0\1ab", 6, 7); /* not captured */
	assert_false(hash(0)->is_whole);
}

/* "a CR LF b CR c", as it lies in a file with line ends of one byte, and as it comes. */
static void a_text_has_two_forms(void **state)
{
	static const char text[] = "a\r\nb\r\0c\r";
	(void)state;
	ASK("\0\1a\0NetASCII\0");
	turn_to_data();
	assert_int_equal(block(true, 1, text, sizeof(text) - 1), INSPECT_DONE);
	assert_true(harness_str_is(hash(0), &hash(0)->md5, "38776704c0e43dca605a8deab87da051"));
	assert_true(harness_str_is(hash(1), &hash(1)->md5, "91d8f7433c4eba7f40889b6cfec2b2d4"));
}

static void what_is_no_request(void **state)
{
	static const char whole[] = "\0\1name\0octet\0blksize\0"
				    "1024\0";
	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		assert_int_equal(harness_probe(&h, true, whole, len), len >= 13);
	assert_false(harness_probe(&h, false, whole, sizeof(whole) - 1));
	assert_false(harness_probe(&h, true, "\0\1na\1me\0octet\0", 14));
	assert_false(harness_probe(&h, true, "\0\1\0octet\0", 9));
	assert_false(harness_probe(&h, true, "\0\3name\0octet\0", 13));
	assert_false(harness_probe(&h, true, "\0\1name\0other\0", 13));
}

/* Every prefix of every message: no more than is there, never a whole file by it. */
static void truncated(void **state)
{
	static const uint8_t messages[][24] = { "\0\3\0\1abc", "\0\4\0\1", "\0\5\0\1no",
						"\0\6blksize\0"
						"600\0" };
	static const size_t lengths[] = { 7, 4, 7, 14 };
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		for (size_t len = 1; len < lengths[i]; len++) {
			ASK("\0\1a\0octet\0");
			turn_to_data();
			(void)harness_datagram_cut(&h, true, messages[i], len, lengths[i]);
			for (unsigned n = 0; n < harness_count(&h, EVENT_FILE_HASH); n++)
				assert_false(hash(n)->is_whole);
			(void)tear_down(state);
			(void)set_up(state);
		}
}

/* The oldest request gives way. */
static void requests_are_bounded(void **state)
{
	static const uint8_t first[] = { 0, 3, 0, 1, 'a' };
	(void)state;
	for (uint16_t i = 0; i < 33; i++) {
		h.flow.key.port[0] = (uint16_t)(ASKER + i);
		ASK("\0\1a\0octet\0");
	}
	turn_to_data();
	for (uint16_t i = 0; i < 33; i++) {
		h.flow.key.port[0] = (uint16_t)(ASKER + i);
		assert_int_equal(is_expected(true, first, sizeof(first)), i != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_that_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(in_the_same_flow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(blocks_of_any_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_missing_is_not_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_text_has_two_forms, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(truncated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(requests_are_bounded, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
