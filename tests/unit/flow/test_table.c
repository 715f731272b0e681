/*
 * Flows come, are counted and go: outcomes, time-outs, progress, eviction.
 */
#include "flowing.h"

static void handshake_is_established(void **state)
{
	struct flowing *x = *state;
	struct flow *f = handshake(x);
	const struct event_flow *start = flow_event(x, EVENT_FLOW_START, 0);
	const struct event_flow *known = flow_event(x, EVENT_FLOW_PROGRESS, 0);
	assert_int_equal(f->outcome, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(start->outcome, FLOW_OUTCOME_PENDING);
	assert_int_equal(start->e.sport, 40000);
	assert_int_equal(start->e.dport, 80);
	assert_int_equal(start->initiator_known, 1);
	assert_int_equal(known->is_interim, 1);
	assert_int_equal(start->first_packet, start->e.packet);
	assert_int_equal(known->first_packet, start->e.packet);
	assert_int_equal(known->outcome, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(known->packets[1], 1);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_PROGRESS), 1);
}

static void reset_of_a_syn_is_refused(void **state)
{
	struct flowing *x = *state;
	tcp(x, true, SYN, 100, 0, 0);
	struct flow *f = tcp(x, false, RST | ACK, 0, 101, 0);
	assert_int_equal(f->outcome, FLOW_OUTCOME_REFUSED);
	assert_int_equal(flow_event(x, EVENT_FLOW_PROGRESS, 0)->outcome, FLOW_OUTCOME_REFUSED);
	pass(x, 7);
	const struct event_flow *end = flow_event(x, EVENT_FLOW_END, 0);
	assert_non_null(end);
	assert_int_equal(end->end, FLOW_END_RESET);
	assert_int_equal(end->outcome, FLOW_OUTCOME_REFUSED);
	assert_int_equal(x->released, 1);
}

static void silence_is_unanswered_after_three_seconds(void **state)
{
	struct flowing *x = *state;
	tcp(x, true, SYN, 100, 0, 0);
	pass(x, 2);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_PROGRESS), 0);
	pass(x, 2);
	assert_int_equal(flow_event(x, EVENT_FLOW_PROGRESS, 0)->outcome, FLOW_OUTCOME_UNANSWERED);
	/* a late answer counts all the same */
	struct flow *f = tcp(x, false, SYN | ACK, 500, 101, 0);
	assert_int_equal(f->outcome, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(flow_event(x, EVENT_FLOW_PROGRESS, 1)->outcome, FLOW_OUTCOME_ESTABLISHED);
}

static void first_answer_seen_makes_the_other_side_client(void **state)
{
	struct flowing *x = *state;
	struct flow *f = tcp(x, false, SYN | ACK, 500, 101, 0);
	const struct event_flow *start = flow_event(x, EVENT_FLOW_START, 0);
	assert_int_equal(start->e.dport, 80);
	assert_int_equal(start->e.from_server, 0); /* of the flow, not of the packet */
	assert_int_equal(f->outcome, FLOW_OUTCOME_ESTABLISHED);
	assert_false(x->step.from_client);
}

static void midstream_takes_the_service_port_for_the_server(void **state)
{
	struct flowing *x = *state;
	struct flow *f = tcp(x, false, ACK | PSH, 5000, 900, 700);
	assert_int_equal(f->outcome, FLOW_OUTCOME_MIDSTREAM);
	assert_true(f->flags & FLOW_MIDSTREAM);
	const struct event_flow *start = flow_event(x, EVENT_FLOW_START, 0);
	assert_int_equal(start->e.dport, 80);
	assert_int_equal(start->initiator_known, 0);
	assert_int_equal(f->payload[x->step.side], 700);
	tcp(x, true, ACK, 900, 5700, 0);
	assert_int_equal(f->outcome, FLOW_OUTCOME_MIDSTREAM);
}

static void one_sided_reads_the_other_side_from_acknowledgements(void **state)
{
	struct flowing *x = *state;
	tcp(x, true, SYN, 100, 0, 0);
	tcp(x, true, ACK, 101, 501, 0);
	tcp(x, true, ACK, 101, 3501, 0);
	tcp(x, true, ACK | PSH, 101, 10501, 50);
	pass(x, 100);
	const struct event_flow *end = flow_event(x, EVENT_FLOW_END, 0);
	assert_non_null(end);
	assert_int_equal(end->one_sided, 1);
	assert_int_equal(end->payload[0], 50);
	assert_int_equal(end->payload[1], 10000);
	assert_int_equal(end->packets[1], 0);
	struct flow_counts c;
	flow_table_counts(x->t, &c);
	assert_int_equal(c.syns, 1);
	assert_int_equal(c.syns_one_sided, 1);
}

static void retransmissions_are_counted_apart(void **state)
{
	struct flowing *x = *state;
	struct flow *f = handshake(x);
	tcp(x, true, ACK, 101, 501, 1000);
	tcp(x, true, ACK, 101, 501, 1000);
	assert_int_equal(x->step.fresh_len, 0);
	unsigned side = x->step.side;
	assert_int_equal(f->payload[side], 1000);
	assert_int_equal(f->retransmitted[side], 1040);
	/* half old, half new */
	tcp(x, true, ACK, 601, 501, 1000);
	assert_int_equal(x->step.fresh_offset, 500);
	assert_int_equal(x->step.fresh_len, 500);
	assert_int_equal(f->payload[side], 1500);
	/* a second SYN is one too */
	assert_int_equal(f->bytes[side] + f->retransmitted[side], 40 * 5 + 3000);
}

static void late_segments_fill_their_hole(void **state)
{
	struct flowing *x = *state;
	struct flow *f = handshake(x);
	tcp(x, true, ACK, 1101, 501, 1000); /* 101..1100 is missing */
	assert_true(x->step.missing > 0);
	tcp(x, true, ACK, 101, 501, 1000);
	unsigned side = x->step.side;
	assert_int_equal(x->step.fresh_len, 1000);
	assert_int_equal(x->step.missing, 0);
	assert_int_equal(f->payload[side], 2000);
	assert_int_equal(f->retransmitted[side], 0);
	tcp(x, true, ACK, 101, 501, 1000);
	assert_int_equal(x->step.fresh_len, 0);
	assert_int_equal(f->payload[side], 2000);
}

static void what_lies_between_the_packets_of_a_thin_flow_is_counted(void **state)
{
	struct flowing *x = *state;
	struct flow *f = handshake(x);
	tcp(x, true, ACK, 101, 501, 1000);
	unsigned side = x->step.side;
	tcp(x, false, ACK, 501, 1101, 0);
	uint64_t bytes = f->bytes[side], payload = f->payload[side], packets = f->packets[side];
	f->flags |= FLOW_THIN1 | FLOW_THIN0;
	tcp(x, true, ACK, 1101 + 1000000, 501, 1000);
	assert_int_equal(x->step.missing, 1000000);
	assert_int_equal(f->payload[side], payload + 1001000);
	/* three packets carried 1000 bytes: so the others are taken to have carried as much */
	assert_int_equal(f->packets[side], packets + 1000000 * packets / 1000 + 1);
	assert_int_equal(f->bytes[side], bytes + 1001000 + 40 * (f->packets[side] - packets));
	/* nothing is left open that a late packet would fill */
	payload = f->payload[side];
	tcp(x, true, ACK, 50000, 501, 1000);
	assert_int_equal(f->payload[side], payload);
	/* answers: by what they have acknowledged so far */
	packets = f->packets[!side];
	tcp(x, false, ACK, 501, 1102101, 0);
	assert_true(f->packets[!side] > packets + 1);
	assert_int_equal(f->payload[!side], 0);
	/* so far ahead is forged */
	tcp(x, true, ACK, 1102101 + (65 << 20), 501, 1000);
	assert_int_equal(f->payload[side], payload + 1000);
}

static void sequence_numbers_wrap(void **state)
{
	struct flowing *x = *state;
	tcp(x, true, SYN, 0xfffffff0u, 0, 0);
	tcp(x, false, SYN | ACK, 500, 0xfffffff1u, 0);
	struct flow *f = tcp(x, true, ACK, 0xfffffff1u, 501, 1000);
	unsigned side = x->step.side;
	tcp(x, true, ACK, 0xfffffff1u + 1000, 501, 1000);
	assert_int_equal(x->step.missing, 0);
	assert_int_equal(f->payload[side], 2000);
	tcp(x, true, ACK, 0xfffffff1u + 500, 501, 1000);
	assert_int_equal(f->payload[side], 2000);
}

static void keep_alive_is_a_retransmission_of_nothing_new(void **state)
{
	struct flowing *x = *state;
	struct flow *f = handshake(x);
	tcp(x, true, ACK, 101, 501, 1000);
	unsigned side = x->step.side;
	tcp(x, true, ACK, 1100, 501, 1);
	assert_int_equal(x->step.fresh_len, 0);
	tcp(x, true, ACK, 1100, 501, 0);
	assert_int_equal(x->step.fresh_len, 0);
	assert_int_equal(f->payload[side], 1000);
	tcp(x, true, ACK, 1101, 501, 10);
	assert_int_equal(f->payload[side], 1010);
}

static void fins_close_and_a_reset_resets(void **state)
{
	struct flowing *x = *state;
	handshake(x);
	tcp(x, true, FIN | ACK, 101, 501, 0);
	struct flow *f = tcp(x, false, FIN | ACK, 501, 102, 0);
	assert_true(f->flags & FLOW_CLOSED);
	pass(x, 7);
	assert_int_equal(flow_event(x, EVENT_FLOW_END, 0)->end, FLOW_END_CLOSED);
	assert_int_equal(flow_event(x, EVENT_FLOW_END, 0)->outcome, FLOW_OUTCOME_ESTABLISHED);
	x->sport = 40001;
	handshake(x);
	tcp(x, true, RST, 101, 0, 0);
	pass(x, 7);
	assert_int_equal(flow_event(x, EVENT_FLOW_END, 1)->end, FLOW_END_RESET);
}

static void a_closed_five_tuple_opens_again_as_another_flow(void **state)
{
	struct flowing *x = *state;
	uint64_t id = handshake(x)->id;
	tcp(x, true, FIN | ACK, 101, 501, 0);
	tcp(x, false, FIN | ACK, 501, 102, 0);
	struct flow *f = tcp(x, true, SYN, 9000, 0, 0);
	assert_true(x->step.is_new);
	assert_true(f->id != id);
	assert_int_equal(f->packets[x->step.side], 1);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_START), 2);
	assert_int_equal(flow_event(x, EVENT_FLOW_END, 0)->end, FLOW_END_CLOSED);
}

/* What an unreachable quotes: the head of the packet that failed. */
static void put_quoted(uint8_t *q, struct flowing *x, uint8_t proto)
{
	memset(q, 0, 28);
	q[0] = 0x45;
	q[9] = proto;
	memcpy(q + 12, (uint8_t[]){ 10, 0, 0, x->client, 192, 0, 2, x->server }, 8);
	q[20] = (uint8_t)(x->sport >> 8);
	q[21] = (uint8_t)x->sport;
	q[22] = (uint8_t)(x->dport >> 8);
	q[23] = (uint8_t)x->dport;
}

static void unreachable_refuses(void **state)
{
	struct flowing *x = *state;
	struct flow *f = udp(x, true, 30);
	put_quoted(x->payload, x, PROTO_UDP);
	icmp(x, false, 11, 0, 0, 28); /* time exceeded says nothing about the port */
	assert_int_equal(f->outcome, FLOW_OUTCOME_PENDING);
	icmp(x, false, 3, 3, 0, 28);
	assert_int_equal(f->outcome, FLOW_OUTCOME_REFUSED);
	assert_true(f->flags & FLOW_REFUSED_ICMP);
	const struct event_flow *known = flow_event(x, EVENT_FLOW_PROGRESS, 0);
	assert_int_equal(known->outcome, FLOW_OUTCOME_REFUSED);
	assert_int_equal(known->e.dport, 80);
}

/* An error of a router at 10.9.9.9, which goes to the client. */
static void router_says(struct flowing *x, uint8_t code, uint32_t len)
{
	static const uint8_t router[4] = { 10, 9, 9, 9 };
	struct packet p = flowing_packet(x, false, PROTO_ICMP, len);
	p.src = ipaddr_v4(router);
	p.sport = (uint16_t)(0x0300 | code);
	p.dport = 0;
	p.pair_hash = 4711; /* route_hash stays that of the quoted pair */
	flowing_send(x, &p);
}

static void a_router_refuses_for_the_target(void **state)
{
	struct flowing *x = *state;
	struct flow *f = tcp(x, true, SYN, 100, 0, 0);
	put_quoted(x->payload, x, PROTO_TCP);
	x->payload[27] = 100;
	router_says(x, 13, 28);
	assert_int_equal(f->outcome, FLOW_OUTCOME_REFUSED);
	assert_true(f->flags & FLOW_REFUSED_ICMP);
	assert_int_equal(flow_event(x, EVENT_FLOW_PROGRESS, 0)->outcome, FLOW_OUTCOME_REFUSED);
}

static void a_router_refuses_only_what_was_sent(void **state)
{
	struct flowing *x = *state;
	struct flow *f = tcp(x, true, SYN, 100, 0, 0);
	put_quoted(x->payload, x, PROTO_TCP);
	x->payload[27] = 100;
	router_says(x, 1, 27); /* half a sequence number */
	assert_int_equal(f->outcome, FLOW_OUTCOME_PENDING);
	router_says(x, 4, 28); /* fragmentation needed */
	assert_int_equal(f->outcome, FLOW_OUTCOME_PENDING);
	x->payload[25] = 1; /* not the sequence number of the SYN */
	router_says(x, 1, 28);
	x->payload[25] = 0;
	x->payload[27] = 102; /* ahead of it */
	router_says(x, 1, 28);
	assert_int_equal(f->outcome, FLOW_OUTCOME_PENDING);
	x->payload[27] = 100;
	x->payload[22] ^= 1; /* a port where nothing was sent: no flow is made of it */
	struct flow_counts before, after;
	flow_table_counts(x->t, &before);
	router_says(x, 1, 28);
	flow_table_counts(x->t, &after);
	assert_int_equal(after.flows, before.flows); /* the errors have one flow of their own */
	assert_int_equal(f->outcome, FLOW_OUTCOME_PENDING);
	x->payload[22] ^= 1;
	router_says(x, 1, 28);
	assert_int_equal(f->outcome, FLOW_OUTCOME_REFUSED);
}

static void forged_unreachable_moves_no_conversation(void **state)
{
	struct flowing *x = *state;
	udp(x, true, 30);
	struct flow *f = udp(x, false, 30);
	assert_int_equal(f->outcome, FLOW_OUTCOME_ESTABLISHED);
	put_quoted(x->payload, x, PROTO_UDP);
	icmp(x, false, 3, 3, 0, 28);
	assert_int_equal(f->outcome, FLOW_OUTCOME_ESTABLISHED);
	x->payload[0] = 0x65; /* not IPv4, and cut */
	icmp(x, false, 3, 3, 0, 8);
	assert_int_equal(f->outcome, FLOW_OUTCOME_ESTABLISHED);
}

static void echo_and_reply_are_one_flow(void **state)
{
	struct flowing *x = *state;
	struct flow *f = icmp(x, true, 8, 0, 77, 56);
	assert_true(x->step.is_new);
	assert_ptr_equal(icmp(x, false, 0, 0, 77, 56), f);
	assert_false(x->step.is_new);
	assert_false(x->step.from_client);
	assert_int_equal(f->outcome, FLOW_OUTCOME_ESTABLISHED);
	icmp(x, true, 8, 0, 78, 56);
	assert_true(x->step.is_new);
	icmp(x, true, 13, 0, 77, 12); /* time stamps are another query */
	assert_true(x->step.is_new);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_START), 3);
}

static void progress_comes_at_256_kib_and_doublings(void **state)
{
	struct flowing *x = *state;
	handshake(x);
	uint32_t seq = 101;
	uint64_t told[8] = { 0 };
	unsigned count = 0;
	event_log_reset(x->log);
	for (unsigned i = 0; i < 33 * 1024; i++, seq += 1024)
		tcp(x, true, ACK, seq, 501, 1024);
	for (;; count++) {
		const struct event_flow *e = flow_event(x, EVENT_FLOW_PROGRESS, count);
		if (!e)
			break;
		assert_int_equal(e->is_interim, 2);
		if (count < 8)
			told[count] = e->payload[0] / 1024;
	}
	static const uint64_t steps[] = { 256, 512, 1024, 2048, 4096, 8192, 16384, 24576 };
	assert_int_equal(count, 9);
	assert_memory_equal(told, steps, sizeof(steps));
}

static void progress_comes_every_minute_while_something_moves(void **state)
{
	struct flowing *x = *state;
	handshake(x);
	uint32_t seq = 101;
	event_log_reset(x->log);
	for (unsigned i = 0; i < 180; i++, seq += 10) {
		tcp(x, true, ACK, seq, 501, 10);
		pass(x, 1);
	}
	unsigned moving = flow_event_count(x, EVENT_FLOW_PROGRESS);
	assert_in_range(moving, 3, 4);
	pass(x, 240); /* still within the idle time-out */
	assert_in_range(flow_event_count(x, EVENT_FLOW_PROGRESS), moving, moving + 1);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 0);
	moving = flow_event_count(x, EVENT_FLOW_PROGRESS);
	tcp(x, true, ACK, seq, 501, 10); /* it wakes */
	pass(x, 62);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_PROGRESS), moving + 1);
}

/* Bytes of both sides that were told as passed; *ret_before: of those, before `hour_ns`. */
static uint64_t fresh_of(const struct flowing *x, uint64_t hour_ns, uint64_t *ret_before)
{
	uint64_t sum = 0;
	*ret_before = 0;
	for (const struct event *e = event_log_next(x->log, NULL); e;
	     e = event_log_next(x->log, e)) {
		const struct event_flow *f = (const struct event_flow *)e;
		uint64_t fresh = f->fresh[0] + f->fresh[1], earlier = f->earlier[0] + f->earlier[1];
		sum += fresh + earlier;
		*ret_before += f->last_ns < hour_ns ? fresh : earlier;
	}
	return sum;
}

static void what_is_fresh_is_told_once_and_by_its_hour(void **state)
{
	struct flowing *x = *state;
	uint64_t hour_ns = (x->now / (3600 * SECOND_NS) + 1) * 3600 * SECOND_NS, before;
	x->now = hour_ns - 10 * SECOND_NS;
	handshake(x);
	tcp(x, true, ACK | PSH, 101, 501, 1000);
	tcp(x, true, ACK | PSH, 101, 501, 1000); /* again: it passed as well */
	uint64_t first = 3 * 40 + 2 * 1040;
	x->now = hour_ns;
	tcp(x, true, ACK | PSH, 1101, 501, 500);
	assert_int_equal(fresh_of(x, hour_ns, &before), 0);
	pass(x, 100);
	assert_int_equal(fresh_of(x, hour_ns, &before), first + 540);
	assert_int_equal(before, first);
	tcp(x, false, ACK | PSH, 501, 1601, 7);
	(void)flow_table_flush(x->t, ++x->seq, x->now, 100);
	assert_int_equal(fresh_of(x, hour_ns, &before), first + 540 + 47);
	assert_int_equal(before, first);
	const struct event_flow *end = flow_event(x, EVENT_FLOW_END, 0);
	assert_int_equal(end->fresh[0], 0);
	assert_int_equal(end->fresh[1], 47);
}

static void idle_times_depend_on_the_protocol(void **state)
{
	struct flowing *x = *state;
	handshake(x);
	pass(x, 299);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 0);
	pass(x, 3);
	assert_int_equal(flow_event(x, EVENT_FLOW_END, 0)->end, FLOW_END_IDLE);
	udp(x, true, 10);
	pass(x, 59);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 1);
	pass(x, 3);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 2);
	x->dport = 53;
	udp(x, true, 10);
	pass(x, 12);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 3);
	assert_int_equal(flow_event(x, EVENT_FLOW_END, 2)->outcome, FLOW_OUTCOME_UNANSWERED);
	icmp(x, true, 8, 0, 1, 10);
	pass(x, 33);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 4);
	assert_int_equal(x->released, 4);
}

static void hard_time_out_ends_what_still_moves(void **state)
{
	struct flowing *x = *state;
	x->limits.hard_s = 100;
	flowing_limits(x, 8);
	uint32_t seq = 101;
	handshake(x);
	for (unsigned i = 0; i < 103; i++, seq += 10) {
		tcp(x, true, ACK, seq, 501, 10);
		pass(x, 1);
	}
	assert_int_equal(flow_event(x, EVENT_FLOW_END, 0)->end, FLOW_END_HARD);
	/* it goes on as another flow */
	assert_int_equal(flow_event_count(x, EVENT_FLOW_START), 2);
	assert_int_equal(flow_event(x, EVENT_FLOW_START, 1)->outcome, FLOW_OUTCOME_MIDSTREAM);
}

static void openings_are_evicted_before_conversations(void **state)
{
	struct flowing *x = *state;
	flowing_limits(x, 8);
	for (uint16_t i = 0; i < 4; i++) {
		x->sport = (uint16_t)(1000 + i);
		handshake(x);
		tcp(x, true, ACK, 101, 501, 500);
	}
	for (uint16_t i = 0; i < 1000; i++) {
		x->sport = (uint16_t)(5000 + i);
		tcp(x, true, SYN, 100, 0, 0);
	}
	struct flow_counts c;
	flow_table_counts(x->t, &c);
	assert_int_equal(c.table.entries, 8);
	assert_int_equal(c.table.evictions, 996);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 996);
	for (unsigned i = 0; i < 996; i++) {
		const struct event_flow *e = flow_event(x, EVENT_FLOW_END, i);
		if (i < 3 || i > 992) {
			assert_int_equal(e->end, FLOW_END_EVICTED);
			assert_int_equal(e->outcome, FLOW_OUTCOME_UNANSWERED);
		}
		assert_true(e->e.sport >= 5000);
		if (i >= 3 && i < 990)
			i = 990;
	}
	x->sport = 1002;
	tcp(x, true, ACK, 601, 501, 1);
	assert_false(x->step.is_new);
}

static void a_leap_moves_nothing(void **state)
{
	struct flowing *x = *state;
	struct flow *f = handshake(x);
	uint64_t first = f->first_ns;
	const uint64_t leap = 90 * 86400 * SECOND_NS;
	event_log_reset(x->log);
	flow_table_leap(x->t, leap);
	x->now += leap;
	flow_table_tick(x->t, ++x->seq, x->now);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 0);
	assert_true(f->first_ns == first + leap);
	pass(x, 200);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 0);
	pass(x, 103);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 1);
}

static void flush_ends_in_portions(void **state)
{
	struct flowing *x = *state;
	for (uint16_t i = 0; i < 10; i++) {
		x->sport = (uint16_t)(1000 + i);
		handshake(x);
	}
	assert_true(flow_table_flush(x->t, ++x->seq, x->now, 4));
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 4);
	assert_true(flow_table_flush(x->t, ++x->seq, x->now, 4));
	assert_false(flow_table_flush(x->t, ++x->seq, x->now, 4));
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 10);
	assert_int_equal(flow_event(x, EVENT_FLOW_END, 9)->end, FLOW_END_INPUT);
	assert_int_equal(x->released, 10);
	pass(x, 500);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 10);
}

/* Stopped in a flood: who was answered is told, of the forged openings a few. */
static void what_nobody_answered_is_told_to_a_limit(void **state)
{
	struct flowing *x = *state;
	struct flow_counts counts;
	x->limits.quiet_at_end = 3;
	flowing_limits(x, 64);
	for (uint16_t i = 0; i < 20; i++) {
		x->sport = (uint16_t)(1000 + i);
		(void)tcp(x, true, TCP_SYN, 1, 0, 0);
	}
	for (uint16_t i = 0; i < 5; i++) {
		x->sport = (uint16_t)(2000 + i);
		handshake(x);
	}
	x->sport = 3000;
	(void)udp(x, true, 60); /* unanswered, but it goes on */
	(void)udp(x, true, 60);
	assert_false(flow_table_flush(x->t, ++x->seq, x->now, 64));
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 3 + 5 + 1);
	flow_table_counts(x->t, &counts);
	assert_int_equal(counts.untold, 17);
	assert_int_equal(x->released, 26);
	pass(x, 500);
	assert_int_equal(flow_event_count(x, EVENT_FLOW_END), 3 + 5 + 1);
}

static void tunnels_separate_flows(void **state)
{
	struct flowing *x = *state;
	struct flow *a = udp(x, true, 10);
	uint64_t id = a->id;
	x->tunnel_key = 5;
	struct flow *b = udp(x, true, 10);
	assert_true(x->step.is_new);
	assert_true(b->id != id);
	assert_int_equal(flow_event(x, EVENT_FLOW_START, 1)->e.tunnel_key, 5);
	udp(x, false, 10);
	assert_int_equal(x->step.flow->id, b->id);
}

static void arp_has_no_flow(void **state)
{
	struct flowing *x = *state;
	struct packet p = flowing_packet(x, true, 0, 0);
	p.kind = PACKET_ARP;
	assert_null(flowing_send(x, &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FLOW_TEST(handshake_is_established),
		FLOW_TEST(reset_of_a_syn_is_refused),
		FLOW_TEST(silence_is_unanswered_after_three_seconds),
		FLOW_TEST(first_answer_seen_makes_the_other_side_client),
		FLOW_TEST(midstream_takes_the_service_port_for_the_server),
		FLOW_TEST(one_sided_reads_the_other_side_from_acknowledgements),
		FLOW_TEST(retransmissions_are_counted_apart),
		FLOW_TEST(late_segments_fill_their_hole),
		FLOW_TEST(what_lies_between_the_packets_of_a_thin_flow_is_counted),
		FLOW_TEST(sequence_numbers_wrap),
		FLOW_TEST(keep_alive_is_a_retransmission_of_nothing_new),
		FLOW_TEST(fins_close_and_a_reset_resets),
		FLOW_TEST(a_closed_five_tuple_opens_again_as_another_flow),
		FLOW_TEST(unreachable_refuses),
		FLOW_TEST(a_router_refuses_for_the_target),
		FLOW_TEST(a_router_refuses_only_what_was_sent),
		FLOW_TEST(forged_unreachable_moves_no_conversation),
		FLOW_TEST(echo_and_reply_are_one_flow),
		FLOW_TEST(progress_comes_at_256_kib_and_doublings),
		FLOW_TEST(progress_comes_every_minute_while_something_moves),
		FLOW_TEST(what_is_fresh_is_told_once_and_by_its_hour),
		FLOW_TEST(idle_times_depend_on_the_protocol),
		FLOW_TEST(hard_time_out_ends_what_still_moves),
		FLOW_TEST(openings_are_evicted_before_conversations),
		FLOW_TEST(a_leap_moves_nothing),
		FLOW_TEST(flush_ends_in_portions),
		FLOW_TEST(what_nobody_answered_is_told_to_a_limit),
		FLOW_TEST(tunnels_separate_flows),
		FLOW_TEST(arp_has_no_flow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
