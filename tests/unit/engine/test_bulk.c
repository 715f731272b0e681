/*
 * Which flows come cut: fast ones that nobody reads, and no longer than that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/engine/bulk.h"

#define AFTER 1000000u
#define LONG  60000u

static struct packet packet_of(unsigned number, uint32_t len)
{
	return (struct packet){
		.src = ipaddr_v4((uint8_t[4]){ 10, 0, 0, 1 }),
		.dst = ipaddr_v4((uint8_t[4]){ 192, 0, 2, 1 }),
		.sport = (uint16_t)(1000 + number),
		.dport = 443,
		.proto = PROTO_TCP,
		.ip_len = len,
		.pair_hash = 0x123456789abcdefull * (number + 1),
	};
}

static void send_many(struct bulk *b, unsigned number, unsigned count)
{
	struct packet p = packet_of(number, LONG);
	for (unsigned i = 0; i < count; i++)
		assert_false(bulk_count(b, &p, AFTER, false));
}

static struct shorten_flow list[SHORTEN_FLOWS];
static size_t count;

static void what_concerns(void **state)
{
	(void)state;
	struct packet p = packet_of(0, LONG);
	assert_true(bulk_concerns(&p));
	p.tunnel_depth = 1;
	assert_false(bulk_concerns(&p));
	p = packet_of(0, 100);
	assert_false(bulk_concerns(&p));
	p.tcp_flags = TCP_SYN;
	assert_true(bulk_concerns(&p));
	p = packet_of(0, LONG);
	p.proto = PROTO_UDP;
	assert_false(bulk_concerns(&p));
}

static void a_fast_flow_is_cut_once(void **state)
{
	(void)state;
	struct bulk *b = bulk_new(AFTER);
	send_many(b, 1, 2);
	assert_false(bulk_list(b, list, &count));
	send_many(b, 1, 1);
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].sport, 1001);
	send_many(b, 1, 10);
	assert_false(bulk_list(b, list, &count));
	bulk_free(b);
}

static void the_begin_of_a_flow_comes_whole(void **state)
{
	(void)state;
	struct bulk *b = bulk_new(AFTER);
	struct packet p = packet_of(1, LONG);
	for (unsigned i = 0; i < 10; i++)
		assert_false(bulk_count(b, &p, AFTER - 1, false));
	assert_false(bulk_list(b, list, &count));
	bulk_free(b);
}

static void a_slow_one_is_left_alone(void **state)
{
	(void)state;
	struct bulk *b = bulk_new(AFTER);
	for (unsigned turn = 0; turn < 50; turn++) {
		send_many(b, 1, 2);
		bulk_turn(b);
	}
	assert_false(bulk_list(b, list, &count));
	bulk_free(b);
}

static void one_that_rests_comes_whole_again(void **state)
{
	(void)state;
	struct bulk *b = bulk_new(AFTER);
	send_many(b, 1, 3);
	assert_true(bulk_list(b, list, &count));
	for (unsigned turn = 0; turn < BULK_REST; turn++) {
		assert_false(bulk_list(b, list, &count));
		bulk_turn(b); /* the first one still sees what was sent */
	}
	assert_false(bulk_list(b, list, &count));
	bulk_turn(b);
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, 0);
	bulk_free(b);
}

static void one_that_is_wanted_comes_whole_at_once(void **state)
{
	(void)state;
	struct bulk *b = bulk_new(AFTER);
	send_many(b, 1, 3);
	send_many(b, 2, 3);
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, 2);
	struct packet p = packet_of(1, 1500);
	bulk_want(b, &p);
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].sport, 1002);
	bulk_free(b);
}

static void there_is_room_for_so_many(void **state)
{
	(void)state;
	struct bulk *b = bulk_new(AFTER);
	for (unsigned i = 0; i < 10000; i++)
		send_many(b, i, 3);
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, SHORTEN_FLOWS);
	bulk_free(b);
}

/* Packets that follow each other; skipped: bytes between them that do not come. */
static bool send_fast(struct bulk *b, unsigned number, unsigned n, uint32_t skipped,
		      bool reads_answers)
{
	static uint32_t seq;
	struct packet p = packet_of(number, LONG);
	p.payload_len = LONG - 40;
	bool is_thin = false;
	for (unsigned i = 0; i < n; i++) {
		p.tcp_seq = seq += p.payload_len + skipped;
		is_thin = bulk_count(b, &p, AFTER, reads_answers);
	}
	return is_thin;
}

static void a_faster_one_is_thinned_both_ways(void **state)
{
	(void)state;
	struct bulk *b = bulk_new(AFTER);
	assert_false(send_fast(b, 1, BULK_THIN / LONG, 0, false));
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].kind, SHORTEN_CUT);
	assert_true(send_fast(b, 1, 2, 0, false));
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, 2);
	assert_true(list[0].kind == SHORTEN_THINNED && list[1].kind == SHORTEN_THINNED);
	assert_int_equal(list[0].sport, list[1].dport);
	assert_true(ipaddr_equal(&list[0].src, &list[1].dst));
	/* what does not come is counted by the numbers: it stays */
	for (unsigned turn = 0; turn < 3 * BULK_REST; turn++) {
		assert_true(send_fast(b, 1, 1, 900000, false));
		bulk_turn(b);
	}
	assert_false(bulk_list(b, list, &count));
	/* and goes as any other */
	for (unsigned turn = 0; turn <= BULK_REST; turn++)
		bulk_turn(b);
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, 0);
	bulk_free(b);
}

static void of_answers_that_are_read_only_bare_ones_are_thinned(void **state)
{
	(void)state;
	struct bulk *b = bulk_new(AFTER);
	assert_true(send_fast(b, 1, 2 * BULK_THIN / LONG, 0, true));
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].kind, SHORTEN_THINNED);
	assert_int_equal(list[0].dport, 443);
	assert_int_equal(list[1].kind, SHORTEN_BARE);
	assert_int_equal(list[1].sport, 443);
	assert_true(send_fast(b, 1, 1, 0, false));
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(list[1].kind, SHORTEN_THINNED);
	assert_true(send_fast(b, 1, 1, 0, true));
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, 2);
	assert_int_equal(list[1].kind, SHORTEN_BARE);
	bulk_free(b);
}

static void thin_ones_have_room_too(void **state)
{
	(void)state;
	struct bulk *b = bulk_new(AFTER);
	for (unsigned i = 0; i < 1000; i++)
		(void)send_fast(b, i, 2 * BULK_THIN / LONG, 0, false);
	assert_true(bulk_list(b, list, &count));
	assert_int_equal(count, SHORTEN_FLOWS);
	bulk_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_concerns),
		cmocka_unit_test(a_fast_flow_is_cut_once),
		cmocka_unit_test(the_begin_of_a_flow_comes_whole),
		cmocka_unit_test(a_slow_one_is_left_alone),
		cmocka_unit_test(one_that_rests_comes_whole_again),
		cmocka_unit_test(one_that_is_wanted_comes_whole_at_once),
		cmocka_unit_test(there_is_room_for_so_many),
		cmocka_unit_test(a_faster_one_is_thinned_both_ways),
		cmocka_unit_test(of_answers_that_are_read_only_bare_ones_are_thinned),
		cmocka_unit_test(thin_ones_have_room_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
