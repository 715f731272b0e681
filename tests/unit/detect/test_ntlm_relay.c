/*
 * The same answer twice: passed on by a relay, by a balancer, by address translation.
 */
#include "tickets.h"

DETECTOR_TEST("ntlm_relay");

#define CLIENT "10.0.0.5"
#define RELAY  "10.0.0.66"
#define TARGET "10.0.0.2"

static void proof(struct judging *j, const char *src, const char *dst, const char *service,
		  uint64_t value, enum login_outcome outcome)
{
	struct event_login *e = judging_event(j, EVENT_LOGIN, sizeof(*e), src, dst, 6);
	e->outcome = (uint8_t)outcome;
	e->method = LOGIN_HASH;
	e->proof = value;
	judging_str(j, &e->service, service);
	judging_str(j, &e->user, "alice");
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void check(const struct judging *j, enum severity severity)
{
	struct ipaddr relay = judging_ip(RELAY), target = judging_ip(TARGET);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, severity);
	assert_true(ipaddr_equal(&j->found[0].subject.ip, &relay));
	assert_true(ipaddr_equal(&j->found[0].peer.ip, &target));
	assert_string_equal(j->found[0].techniques[0], "T1557.001");
}

static void from_one_protocol_to_another_is_critical(void **state)
{
	struct judging *j = *state;
	proof(j, CLIENT, RELAY, "http", 77, LOGIN_FAILURE);
	proof(j, RELAY, TARGET, "ldap", 77, LOGIN_SUCCESS);
	check(j, SEVERITY_CRITICAL);
}

static void whichever_ends_first(void **state)
{
	struct judging *j = *state;
	proof(j, RELAY, TARGET, "ldap", 77, LOGIN_SUCCESS);
	proof(j, CLIENT, RELAY, "smb", 77, LOGIN_UNKNOWN);
	check(j, SEVERITY_CRITICAL);
	proof(j, CLIENT, RELAY, "smb", 77, LOGIN_UNKNOWN);
	assert_int_equal(j->count, 1);
}

static void file_service_to_file_service_is_critical(void **state)
{
	struct judging *j = *state;
	proof(j, CLIENT, RELAY, "smb", 77, LOGIN_FAILURE);
	proof(j, RELAY, TARGET, "smb", 77, LOGIN_SUCCESS);
	check(j, SEVERITY_CRITICAL);
}

static void balancers_are_context(void **state)
{
	struct judging *j = *state;
	proof(j, CLIENT, RELAY, "http", 77, LOGIN_SUCCESS);
	proof(j, RELAY, TARGET, "http", 77, LOGIN_SUCCESS);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
}

static void translation_and_repeats_are_silent(void **state)
{
	struct judging *j = *state;
	proof(j, CLIENT, TARGET, "smb", 77, LOGIN_SUCCESS);
	proof(j, "10.0.0.1", TARGET, "smb", 77, LOGIN_SUCCESS); /* behind a translation */
	proof(j, CLIENT, TARGET, "smb", 77, LOGIN_SUCCESS);
	proof(j, CLIENT, TARGET, "smb", 78, LOGIN_SUCCESS);
	proof(j, RELAY, TARGET, "smb", 79, LOGIN_SUCCESS);
	proof(j, RELAY, "10.0.0.9", "smb", 0, LOGIN_SUCCESS);
	proof(j, CLIENT, "10.0.0.8", "smb", 0, LOGIN_SUCCESS);
	assert_int_equal(j->count, 0);
}

static void it_is_forgotten(void **state)
{
	struct judging *j = *state;
	proof(j, CLIENT, RELAY, "http", 77, LOGIN_FAILURE);
	judging_pass(j, 700 * SECOND_NS);
	proof(j, RELAY, TARGET, "ldap", 77, LOGIN_SUCCESS);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(from_one_protocol_to_another_is_critical), CASE(whichever_ends_first),
		CASE(file_service_to_file_service_is_critical), CASE(balancers_are_context),
		CASE(translation_and_repeats_are_silent),       CASE(it_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
