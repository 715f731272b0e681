/*
 * unit/detect/test_rdp_attack.c - remote desktop connections that no person makes.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "rdp_attack");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

static void begin(const char *from, const char *name, const char *channels, unsigned count,
		  bool has_inner)
{
	struct event_rdp *e = judging_event(&j, EVENT_RDP, sizeof(*e), from, "10.0.0.9", 6);
	e->e.dport = 3389;
	e->has_settings = true;
	e->channel_count = (uint8_t)count;
	e->has_inner = has_inner;
	if (*name)
		judging_str(&j, &e->client_name, name);
	judging_str(&j, &e->channels, channels);
	judging_end(&j);
}

static void session(uint64_t up, uint64_t down, unsigned seconds)
{
	struct event_flow *f =
		judging_event(&j, EVENT_FLOW_END, sizeof(*f), "10.0.0.5", "10.0.0.9", 6);
	f->e.app = APP_RDP;
	f->e.dport = 3389;
	f->outcome = FLOW_OUTCOME_ESTABLISHED;
	f->end = FLOW_END_CLOSED;
	f->payload[0] = up;
	f->payload[1] = down;
	f->packets[0] = 160;
	f->packets[1] = 110;
	f->last_ns = j.env.now_ns;
	f->first_ns = j.env.now_ns - seconds * SECOND_NS;
	judging_end(&j);
}

static void the_inner_channel(void **state)
{
	(void)state;
	begin("10.0.0.5", "PC", "rdpdr, cliprdr, MS_T120", 3, true);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_CRITICAL);
	assert_string_equal(j.found[0].rule, "rdp_exploit");
}

static void a_nameless_client_of_devices(void **state)
{
	(void)state;
	begin("10.0.0.5", "", "rdpdr", 1, false);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	begin("10.0.0.5", "", "rdpdr", 1, false);
	assert_int_equal(j.found[1].severity, SEVERITY_HIGH);
	judging_feature(&j.found[1], "again");
}

static void clients_of_people(void **state)
{
	(void)state;
	begin("10.0.0.5", "PC", "rdpdr, cliprdr, rdpsnd", 3, false);
	begin("10.0.0.5", "PC", "rdpdr", 1, false);
	begin("10.0.0.5", "", "rdpdr, cliprdr", 2, false);
	assert_int_equal(j.count, 0);
}

static void a_session_that_nobody_looks_at(void **state)
{
	(void)state;
	session(9000, 5000, 12);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j.found[0].techniques[0], "T1021.001");
	assert_string_equal(j.found[0].rule, "rdp_blind_session");
}

static void sessions_of_people(void **state)
{
	(void)state;
	session(9000, 300000, 20); /* a desktop is drawn */
	session(1500, 2500, 5);    /* refused */
	session(90000, 20000, 900);
	session(9000, 9001, 12);
	session(200000, 26000, 30); /* a file */
	assert_int_equal(j.count, 0);
}

static void ask(const char *from, const char *to, unsigned port, const char *user)
{
	struct event_rdp *e = judging_event(&j, EVENT_RDP, sizeof(*e), from, to, 6);
	e->e.dport = (uint16_t)port;
	e->has_request = true;
	e->requested = 3;
	e->selected = 1;
	judging_str(&j, &e->cookie, user);
	judging_end(&j);
	judging_pass(&j, SECOND_NS / 1000);
}

static void a_relay_on_another_port(void **state)
{
	(void)state;
	ask("10.0.0.12", "10.0.0.9", 3389, "jo"); /* its answer comes first */
	ask("10.0.0.5", "10.0.0.12", 8443, "jo");
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j.found[0].rule, "rdp_relayed");
	assert_non_null(
		strstr(j.found[0].message, "10.0.0.5 reached the remote desktop of 10.0.0.9"));
}

static void a_relay_for_the_outside(void **state)
{
	(void)state;
	ask("203.0.113.5", "10.0.0.12", 4444, "jo");
	ask("10.0.0.12", "10.0.0.9", 3389, "jo");
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_HIGH);
}

static void people_and_farms_are_silent(void **state)
{
	(void)state;
	ask("10.0.0.5", "10.0.0.12", 3389, "jo"); /* a balancer of a farm */
	ask("10.0.0.12", "10.0.0.9", 3389, "jo");
	judging_pass(&j, SECOND_NS);
	ask("10.0.0.6", "10.0.0.13", 3390, "jo"); /* a jump host, where somebody goes on by hand */
	judging_pass(&j, 5 * SECOND_NS);
	ask("10.0.0.13", "10.0.0.9", 3389, "jo");
	judging_pass(&j, SECOND_NS);
	ask("10.0.0.6", "10.0.0.13", 3390, "jo"); /* another person at the same moment */
	ask("10.0.0.13", "10.0.0.9", 3389, "kim");
	ask("10.0.0.6", "10.0.0.14", 3390, "jo"); /* two from one host */
	ask("10.0.0.6", "10.0.0.15", 3390, "jo");
	assert_int_equal(j.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_inner_channel),       T(a_nameless_client_of_devices),
		T(clients_of_people),       T(a_session_that_nobody_looks_at),
		T(sessions_of_people),      T(a_relay_on_another_port),
		T(a_relay_for_the_outside), T(people_and_farms_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
