/*
 * unit/inspect/test_dns_hostile.c - DNS messages that lie, loop or end early.
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
static struct msg m;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &dns_inspector, PROTO_UDP, 40000, 53);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct event_dns *only_dns(void)
{
	assert_int_equal(harness_count(&h, EVENT_DNS), 1);
	return harness_event(&h, EVENT_DNS, 0);
}

static void assert_not_mine(void)
{
	assert_false(harness_probe(&h, true, m.b, m.len));
	assert_int_equal(harness_datagram(&h, true, m.b, m.len), INSPECT_NOT_MINE);
	assert_int_equal(harness_count(&h, EVENT_DNS), 0);
}

/* A question whose name is `len` bytes of wire form. */
static void put_long_name(size_t len)
{
	put_header(&m, 0x0100, 1, 0, 0, 0);
	for (size_t left = len - 1; left > 0;) {
		unsigned n = left > 64 ? 63 : (unsigned)left - 1;
		if (left - n - 1 == 1) /* no room for a label of nothing */
			n--;
		put8(&m, n);
		memset(m.b + m.len, 'x', n);
		m.len += n;
		left -= n + 1;
	}
	put8(&m, 0);
	put16(&m, 1);
	put16(&m, 1);
}

static void names_reach_255_bytes_and_no_more(void **state)
{
	(void)state;
	put_long_name(255);
	assert_true(harness_probe(&h, true, m.b, m.len));
	harness_datagram(&h, true, m.b, m.len);
	assert_int_equal(only_dns()->name.len, 253);
	for (size_t len = 256; len < 330; len++) {
		harness_restart(&h);
		put_long_name(len);
		assert_not_mine();
	}
}

static void labels_reach_63_bytes_and_no_more(void **state)
{
	(void)state;
	for (unsigned n = 63; n < 192; n++) {
		put_header(&m, 0x0100, 1, 0, 0, 0);
		put8(&m, n);
		memset(m.b + m.len, 'x', n);
		m.len += n;
		put8(&m, 0);
		put16(&m, 1);
		put16(&m, 1);
		harness_restart(&h);
		if (n > 63)
			assert_not_mine();
		else
			assert_true(harness_probe(&h, true, m.b, m.len));
	}
}

static void pointers_in_a_question_lead_nowhere(void **state)
{
	/* To itself, forward, into the header, past the end. */
	static const unsigned targets[] = { 12, 14, 18, 0, 4, 11, 0x3fff };
	(void)state;
	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		harness_restart(&h);
		put_header(&m, 0x0100, 1, 0, 0, 0);
		put16(&m, 0xc000 | targets[i]);
		put16(&m, 1);
		put16(&m, 1);
		put_name(&m, "a.example");
		assert_not_mine();
	}
}

/* A CNAME whose target ends in a pointer to `target`. */
static void build_cname(unsigned target)
{
	put_header(&m, 0x8180, 1, 1, 0, 0);
	put_question(&m, "a.example", 5);
	put_record(&m, 12, 5, 60, 4);
	put_labels(&m, "b");
	put16(&m, 0xc000 | target);
}

static void pointers_lead_strictly_backwards(void **state)
{
	(void)state;
	build_cname(14);
	unsigned end = (unsigned)m.len;
	harness_datagram(&h, false, m.b, m.len);
	assert_true(harness_str_is(only_dns(), &only_dns()->answer, "b.example"));
	assert_int_equal(only_dns()->malformed, 0);
	for (unsigned target = end - 4; target < end + 40; target++) {
		harness_restart(&h);
		build_cname(target); /* its own label, its own pointer, what comes behind */
		put_name(&m, "behind.example");
		harness_datagram(&h, false, m.b, m.len);
		assert_int_equal(only_dns()->malformed, 1);
		assert_int_equal(only_dns()->answer.len, 4); /* the bytes as they are */
	}
}

static void chains_of_pointers_are_bounded(void **state)
{
	(void)state;
	for (unsigned hops = 30; hops < 40; hops++) {
		harness_restart(&h);
		put_header(&m, 0x8180, 1, 2, 0, 0);
		put_question(&m, "a.example", 10);
		put_record(&m, 12, 10, 60, 2 * hops);
		for (unsigned i = 0; i < hops; i++) /* each to the one before it */
			put16(&m, 0xc000 | (i ? (unsigned)m.len - 2 : 12));
		put_record(&m, 12, 5, 60, 2);
		put16(&m, 0xc000 | ((unsigned)m.len - 12 - 2));
		harness_datagram(&h, false, m.b, m.len);
		assert_int_equal(only_dns()->malformed, hops + 1 > 32);
	}
}

static void a_chain_of_names_does_not_loop(void **state)
{
	(void)state;
	put_header(&m, 0x8180, 1, 3, 0, 0);
	put_question(&m, "a.example", 1);
	put_record(&m, 12, 5, 60, 2);
	put16(&m, 0xc00c); /* an alias of itself */
	put_record(&m, 12, 5, 60, 2);
	put16(&m, 0xc00c);
	put_a(&m, 12, 60, 0x01020304);
	harness_datagram(&h, false, m.b, m.len);
	assert_int_equal(harness_count(&h, EVENT_NAME), 1);
	assert_int_equal(only_dns()->malformed, 0);
}

static void counts_that_lie_mark_the_message(void **state)
{
	(void)state;
	for (unsigned section = 1; section < 4; section++) {
		harness_restart(&h);
		put_header(&m, 0x0100, 1, 0, 0, 0);
		put_question(&m, "a.example", 1);
		m.b[4 + 2 * section] = 0xff;
		assert_false(harness_probe(&h, true, m.b, m.len));
		harness_datagram(&h, true, m.b, m.len);
		assert_int_equal(only_dns()->malformed, 1);
		assert_true(harness_str_is(only_dns(), &only_dns()->name, "a.example"));
	}
	harness_restart(&h);
	m.b[4] = 0xff; /* no such number of questions */
	assert_not_mine();
}

static void bytes_behind_the_records_mark_the_message(void **state)
{
	(void)state;
	put_header(&m, 0x0100, 1, 0, 0, 0);
	put_question(&m, "a.example", 1);
	put(&m, "hidden", 6);
	harness_datagram(&h, true, m.b, m.len);
	assert_int_equal(only_dns()->malformed, 1);
}

static void lengths_of_data_that_lie_mark_the_message(void **state)
{
	(void)state;
	put_header(&m, 0x8180, 1, 3, 0, 0);
	put_question(&m, "a.example", 1);
	put_record(&m, 12, 1, 60, 3); /* an address of three bytes */
	put(&m, "abc", 3);
	put_record(&m, 12, 16, 60, 4); /* a string longer than its record */
	put(&m, "\x09xyz", 4);
	put_record(&m, 12, 16, 60, 400); /* data that is not there */
	put(&m, "tail", 4);
	harness_datagram(&h, false, m.b, m.len);
	const struct event_dns *e = only_dns();
	assert_int_equal(e->malformed, 1);
	assert_true(harness_str_is(e, &e->answer, "abc, \x09xyz"));
	assert_int_equal(e->rdata_len, 407);
	assert_int_equal(harness_count(&h, EVENT_NAME), 0);
}

static void options_that_lie_mark_the_message(void **state)
{
	(void)state;
	put_header(&m, 0x0100, 1, 0, 0, 1);
	put_question(&m, "a.example", 1);
	put_opt(&m, 8);
	put16(&m, 8);
	put16(&m, 5); /* of 4 */
	put32(&m, 0);
	harness_datagram(&h, true, m.b, m.len);
	assert_int_equal(only_dns()->malformed, 1);
	assert_int_equal(only_dns()->edns_size, 1232);
}

static void garbage_is_not_mine_at_first_and_visible_later(void **state)
{
	uint8_t noise[200];
	uint64_t x = 88172645463325252ull;
	unsigned taken = 0;
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		for (unsigned i = 0; i < sizeof(noise); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			noise[i] = (uint8_t)x;
		}
		taken += harness_probe(&h, true, noise, sizeof(noise));
	}
	assert_int_equal(taken, 0);
	memcpy(noise, "SSH-2.0-OpenSSH_9.2p1 Debian\r\n", 30);
	assert_int_equal(harness_datagram(&h, true, noise, sizeof(noise)), INSPECT_NOT_MINE);

	harness_restart(&h);
	put_header(&m, 0x0100, 1, 0, 0, 0);
	put_question(&m, "a.example", 1);
	harness_datagram(&h, true, m.b, m.len);
	assert_int_equal(harness_datagram(&h, true, noise, sizeof(noise)), INSPECT_MORE);
	const struct event_dns *e = harness_event(&h, EVENT_DNS, 1);
	assert_int_equal(e->malformed, 1);
	assert_int_equal(e->name.off, 0);
	assert_int_equal(e->message_len, sizeof(noise));
}

static void other_ports_need_a_perfect_message(void **state)
{
	uint8_t noise[64] = { 0x12, 0x34, 1, 0, 0, 1 };
	(void)state;
	h.flow.key.port[1] = 5300;
	put_header(&m, 0x0100, 1, 0, 0, 1);
	put_question(&m, "a.example", 16);
	put_opt(&m, 0);
	assert_true(harness_probe(&h, true, m.b, m.len));
	put8(&m, 0);
	assert_false(harness_probe(&h, true, m.b, m.len)); /* a byte too many */
	m.len -= 2;
	assert_false(harness_probe(&h, true, m.b, m.len)); /* one too few */
	m.len++;
	m.b[3] = 0x40;
	assert_false(harness_probe(&h, true, m.b, m.len)); /* the reserved bit */
	m.b[3] = 0;
	m.b[5] = 2;
	assert_false(harness_probe(&h, true, m.b, m.len));
	build_types(&m);
	assert_true(harness_probe(&h, false, m.b, m.len));
	assert_false(harness_probe(&h, true, noise, sizeof(noise)));
}

static void what_ndpi_got_wrong_is_not_mine(void **state)
{
	(void)state;
	h.flow.flags |= FLOW_CLASSIFIED;
	h.flow.classify_packets = 2;
	assert_int_equal(harness_datagram(&h, true, "DNSCurve and not DNS", 20), INSPECT_NOT_MINE);
	free(h.in.state);
	h.in.state = NULL;
	assert_int_equal(harness_datagram(&h, true, "DNSCurve and not DNS", 20), INSPECT_NOT_MINE);
}

static void datagrams_need_no_state(void **state)
{
	(void)state;
	free(h.in.state);
	h.in.state = NULL;
	build_chain(&m);
	assert_int_equal(harness_datagram(&h, false, m.b, m.len), INSPECT_MORE);
	assert_int_equal(harness_datagram(&h, false, "rubbish and more", 17), INSPECT_MORE);
	assert_int_equal(harness_count(&h, EVENT_DNS), 2);
}

/* Every length of each: sent short, and captured short. */
static void no_length_reads_too_far(void **state)
{
	static void (*const build[])(struct msg *) = { build_chain, build_types };
	(void)state;
	for (unsigned b = 0; b < 2; b++) {
		build[b](&m);
		for (size_t len = 0; len < m.len; len++) {
			harness_restart(&h);
			enum inspect_verdict v = harness_datagram(&h, false, m.b, len);
			const struct event_dns *e = harness_event(&h, EVENT_DNS, 0);
			assert_true(len == 0 || (v == INSPECT_NOT_MINE) == (e == NULL));
			assert_true(e == NULL || e->malformed);

			harness_restart(&h);
			harness_datagram_cut(&h, false, m.b, len, m.len);
			e = harness_event(&h, EVENT_DNS, 0);
			assert_true((e != NULL) == (len >= 12));
			assert_true(e == NULL || !e->malformed);
			(void)harness_probe(&h, false, m.b, len);
		}
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(names_reach_255_bytes_and_no_more),
		TEST(labels_reach_63_bytes_and_no_more),
		TEST(pointers_in_a_question_lead_nowhere),
		TEST(pointers_lead_strictly_backwards),
		TEST(chains_of_pointers_are_bounded),
		TEST(a_chain_of_names_does_not_loop),
		TEST(counts_that_lie_mark_the_message),
		TEST(bytes_behind_the_records_mark_the_message),
		TEST(lengths_of_data_that_lie_mark_the_message),
		TEST(options_that_lie_mark_the_message),
		TEST(garbage_is_not_mine_at_first_and_visible_later),
		TEST(other_ports_need_a_perfect_message),
		TEST(what_ndpi_got_wrong_is_not_mine),
		TEST(datagrams_need_no_state),
		TEST(no_length_reads_too_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
