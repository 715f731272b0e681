/*
 * Chains from host to host: with what an intruder takes along, and those of every day.
 */
#include "tickets.h"

DETECTOR_TEST("pivot_chain");

static void log_on(struct judging *j, const char *client, const char *server, const char *service,
		   const char *user)
{
	struct event_login *e = judging_event(j, EVENT_LOGIN, sizeof(*e), client, server, 6);
	e->outcome = LOGIN_SUCCESS;
	judging_str(j, &e->service, service);
	if (user)
		judging_str(j, &e->user, user);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void call(struct judging *j, const char *client, const char *server, const char *interface)
{
	struct event_rpc *e = judging_event(j, EVENT_RPC, sizeof(*e), client, server, 6);
	e->act = RPC_CALL;
	e->is_answered = true;
	judging_str(j, &e->interface, interface);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void copy(struct judging *j, const char *client, const char *server)
{
	struct event_smb *e = judging_event(j, EVENT_SMB, sizeof(*e), client, server, 6);
	e->act = SMB_WRITE;
	e->file_type = FILE_EXECUTABLE;
	judging_str(j, &e->share, "ADMIN$");
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void a_program_carried_on_and_run_is_high(void **state)
{
	struct judging *j = *state;
	log_on(j, "10.0.0.5", "10.0.0.6", "rdp", NULL);
	copy(j, "10.0.0.6", "10.0.0.7");
	call(j, "10.0.0.6", "10.0.0.7", "svcctl");
	assert_int_equal(j->count, 2);
	const struct finding *f = &j->found[1];
	assert_int_equal(f->severity, SEVERITY_HIGH);
	struct ipaddr who = judging_ip("10.0.0.5"), last = judging_ip("10.0.0.7");
	assert_true(ipaddr_equal(&f->subject.ip, &who));
	assert_true(ipaddr_equal(&f->peer.ip, &last));
	assert_string_equal(f->object, "10.0.0.5 > 10.0.0.6 > 10.0.0.7");
	call(j, "10.0.0.6", "10.0.0.7", "svcctl"); /* told already */
	assert_int_equal(j->count, 2);
}

static void commands_on_both_steps_are_medium(void **state)
{
	struct judging *j = *state;
	call(j, "10.0.0.5", "10.0.0.6", "IWbemServices");
	call(j, "10.0.0.6", "10.0.0.7", "atsvc");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_true(j->found[0].learning);
}

static void two_log_ins_are_silent_and_low_with_another_user(void **state)
{
	struct judging *j = *state;
	log_on(j, "10.0.0.5", "10.0.0.6", "ssh", "alice");
	log_on(j, "10.0.0.6", "10.0.0.7", "ssh", "alice");
	assert_int_equal(j->count, 0);
	log_on(j, "10.0.0.6", "10.0.0.8", "ssh", "root");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
}

static void what_does_not_follow_is_silent(void **state)
{
	struct judging *j = *state;
	call(j, "10.0.0.6", "10.0.0.7", "svcctl"); /* before */
	call(j, "10.0.0.5", "10.0.0.6", "svcctl");
	call(j, "10.0.0.6", "10.0.0.5", "svcctl"); /* back */
	judging_pass(j, 700 * SECOND_NS);
	call(j, "10.0.0.6", "10.0.0.8", "svcctl");  /* long after */
	call(j, "10.0.0.6", "192.0.2.8", "svcctl"); /* outside */
	assert_int_equal(j->count, 0);
}

static void a_jump_host_falls_silent(void **state)
{
	struct judging *j = *state;
	static const char *const servers[] = { "10.0.0.21", "10.0.0.22", "10.0.0.23" };
	for (unsigned day = 0; day < 4; day++) {
		call(j, "10.0.0.5", "10.0.0.6", "svcctl");
		for (unsigned i = 0; i < 3; i++)
			call(j, "10.0.0.6", servers[i], "svcctl");
		judging_pass(j, DAY_NS);
	}
	unsigned before = j->count;
	assert_true(before > 0 && before <= 9);
	call(j, "10.0.0.5", "10.0.0.6", "svcctl");
	for (unsigned i = 30; i < 50; i++) { /* servers that it has never seen */
		char server[16];
		snprintf(server, sizeof(server), "10.0.0.%u", i);
		call(j, "10.0.0.6", server, "svcctl");
	}
	assert_int_equal(j->count, before);
}

static void after_a_week_a_new_pair_counts(void **state)
{
	struct judging *j = *state;
	log_on(j, "10.0.0.50", "10.0.0.51", "ssh", NULL);
	judging_pass(j, 8 * DAY_NS);
	log_on(j, "10.0.0.5", "10.0.0.6", "ssh", NULL);
	log_on(j, "10.0.0.6", "10.0.0.7", "ssh", NULL);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	assert_false(j->found[0].learning);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_program_carried_on_and_run_is_high),
		CASE(commands_on_both_steps_are_medium),
		CASE(two_log_ins_are_silent_and_low_with_another_user),
		CASE(what_does_not_follow_is_silent),
		CASE(a_jump_host_falls_silent),
		CASE(after_a_week_a_new_pair_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
