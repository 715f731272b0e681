/*
 * New pairs of administration, after a week of learning; those that are known.
 */
#include "tickets.h"

DETECTOR_TEST("admin_edges");

static void log_on(struct judging *j, const char *client, const char *server, const char *service,
		   const char *user)
{
	struct event_login *e = judging_event(j, EVENT_LOGIN, sizeof(*e), client, server, 6);
	e->outcome = LOGIN_SUCCESS;
	judging_str(j, &e->service, service);
	if (user)
		judging_str(j, &e->user, user);
	judging_end(j);
	judging_pass(j, 120 * SECOND_NS);
}

static void call(struct judging *j, const char *client, const char *server)
{
	struct event_rpc *e = judging_event(j, EVENT_RPC, sizeof(*e), client, server, 6);
	e->act = RPC_CALL;
	e->is_answered = true;
	judging_str(j, &e->interface, "svcctl");
	judging_end(j);
	judging_pass(j, 120 * SECOND_NS);
}

static void learn(struct judging *j)
{
	log_on(j, "10.0.0.9", "10.0.0.20", "ssh", "admin");
	assert_int_equal(j->count, 0);
	judging_pass(j, 8 * DAY_NS);
}

static void nothing_is_told_in_the_first_week(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 20; i < 60; i++) {
		char server[16];
		snprintf(server, sizeof(server), "10.0.0.%u", i);
		call(j, "10.0.0.5", server);
	}
	assert_int_equal(j->count, 0);
}

static void a_new_pair_is_low_and_with_commands_of_a_newcomer_medium(void **state)
{
	struct judging *j = *state;
	learn(j);
	log_on(j, "10.0.0.9", "10.0.0.21", "ssh", "admin"); /* an administrator's next server */
	assert_int_equal(j->count, 0);
	log_on(j, "10.0.0.5", "10.0.0.21", "ssh", "bob");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	call(j, "10.0.0.6", "10.0.0.7");
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
	call(j, "10.0.0.6", "10.0.0.7"); /* known now */
	assert_int_equal(j->count, 2);
}

static void tls(struct judging *j, const char *client, uint16_t port, uint64_t up)
{
	struct event_flow *e = judging_event(j, EVENT_FLOW_END, sizeof(*e), client, "10.0.0.21", 6);
	e->e.app = APP_TLS;
	e->e.dport = port;
	e->payload[0] = up;
	e->payload[1] = 20000;
	judging_end(j);
	judging_pass(j, 120 * SECOND_NS);
}

static void remote_management_inside_tls_is_a_pair_by_its_size(void **state)
{
	struct judging *j = *state;
	learn(j);
	tls(j, "10.0.0.5", 5986, 11999); /* a probe with its log-in */
	tls(j, "10.0.0.6", 443, 90000);
	assert_int_equal(j->count, 0);
	tls(j, "10.0.0.5", 5986, 12000);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	assert_string_equal(j->found[0].object, "WinRM");
	tls(j, "10.0.0.5", 5986, 90000); /* known now */
	assert_int_equal(j->count, 1);
}

static void another_user_on_a_new_pair_is_medium(void **state)
{
	struct judging *j = *state;
	learn(j);
	log_on(j, "10.0.0.30", "10.0.0.9", "smb", "bob"); /* into the client */
	log_on(j, "10.0.0.9", "10.0.0.40", "ssh", "root");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_true(judging_feature(&j->found[0], "other_user")->contribution > 0);
}

static void known_pairs_and_managers_are_silent(void **state)
{
	struct judging *j = *state;
	static const char *const servers[] = { "10.0.0.21", "10.0.0.22", "10.0.0.23" };
	for (unsigned day = 0; day < 9; day++) {
		for (unsigned i = 0; i < 3; i++)
			call(j, "10.0.0.8", servers[i]);
		judging_pass(j, DAY_NS);
	}
	call(j, "10.0.0.8", "10.0.0.99"); /* of a manager */
	call(j, "10.0.0.8", "192.0.2.9"); /* outside */
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_told_in_the_first_week),
		CASE(a_new_pair_is_low_and_with_commands_of_a_newcomer_medium),
		CASE(remote_management_inside_tls_is_a_pair_by_its_size),
		CASE(another_user_on_a_new_pair_is_medium),
		CASE(known_pairs_and_managers_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
