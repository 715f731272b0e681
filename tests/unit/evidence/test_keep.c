/* keep: the begin of each flow in memory; on an alert that, what follows, and what is missing. */
#include "exfild/evidence/keep.h"
#include "packets.h"

#define GIVEN_MAX 4096

static struct {
	uint64_t times[GIVEN_MAX];
	uint32_t caplens[GIVEN_MAX];
	size_t count, room;
	struct keep_end ends[256];
	char ended[256][KEEP_ID_MAX];
	size_t end_count;
} given;

static bool take(void *arg, const char *alert_id, const struct frame *f, const struct keep_end *end)
{
	(void)arg;
	if (!f) {
		memcpy(given.ended[given.end_count], alert_id, strlen(alert_id) + 1);
		given.ends[given.end_count++] = *end;
		return true;
	}
	if (!given.room)
		return false;
	given.room--;
	given.times[given.count] = f->time_ns;
	given.caplens[given.count++] = f->caplen;
	return true;
}

static struct keep *new_keep(size_t memory, uint32_t per_flow, uint64_t per_alert)
{
	const struct keep_options o = { .memory_bytes = memory,
					.flow_places = 4096,
					.bytes_per_flow = per_flow,
					.bytes_per_alert = per_alert,
					.follow_ns = 60 * SECOND,
					.give = take };
	memset(&given, 0, sizeof(given));
	given.room = GIVEN_MAX;
	struct keep *k = keep_new(&o);
	assert_non_null(k);
	return k;
}

static void see(struct keep *k, uint8_t from, uint8_t to, uint16_t sport, uint32_t caplen,
		uint64_t time_ns)
{
	struct frame f = frame_of(caplen, time_ns);
	struct packet p = packet_of(from, to, sport, time_ns);
	keep_packet(k, &f, &p);
}

static struct keep_request request(const char *id, uint8_t subject, uint8_t peer)
{
	struct keep_request r = { .has_peer = peer != 0,
				  .subject = host(subject),
				  .peer = host(peer),
				  .start_ns = BEGIN };
	strcpy(r.alert_id, id);
	return r;
}

static void what_was_and_what_follows(void **state)
{
	struct keep *k = new_keep(1 << 20, 4096, 1 << 20);
	struct keep_request r = request("a1", 1, 2);
	struct keep_counts c;
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		see(k, 1, 2, 1000, 100, BEGIN + i * SECOND);
		see(k, 2, 1, 1000, 100, BEGIN + i * SECOND + 1);
		see(k, 1, 3, 1000, 100, BEGIN + i * SECOND + 2);
	}
	keep_ask(k, &r, BEGIN + 10 * SECOND);
	assert_false(keep_turn(k, BEGIN + 10 * SECOND));
	assert_int_equal(given.count, 20);
	assert_int_equal(given.times[0], BEGIN);
	assert_int_equal(given.caplens[19], 100);
	/* far over what a flow may keep: all of it follows */
	for (unsigned i = 0; i < 100; i++) {
		see(k, 1, 2, 1000, 1400, BEGIN + 11 * SECOND + i);
		see(k, 4, 2, 1000, 1400, BEGIN + 11 * SECOND + i);
	}
	assert_int_equal(given.count, 120);
	(void)keep_turn(k, BEGIN + 69 * SECOND);
	assert_int_equal(given.end_count, 0);
	(void)keep_turn(k, BEGIN + 70 * SECOND);
	assert_int_equal(given.end_count, 1);
	assert_string_equal(given.ended[0], "a1");
	assert_int_equal(given.ends[0].packets, 120);
	assert_int_equal(given.ends[0].bytes, 20 * 100 + 100 * 1400);
	assert_int_equal(given.ends[0].reach_ns, BEGIN);
	assert_false(given.ends[0].is_short || given.ends[0].is_early || given.ends[0].lost);
	see(k, 1, 2, 1000, 1400, BEGIN + 71 * SECOND);
	assert_int_equal(given.count, 120);
	keep_counts(k, &c);
	assert_int_equal(c.given, 120);
	assert_int_equal(c.watches, 0);
	keep_free(k);
}

static void a_flow_keeps_its_begin(void **state)
{
	struct keep *k = new_keep(1 << 20, 1000, 1 << 20);
	struct keep_request r = request("a1", 1, 2);
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		see(k, 1, 2, 1000, 300, BEGIN + i);
	see(k, 1, 2, 2000, 300, BEGIN + 30); /* another flow */
	keep_ask(k, &r, BEGIN + SECOND);
	(void)keep_turn(k, BEGIN + SECOND);
	/* 3 whole ones and 100 bytes of the fourth; then the other flow's */
	assert_int_equal(given.count, 5);
	assert_int_equal(given.caplens[3], 100);
	assert_int_equal(given.caplens[4], 300);
	/* after five minutes without a packet it is another flow */
	see(k, 1, 2, 1000, 300, BEGIN + 400 * SECOND);
	keep_free(k);
	assert_int_equal(given.count, 6);
	assert_true(given.ends[0].is_early);
}

static void without_peer_the_host(void **state)
{
	struct keep *k = new_keep(1 << 20, 4096, 1 << 20);
	struct keep_request r = request("scan", 1, 0);
	(void)state;
	see(k, 1, 2, 1, 100, BEGIN - 11 * SECOND); /* too long before */
	see(k, 1, 3, 2, 100, BEGIN - 9 * SECOND);
	see(k, 4, 1, 3, 100, BEGIN);
	see(k, 4, 5, 3, 100, BEGIN);
	keep_ask(k, &r, BEGIN + SECOND);
	(void)keep_turn(k, BEGIN + SECOND);
	assert_int_equal(given.count, 2);
	keep_free(k);
}

static void another_protocol_or_tunnel_is_not_meant(void **state)
{
	struct keep *k = new_keep(1 << 20, 4096, 1 << 20);
	struct keep_request r = request("a", 1, 2);
	struct frame f = frame_of(100, BEGIN);
	struct packet p = packet_of(1, 2, 1, BEGIN);
	(void)state;
	r.proto = PROTO_UDP;
	keep_packet(k, &f, &p);
	p.proto = PROTO_TCP;
	keep_packet(k, &f, &p);
	p.proto = PROTO_UDP;
	p.tunnel_key = 5;
	keep_packet(k, &f, &p);
	keep_ask(k, &r, BEGIN);
	(void)keep_turn(k, BEGIN);
	assert_int_equal(given.count, 1);
	keep_packet(k, &f, &p);
	p.tunnel_key = 0;
	keep_packet(k, &f, &p);
	assert_int_equal(given.count, 2);
	keep_free(k);
}

static void what_is_too_much_is_withheld(void **state)
{
	struct keep *k = new_keep(1 << 20, 1 << 16, 1000);
	struct keep_request r = request("a", 1, 2);
	(void)state;
	for (unsigned i = 0; i < 15; i++)
		see(k, 1, 2, 1000, 100, BEGIN + i);
	keep_ask(k, &r, BEGIN + SECOND);
	(void)keep_turn(k, BEGIN + SECOND);
	see(k, 1, 2, 1000, 100, BEGIN + 2 * SECOND);
	keep_free(k);
	assert_int_equal(given.count, 10);
	assert_int_equal(given.ends[0].withheld, 6);
}

/* No room: what is in memory waits, and what follows waits behind it, in its order. */
static void what_finds_no_room_waits(void **state)
{
	struct keep *k = new_keep(1 << 20, 4096, 1 << 20);
	struct keep_request r = request("a", 1, 2);
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		see(k, 1, 2, 1000, 100, BEGIN + i);
	given.room = 5;
	keep_ask(k, &r, BEGIN + SECOND);
	assert_false(keep_turn(k, BEGIN + SECOND));
	assert_int_equal(given.count, 5);
	for (unsigned i = 0; i < 100; i++)
		see(k, 1, 2, 1000, 100, BEGIN + SECOND + i);
	given.room = 1000;
	assert_false(keep_turn(k, BEGIN + SECOND));
	assert_int_equal(given.count, 120);
	for (unsigned i = 1; i < 120; i++)
		assert_true(given.times[i] > given.times[i - 1]);
	given.room = 0;
	see(k, 1, 2, 1000, 100, BEGIN + 2 * SECOND);
	keep_free(k);
	assert_int_equal(given.ends[0].lost, 1);
}

static void what_was_overwritten_is_said(void **state)
{
	struct keep *k = new_keep(64 << 10, 1 << 20, 1 << 20);
	struct keep_request r = request("a", 1, 2);
	struct keep_counts c;
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		see(k, 1, 2, 1000, 1000, BEGIN + i * SECOND / 100);
	keep_ask(k, &r, BEGIN + 10 * SECOND);
	(void)keep_turn(k, BEGIN + 10 * SECOND);
	assert_in_range(given.count, 50, 65);
	see(k, 1, 2, 1000, 40000, BEGIN + 10 * SECOND); /* given, too large to be kept */
	keep_counts(k, &c);
	assert_int_equal(c.too_large, 1);
	assert_true(c.bytes <= c.capacity && c.overwritten > 900);
	keep_free(k);
	assert_true(given.ends[0].is_short);
	assert_true(given.ends[0].reach_ns > BEGIN);
}

static void asked_again_gives_what_is_new(void **state)
{
	struct keep *k = new_keep(1 << 20, 1 << 16, 1 << 20);
	struct keep_request r = request("a", 1, 2);
	(void)state;
	see(k, 1, 2, 1000, 100, BEGIN);
	keep_ask(k, &r, BEGIN);
	(void)keep_turn(k, BEGIN);
	keep_ask(k, &r, BEGIN + 30 * SECOND); /* goes on as it was, and ends at its time */
	(void)keep_turn(k, BEGIN + 60 * SECOND);
	assert_int_equal(given.end_count, 1);
	see(k, 1, 2, 1000, 100, BEGIN + 70 * SECOND);
	keep_ask(k, &r, BEGIN + 80 * SECOND);
	(void)keep_turn(k, BEGIN + 80 * SECOND);
	assert_int_equal(given.count, 2);
	keep_free(k);
	assert_int_equal(given.ends[1].bytes, 200); /* of the alert, not of this time */
	assert_int_equal(given.ends[1].packets, 1);
}

static void too_many_alerts_end_the_first(void **state)
{
	struct keep *k = new_keep(1 << 20, 1 << 16, 1 << 20);
	char id[16];
	(void)state;
	for (unsigned i = 0; i <= KEEP_WATCHES; i++) {
		snprintf(id, sizeof(id), "a%u", i);
		struct keep_request r = request(id, (uint8_t)(i + 1), 200);
		keep_ask(k, &r, BEGIN + i);
	}
	assert_int_equal(given.end_count, 1);
	assert_string_equal(given.ended[0], "a0");
	assert_true(given.ends[0].is_early);
	keep_free(k);
	assert_int_equal(given.end_count, KEEP_WATCHES + 1);
}

/* Two with as much memory as each other give the same whatever the portions are. */
static void memory_is_read_in_portions(void **state)
{
	struct keep *k = new_keep(1 << 20, 1 << 20, 1 << 20);
	struct keep_request r = request("a", 1, 2), other = request("b", 3, 2);
	unsigned turns = 1;
	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		see(k, 1 + 2 * (i % 2), 2, (uint16_t)i, 60, BEGIN + i);
	keep_ask(k, &r, BEGIN + SECOND);
	keep_ask(k, &other, BEGIN + SECOND);
	while (keep_turn(k, BEGIN + SECOND))
		turns++;
	assert_in_range(turns, 9, 11);
	assert_true(given.count > GIVEN_MAX * 9 / 10);
	keep_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_and_what_follows),
		cmocka_unit_test(a_flow_keeps_its_begin),
		cmocka_unit_test(without_peer_the_host),
		cmocka_unit_test(another_protocol_or_tunnel_is_not_meant),
		cmocka_unit_test(what_is_too_much_is_withheld),
		cmocka_unit_test(what_finds_no_room_waits),
		cmocka_unit_test(what_was_overwritten_is_said),
		cmocka_unit_test(asked_again_gives_what_is_new),
		cmocka_unit_test(too_many_alerts_end_the_first),
		cmocka_unit_test(memory_is_read_in_portions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
