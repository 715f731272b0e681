/*
 * What is pushed outside without an answer, and what only looks like it.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "silent_push");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

struct flow_of {
	const char *src, *dst;
	uint8_t proto;
	uint16_t dport, app;
	uint32_t packets[2];
	uint32_t bytes; /* of a packet */
};

static void end(struct judging *j, const struct flow_of *o)
{
	judging_pass(j, 2 * SECOND_NS);
	struct event_flow *f =
		judging_event(j, EVENT_FLOW_END, sizeof(*f), o->src, o->dst, o->proto);
	f->e.sport = 40000;
	f->e.dport = o->dport;
	f->e.app = o->app;
	f->first_ns = f->e.time_ns - SECOND_NS;
	f->last_ns = f->e.time_ns;
	f->first_packet = ++j->packet;
	for (unsigned i = 0; i < 2; i++) {
		f->packets[i] = o->packets[i];
		f->payload[i] = (uint64_t)o->packets[i] * o->bytes;
		f->fresh[i] = f->payload[i] + 28ull * o->packets[i];
	}
	judging_end(j);
}

static struct flow_of push(void)
{
	return (struct flow_of){ "10.0.0.5", "203.0.113.5", 17, 5555, APP_UNKNOWN, { 7, 0 }, 1000 };
}

static void full_datagrams_without_an_answer_are_found(void **state)
{
	struct judging *j = *state;
	struct flow_of o = push();
	for (unsigned i = 0; i < 4; i++)
		end(j, &o);
	assert_int_equal(j->count, 0); /* 28 kB */
	for (unsigned i = 0; i < 6; i++)
		end(j, &o);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_in_range(j->found[0].step_count, 2, 8);
}

static void one_way_of_ipsec_is_silent(void **state)
{
	struct judging *j = *state;
	struct flow_of o = push();
	o.proto = 50;
	o.dport = 0;
	for (unsigned i = 0; i < 10; i++)
		end(j, &o);
	assert_int_equal(j->count, 0);
}

static void a_protocol_of_nobody_is_high(void **state)
{
	struct judging *j = *state;
	struct flow_of o = push();
	o.proto = 253;
	for (unsigned i = 0; i < 10; i++)
		end(j, &o);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	assert_string_equal(j->found[0].features[3].name, "unassigned_protocol");
}

/* Whoever listens with a raw socket has a kernel that says that nobody does. */
static void an_error_is_no_answer(void **state)
{
	struct judging *j = *state;
	struct flow_of o = push();
	struct flow_of error = { "203.0.113.5", "10.0.0.5", 1, 0, APP_ICMP, { 5, 0 }, 36 };
	for (unsigned i = 0; i < 10; i++) {
		end(j, &o);
		end(j, &error);
	}
	assert_int_equal(j->count, 1);
}

static void answers_are_silent(void **state)
{
	struct judging *j = *state;
	struct flow_of o = push();
	struct flow_of same = push();
	struct flow_of back = { "203.0.113.6", "10.0.0.5", 17, 4000, APP_UNKNOWN, { 3, 0 }, 50 };
	struct flow_of control = { "10.0.0.5", "203.0.113.7", 6, 554, APP_OTHER, { 9, 9 }, 300 };
	same.packets[1] = 1;
	for (unsigned i = 0; i < 20; i++) {
		o.dst = "203.0.113.5"; /* in the same flow, once */
		end(j, i == 1 ? &same : &o);
		o.dst = "203.0.113.6"; /* from another port */
		end(j, &o);
		end(j, &back);
		o.dst = "203.0.113.7"; /* a stream that was asked for by TCP */
		end(j, &o);
		end(j, &control);
	}
	assert_int_equal(j->count, 0);
}

static void exports_and_tries_are_silent(void **state)
{
	static const struct flow_of ordinary[] = {
		{ "10.0.0.5", "203.0.113.5", 17, 2055, APP_UNKNOWN, { 9, 0 }, 1400 },
		{ "10.0.0.6", "203.0.113.5", 17, 514, APP_UNKNOWN, { 9, 0 }, 900 },
		{ "10.0.0.7", "203.0.113.5", 17, 40000, APP_UNKNOWN, { 9, 0 }, 148 },
		{ "10.0.0.8", "203.0.113.5", 17, 443, APP_QUIC, { 9, 0 }, 1250 },
		{ "10.0.0.9", "239.1.2.3", 17, 5555, APP_UNKNOWN, { 9, 0 }, 1316 },
		{ "10.0.0.10", "10.0.0.20", 17, 5555, APP_UNKNOWN, { 9, 0 }, 1316 },
		{ "203.0.113.9", "192.0.2.4", 17, 5555, APP_UNKNOWN, { 9, 0 }, 1316 },
		{ "10.0.0.11", "203.0.113.5", 1, 0, APP_ICMP, { 9, 0 }, 1000 },
		{ "10.0.0.12", "203.0.113.5", 6, 4444, APP_UNKNOWN, { 9, 0 }, 1000 },
	};
	struct judging *j = *state;
	for (unsigned i = 0; i < 50; i++)
		for (size_t k = 0; k < sizeof(ordinary) / sizeof(ordinary[0]); k++)
			end(j, &ordinary[k]);
	assert_int_equal(j->count, 0);
}

static void half_a_line_is_silent(void **state)
{
	struct judging *j = *state;
	struct flow_of o = push();
	j->env.one_sided = true;
	for (unsigned i = 0; i < 20; i++)
		end(j, &o);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full_datagrams_without_an_answer_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_way_of_ipsec_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(a_protocol_of_nobody_is_high, setup, teardown),
		cmocka_unit_test_setup_teardown(an_error_is_no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_are_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(exports_and_tries_are_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(half_a_line_is_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
