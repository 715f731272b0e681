/*
 * unit/detect/test_ssh_tunnel.c - SSH used the other way round.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "ssh_tunnel");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

static void session(const char *from, const char *to, uint16_t port, bool is_reversed,
		    uint32_t usual, uint32_t back)
{
	struct event_session *e = judging_event(&j, EVENT_SESSION, sizeof(*e), from, to, 6);
	e->e.dport = port;
	e->is_reversed = is_reversed;
	e->keys[0] = usual;
	e->keys[1] = back;
	judging_str(&j, &e->service, "ssh");
	judging_end(&j);
}

static void an_initiator_that_plays_the_server(void **state)
{
	(void)state;
	session("10.0.0.5", "203.0.113.7", 22, true, 0, 0);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_CRITICAL);
	assert_string_equal(j.found[0].techniques[0], "T1572");
	judging_feature(&j.found[0], "outside");
}

static void call_home_of_network_devices(void **state)
{
	(void)state;
	session("10.0.0.5", "10.0.0.9", 4334, true, 0, 0);
	assert_int_equal(j.found[0].severity, SEVERITY_LOW);
	session("10.0.0.5", "203.0.113.7", 4334, true, 0, 0);
	assert_true(j.found[1].severity >= SEVERITY_HIGH);
}

static void keys_that_come_back(void **state)
{
	(void)state;
	session("10.0.0.5", "203.0.113.7", 22, false, 0, 12);
	assert_int_equal(j.count, 1);
	assert_string_equal(j.found[0].rule, "ssh_typed_back");
	assert_true(j.found[0].severity >= SEVERITY_MEDIUM);
}

static void passed_on(const char *to, uint32_t forth, uint32_t back)
{
	struct event_session *e = judging_event(&j, EVENT_SESSION, sizeof(*e), "10.0.0.5", to, 6);
	e->e.dport = 22;
	e->is_end = true;
	e->opened[0] = forth;
	e->opened[1] = back;
	judging_str(&j, &e->service, "ssh");
	judging_end(&j);
}

static void connections_that_come_back(void **state)
{
	(void)state;
	passed_on("10.0.0.9", 0, 3);
	assert_int_equal(j.count, 1);
	assert_string_equal(j.found[0].rule, "ssh_forwarded_back");
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	passed_on("203.0.113.7", 1, 20);
	assert_true(j.found[1].score > j.found[0].score);
}

static void connections_that_go_out_are_context(void **state)
{
	(void)state;
	passed_on("10.0.0.9", 2, 2); /* just below */
	assert_int_equal(j.count, 0);
	passed_on("10.0.0.9", 3, 0);
	passed_on("203.0.113.7", 400, 0);
	assert_int_equal(j.count, 2);
	assert_string_equal(j.found[0].rule, "ssh_forwarded");
	assert_int_equal(j.found[0].severity, SEVERITY_LOW);
	assert_int_equal(j.found[1].severity, SEVERITY_LOW);
}

static void sessions_of_people(void **state)
{
	(void)state;
	session("10.0.0.5", "203.0.113.7", 22, false, 300, 0);
	session("10.0.0.5", "203.0.113.7", 22, false, 0, 11); /* just below */
	session("10.0.0.5", "203.0.113.7", 22, false, 40, 15);
	assert_int_equal(j.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(an_initiator_that_plays_the_server),
		T(call_home_of_network_devices),
		T(keys_that_come_back),
		T(connections_that_come_back),
		T(connections_that_go_out_are_context),
		T(sessions_of_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
