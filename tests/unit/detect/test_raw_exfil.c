/*
 * Pieces in no known protocol: streams, and the one-way traffic of an office.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "raw_exfil");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

struct piece {
	const char *src, *dst;
	uint64_t up, down, gap_s;
	uint16_t port, app;
};

static void piece(struct judging *j, const struct piece *x)
{
	judging_pass(j, x->gap_s * SECOND_NS);
	struct event_flow *e = judging_event(j, EVENT_FLOW_END, sizeof(*e),
					     x->src ? x->src : "10.0.0.5", x->dst, 6);
	e->e.dport = x->port;
	e->e.app = x->app;
	e->first_ns = e->last_ns = j->env.now_ns;
	e->payload[0] = x->up;
	e->payload[1] = x->down;
	e->outcome = FLOW_OUTCOME_ESTABLISHED;
	judging_end(j);
}

static const struct piece screen = {
	.dst = "10.0.0.9", .up = 85000, .down = 13, .gap_s = 10, .port = 4433
};

static void a_stream_is_found_inside_and_higher_outside(void **state)
{
	struct judging *j = *state;
	struct piece x = screen;
	for (unsigned i = 0; i < 10; i++) {
		x.up = 85000 + i * 500;
		assert_int_equal(j->count, i > 3);
		piece(j, &x);
	}
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[0].techniques[1], "T1113");
	x.dst = "203.0.113.5";
	for (unsigned i = 0; i < 10; i++)
		piece(j, &x);
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_HIGH);
}

static void pieces_without_size_and_rhythm_are_silent_inside(void **state)
{
	static const uint64_t sizes[] = { 20000, 900000, 40000, 5000000 };
	static const uint64_t gaps[] = { 1, 900, 20, 7000 };
	struct judging *j = *state;
	struct piece x = screen;
	for (unsigned i = 0; i < 40; i++) {
		x.up = sizes[i % 4];
		x.gap_s = gaps[i % 4];
		piece(j, &x);
	}
	assert_int_equal(j->count, 0);
}

static void collectors_and_answers_are_silent(void **state)
{
	static const char *const sources[] = { "10.0.0.5", "10.0.0.6", "10.0.0.7" };
	struct judging *j = *state;
	struct piece x = screen;
	for (unsigned i = 0; i < 30; i++) {
		x.src = sources[i % 3];
		piece(j, &x);
	}
	x = screen;
	x.port = 9100;
	for (unsigned i = 0; i < 30; i++)
		piece(j, &x);
	x = screen;
	x.port = 7000;
	x.down = 40000; /* a conversation */
	for (unsigned i = 0; i < 30; i++)
		piece(j, &x);
	x = screen;
	x.port = 7001;
	x.app = APP_DATABASE;
	for (unsigned i = 0; i < 30; i++)
		piece(j, &x);
	x = screen;
	x.port = 7002;
	for (unsigned i = 0; i < 3; i++) /* too few */
		piece(j, &x);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stream_is_found_inside_and_higher_outside, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pieces_without_size_and_rhythm_are_silent_inside,
						setup, teardown),
		cmocka_unit_test_setup_teardown(collectors_and_answers_are_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
