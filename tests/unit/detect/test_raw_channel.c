/*
 * Channels in no known protocol: what is found, what lies just below, what only looks like it.
 */
#include "judging.h"

struct talk {
	const char *dst;
	uint16_t port, app;
	uint8_t confidence;
	uint64_t up, down, seconds;
	uint32_t packets;
};

static const struct talk shell = {
	.dst = "203.0.113.9", .port = 7010, .up = 5000, .down = 700, .seconds = 900, .packets = 120
};
static struct judging *j;
static uint64_t flow_id;

static int set_up(void **state)
{
	(void)state;
	j = malloc(sizeof(*j));
	judging_init(j, "raw_channel");
	flow_id = 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(j);
	free(j);
	return 0;
}

static void talk(const struct talk *t)
{
	flow_id++;
	struct event_classified *c =
		judging_event(j, EVENT_CLASSIFIED, sizeof(*c), "10.0.0.5", t->dst, 6);
	c->e.flow = flow_id;
	c->e.dport = t->port;
	c->e.app = t->app;
	c->confidence = t->confidence;
	judging_end(j);
	struct event_flow *e = judging_event(j, EVENT_FLOW_END, sizeof(*e), "10.0.0.5", t->dst, 6);
	e->e.flow = flow_id;
	e->e.dport = t->port;
	e->first_ns = j->env.now_ns - t->seconds * SECOND_NS;
	e->last_ns = j->env.now_ns;
	e->payload[0] = t->up;
	e->payload[1] = t->down;
	e->packets[0] = e->packets[1] = t->packets;
	e->outcome = FLOW_OUTCOME_ESTABLISHED;
	judging_end(j);
}

static void deliver(const char *dst, enum file_type type)
{
	struct event_file *f = judging_event(j, EVENT_FILE, sizeof(*f), "10.0.0.5", dst, 6);
	f->e.from_server = 1;
	f->type = (uint8_t)type;
	judging_str(j, &f->carrier, "http");
	judging_end(j);
}

static enum severity worst(void)
{
	enum severity s = SEVERITY_NONE;
	for (unsigned i = 0; i < j->count && i < FINDINGS_MAX; i++)
		s = j->found[i].severity > s ? j->found[i].severity : s;
	return s;
}

static void an_agent_that_was_delivered_is_found(void **state)
{
	(void)state;
	deliver("203.0.113.9", FILE_EXECUTABLE);
	talk(&shell);
	assert_int_equal(worst(), SEVERITY_HIGH);
	const struct finding *f = &j->found[0];
	assert_string_equal(f->techniques[0], "T1095");
	assert_string_equal(f->techniques[1], "T1105");
	(void)judging_feature(f, "delivered_program");
}

static void inside_it_is_found_as_well(void **state)
{
	struct talk t = shell;
	(void)state;
	t.dst = "10.0.0.9";
	talk(&t);
	assert_int_equal(j->count, 0);
	deliver("10.0.0.9", FILE_EXECUTABLE);
	talk(&t);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
}

static void alone_it_is_context(void **state)
{
	struct talk t = shell;
	(void)state;
	deliver("203.0.113.9", FILE_IMAGE);
	talk(&t);
	assert_int_equal(worst(), SEVERITY_LOW);
	t.port = 443; /* no TLS there */
	talk(&t);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
}

static void short_large_fast_or_known_ones_are_silent(void **state)
{
	struct talk t = shell;
	(void)state;
	deliver("203.0.113.9", FILE_EXECUTABLE);
	t.seconds = 299;
	talk(&t);
	t = shell;
	t.up = 5000000;
	talk(&t);
	t = shell;
	t.up = 100000; /* 833 bytes a packet: a transfer */
	talk(&t);
	t = shell;
	t.packets = 4000; /* over four a second: a game */
	talk(&t);
	t = shell;
	t.packets = 5;
	talk(&t);
	t = shell;
	t.app = APP_SSH;
	t.confidence = 5;
	talk(&t);
	t = shell;
	t.down = 0;
	talk(&t);
	assert_int_equal(j->count, 0);
}

static void nobody_asked_from_outside(void **state)
{
	(void)state;
	struct event_classified *c =
		judging_event(j, EVENT_CLASSIFIED, sizeof(*c), "203.0.113.9", "10.0.0.5", 6);
	c->e.flow = 77;
	judging_end(j);
	struct event_flow *e =
		judging_event(j, EVENT_FLOW_END, sizeof(*e), "203.0.113.9", "10.0.0.5", 6);
	e->e.flow = 77;
	e->first_ns = j->env.now_ns - 900 * SECOND_NS;
	e->last_ns = j->env.now_ns;
	e->payload[0] = e->payload[1] = 900;
	e->packets[0] = e->packets[1] = 50;
	e->outcome = FLOW_OUTCOME_ESTABLISHED;
	judging_end(j);
	assert_int_equal(j->count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_agent_that_was_delivered_is_found),
		TEST(inside_it_is_found_as_well),
		TEST(alone_it_is_context),
		TEST(short_large_fast_or_known_ones_are_silent),
		TEST(nobody_asked_from_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
