/*
 * Sessions of commands at /wsman, and what only looks like one.
 */
#include "tickets.h"

DETECTOR_TEST("winrm_exec");

static void post(struct judging *j, const char *client, const char *server, const char *uri,
		 uint64_t len, const char *agent)
{
	struct event_http *e = judging_event(j, EVENT_HTTP, sizeof(*e), client, server, 6);
	e->e.dport = 5985;
	e->e.flow = 5;
	e->content_length = len;
	judging_str(j, &e->method, "POST");
	judging_str(j, &e->uri, uri);
	judging_str(j, &e->user_agent, agent ? agent : "Microsoft WinRM Client");
	judging_str(j, &e->content_type, "multipart/encrypted;protocol=\"x\"");
	judging_end(j);
}

static void answer(struct judging *j, const char *client, const char *server, uint16_t status)
{
	struct event_http *e = judging_event(j, EVENT_HTTP, sizeof(*e), client, server, 6);
	e->e.flow = 5;
	e->e.from_server = 1;
	e->is_response = true;
	e->status = status;
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void session(struct judging *j, const char *client, const char *server, const char *uri,
		    unsigned requests, uint16_t status)
{
	post(j, client, server, uri, 0, NULL);
	answer(j, client, server, status);
	for (unsigned i = 0; i < requests; i++) {
		post(j, client, server, uri, 2000, NULL);
		answer(j, client, server, status);
	}
}

static void a_session_is_medium_once(void **state)
{
	struct judging *j = *state;
	session(j, "10.0.0.5", "10.0.0.6", "/wsman?PSVersion=5.1.18362.752", 20, 200);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_true(judging_feature(&j->found[0], "powershell")->contribution > 0);
	assert_int_equal(judging_feature(&j->found[0], "requests")->value, 4);
}

static void a_tool_of_attackers_is_high(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 4; i++) {
		post(j, "10.0.0.5", "10.0.0.6", "/wsman", 900,
		     "Ruby WinRM Client (2.8.3, ruby 3.1.0)");
		answer(j, "10.0.0.5", "10.0.0.6", 200);
	}
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
}

static void probes_refusals_and_subscriptions_are_silent(void **state)
{
	struct judging *j = *state;
	session(j, "10.0.0.5", "10.0.0.6", "/wsman", 3, 200);
	session(j, "10.0.0.5", "10.0.0.7", "/wsman", 20, 401);
	session(j, "10.0.0.5", "10.0.0.8", "/wsman/SubscriptionManager/WEC", 50, 200);
	session(j, "10.0.0.5", "10.0.0.9", "/wsman/subscriptions/2C3E", 50, 200);
	session(j, "10.0.0.5", "10.0.0.10", "/login", 50, 200);
	for (unsigned i = 0; i < 20; i++) { /* monitoring: a request every five minutes */
		session(j, "10.0.0.5", "10.0.0.11", "/wsman", 1, 200);
		judging_pass(j, 300 * SECOND_NS);
	}
	assert_int_equal(j->count, 0);
}

static void a_pair_that_does_so_each_day_falls_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned day = 0; day < 9; day++) {
		session(j, "10.0.0.5", "10.0.0.6", "/wsman", 8, 200);
		judging_pass(j, DAY_NS);
	}
	assert_int_equal(j->count, 3);
}

static void a_manager_of_hosts_is_silent_for_new_ones(void **state)
{
	struct judging *j = *state;
	char server[16];
	for (unsigned day = 0; day < 3; day++) {
		for (unsigned i = 0; i < 4; i++) {
			snprintf(server, sizeof(server), "10.0.0.%u", 20 + i);
			session(j, "10.0.0.9", server, "/wsman", 8, 200);
		}
		judging_pass(j, DAY_NS);
	}
	unsigned before = j->count;
	assert_true(before <= 12);
	session(j, "10.0.0.9", "10.0.0.99", "/wsman", 8, 200);
	assert_int_equal(j->count, before);
	session(j, "10.0.0.5", "10.0.0.99", "/wsman", 8, 200); /* who is none */
	assert_int_equal(j->count, before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_session_is_medium_once),
		CASE(a_tool_of_attackers_is_high),
		CASE(probes_refusals_and_subscriptions_are_silent),
		CASE(a_pair_that_does_so_each_day_falls_silent),
		CASE(a_manager_of_hosts_is_silent_for_new_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
