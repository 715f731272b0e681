/*
 * unit/detect/test_brute_force.c - passwords tried out, and what only looks like it.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "brute_force");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

#define SOURCE "10.0.0.5"
#define TARGET "10.0.0.9"

/* A log-in; each on a connection of its own unless `flow` says otherwise. */
static void log_in(const char *from, const char *to, const char *service, const char *user,
		   enum login_outcome outcome, unsigned secret)
{
	struct event_login *e = judging_event(&j, EVENT_LOGIN, sizeof(*e), from, to, 6);
	e->e.flow = j.packet;
	e->e.dport = 21;
	e->outcome = (uint8_t)outcome;
	e->method = LOGIN_PASSWORD;
	e->secret_mark = (uint8_t)secret;
	e->attempt = 1;
	judging_str(&j, &e->service, service);
	if (*user)
		judging_str(&j, &e->user, user);
	judging_end(&j);
}

static void try(const char *user, unsigned secret)
{
	log_in(SOURCE, TARGET, "ftp", user, LOGIN_FAILURE, secret);
}

static enum severity highest(void)
{
	enum severity max = SEVERITY_NONE;
	for (unsigned i = 0; i < j.count && i < FINDINGS_MAX; i++)
		if (j.found[i].severity > max)
			max = j.found[i].severity;
	return max;
}

static void many_secrets_for_one_account(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 40; i++) {
		try("root", i);
		judging_pass(&j, 2 * SECOND_NS);
	}
	assert_true(highest() >= SEVERITY_HIGH);
	assert_string_equal(j.found[0].techniques[0], "T1110.001");
	assert_string_equal(j.found[0].rule, "brute_force");
	judging_feature(&j.found[0], "secrets");
}

static void the_limit_is_where_it_says(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 5; i++) {
		try("root", i);
		judging_pass(&j, 2 * SECOND_NS);
	}
	assert_int_equal(j.count, 0);
	try("root", 6);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_LOW);
	assert_non_null(strstr(j.found[0].counterfactual, "below 6 "));
}

static void mistakes_of_people(void **state)
{
	(void)state;
	for (unsigned day = 0; day < 20; day++) {
		for (unsigned i = 1; i <= 4; i++) {
			try("alice", 4 * day + i);
			judging_pass(&j, 5 * SECOND_NS);
		}
		log_in(SOURCE, TARGET, "ftp", "alice", LOGIN_SUCCESS, 250);
		judging_pass(&j, 3600 * SECOND_NS);
	}
	assert_int_equal(j.count, 0);
}

static void an_old_password_in_the_clear(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		try("backup", 7);
		judging_pass(&j, 10 * SECOND_NS);
	}
	assert_int_equal(j.count, 0);
}

static void an_old_password_that_is_not_seen(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		try("backup", 0);
		judging_pass(&j, 10 * SECOND_NS);
	}
	assert_true(highest() <= SEVERITY_LOW);
	if (j.count)
		judging_feature(&j.found[j.count - 1], "steady");
}

static void a_monitor_every_five_minutes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		try("", 0);
		judging_pass(&j, 300 * SECOND_NS);
	}
	assert_int_equal(j.count, 0);
}

static void tries_at_once_with_a_success_among_them(void **state)
{
	(void)state;
	log_in(SOURCE, TARGET, "ssh", "", LOGIN_SUCCESS, 0);
	judging_pass(&j, 2 * SECOND_NS);
	for (unsigned i = 0; i < 5; i++) {
		log_in(SOURCE, TARGET, "ssh", "", LOGIN_FAILURE, 0);
		judging_pass(&j, SECOND_NS / 100);
	}
	assert_int_equal(highest(), SEVERITY_MEDIUM);
	judging_feature(&j.found[j.count - 1], "outcomes_differ");
}

static void refusals_at_once_without_success_are_few(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) { /* a fetch of many repositories with a wrong key */
		log_in(SOURCE, TARGET, "ssh", "", LOGIN_FAILURE, 0);
		judging_pass(&j, SECOND_NS / 100);
	}
	assert_int_equal(j.count, 0);
}

static void let_in_after_many_refusals(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 8; i++) {
		try("root", i);
		judging_pass(&j, SECOND_NS);
	}
	log_in(SOURCE, TARGET, "ftp", "root", LOGIN_SUCCESS, 9);
	const struct finding *f = &j.found[j.count - 1];
	assert_true(judging_feature(f, "success_after")->value >= 8);
	assert_true(f->severity >= SEVERITY_MEDIUM);
}

static void one_password_for_many_accounts(void **state)
{
	char user[16];
	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		snprintf(user, sizeof(user), "user%u", i);
		try(user, 77);
		judging_pass(&j, 60 * SECOND_NS);
	}
	assert_true(highest() >= SEVERITY_HIGH);
	for (unsigned i = 0; i < j.count; i++)
		assert_string_equal(j.found[i].rule, "password_spray");
	assert_string_equal(j.found[0].techniques[0], "T1110.003");
	judging_feature(&j.found[0], "one_secret");
}

static void a_slow_spray_over_a_day(void **state)
{
	char user[16], target[16];
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(user, sizeof(user), "user%u", i);
		snprintf(target, sizeof(target), "10.0.1.%u", 1 + i % 5);
		log_in(SOURCE, target, "kerberos", user, LOGIN_FAILURE, 0);
		judging_pass(&j, 3600 * SECOND_NS);
	}
	assert_true(highest() >= SEVERITY_MEDIUM);
	judging_feature(&j.found[0], "targets");
	assert_false(j.found[0].peer.has_ip);
}

static void many_people_behind_one_address(void **state)
{
	char user[16];
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		snprintf(user, sizeof(user), "user%u", i);
		if (i % 3 == 0)
			try(user, 5);
		log_in(SOURCE, TARGET, "ftp", user, LOGIN_SUCCESS, i + 1);
		judging_pass(&j, 30 * SECOND_NS);
	}
	assert_int_equal(j.count, 0);
}

static void many_sources_at_one_target(void **state)
{
	char from[20];
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		snprintf(from, sizeof(from), "203.0.113.%u", i + 1);
		log_in(from, TARGET, "ssh", "", LOGIN_FAILURE, 0);
		judging_pass(&j, 60 * SECOND_NS);
	}
	assert_true(highest() >= SEVERITY_MEDIUM);
	assert_string_equal(j.found[0].rule, "brute_force_distributed");
}

static void anonymous_is_no_try(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct event_login *e =
			judging_event(&j, EVENT_LOGIN, sizeof(*e), SOURCE, TARGET, 6);
		e->outcome = LOGIN_FAILURE;
		e->method = LOGIN_NONE;
		judging_str(&j, &e->service, "ftp");
		judging_end(&j);
	}
	assert_int_equal(j.count, 0);
}

static void desktop(uint64_t up, uint64_t down, unsigned seconds)
{
	struct event_flow *f = judging_event(&j, EVENT_FLOW_END, sizeof(*f), SOURCE, TARGET, 6);
	f->e.app = APP_RDP;
	f->e.flow = j.packet;
	f->e.dport = 3389;
	f->outcome = FLOW_OUTCOME_ESTABLISHED;
	f->payload[0] = up;
	f->payload[1] = down;
	f->last_ns = j.env.now_ns;
	f->first_ns = j.env.now_ns - seconds * SECOND_NS;
	judging_end(&j);
}

static void short_desktop_connections(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		desktop(1400, 2300, 1);
		judging_pass(&j, SECOND_NS);
	}
	assert_true(highest() >= SEVERITY_MEDIUM);
	assert_string_equal(j.found[0].object, "rdp");
}

/* ncrack waits 20 s for the picture of a log-in that was refused. */
static void desktops_given_up_after_a_time_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		desktop(1135, 918, 21);
		judging_pass(&j, SECOND_NS);
	}
	assert_true(highest() >= SEVERITY_MEDIUM);
}

static void screens_of_log_ins_that_people_leave_open(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		desktop(1135, 918, 60);
		judging_pass(&j, SECOND_NS);
	}
	assert_int_equal(j.count, 0);
}

static void desktops_of_people_and_scans(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		desktop(300, 20, 1);          /* a look at the port */
		desktop(90000, 4000000, 600); /* work */
		judging_pass(&j, SECOND_NS);
	}
	assert_int_equal(j.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(many_secrets_for_one_account),
		T(the_limit_is_where_it_says),
		T(mistakes_of_people),
		T(an_old_password_in_the_clear),
		T(an_old_password_that_is_not_seen),
		T(a_monitor_every_five_minutes),
		T(tries_at_once_with_a_success_among_them),
		T(refusals_at_once_without_success_are_few),
		T(let_in_after_many_refusals),
		T(one_password_for_many_accounts),
		T(a_slow_spray_over_a_day),
		T(many_people_behind_one_address),
		T(many_sources_at_one_target),
		T(anonymous_is_no_try),
		T(short_desktop_connections),
		T(desktops_given_up_after_a_time_out),
		T(screens_of_log_ins_that_people_leave_open),
		T(desktops_of_people_and_scans),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
