/*
 * Replication: by whom it is asked.
 */
#include "rpc_judging.h"

RPC_SETUP("dcsync")

static void replicate(struct judging *j, const char *src, const char *dst, uint8_t auth_type)
{
	rpc_call(j, (struct call){ .src = src,
				   .dst = dst,
				   .interface = "drsuapi",
				   .operation = "DRSGetNCChanges",
				   .answer_len = 5000,
				   .auth_type = auth_type,
				   .is_sealed = true });
}

static void a_host_that_serves_nothing_is_medium_at_once(void **state)
{
	struct judging *j = *state;
	replicate(j, ATTACKER, VICTIM, 9);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1003.006"));
}

static void tools_are_high(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "drsuapi",
				   .operation = "DRSCrackNames",
				   .is_sealed = true });
	replicate(j, ATTACKER, VICTIM, 10);
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
}

static void after_a_day_it_is_high(void **state)
{
	struct judging *j = *state;
	rpc_flow(j, EVENT_FLOW_END, ATTACKER, VICTIM, 88);
	judging_pass(j, 2 * DAY_NS);
	replicate(j, ATTACKER, VICTIM, 9);
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
}

static void controllers_are_silent(void **state)
{
	struct judging *j = *state;
	/* one serves Kerberos and LDAP, the other is asked to replicate */
	rpc_flow(j, EVENT_FLOW_PROGRESS, "10.0.0.7", "10.0.0.30", 88);
	rpc_flow(j, EVENT_FLOW_PROGRESS, "10.0.0.7", "10.0.0.30", 389);
	rpc_call(j, (struct call){ .src = "10.0.0.30",
				   .dst = "10.0.0.31",
				   .interface = "drsuapi",
				   .operation = "DRSReplicaSync" });
	for (unsigned i = 0; i < 100; i++) {
		replicate(j, "10.0.0.30", "10.0.0.31", 9);
		replicate(j, "10.0.0.31", "10.0.0.30", 9);
	}
	assert_int_equal(j->count, 0);
}

/* Directory tools look names up, and do not replicate. */
static void looking_up_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 100; i++)
		rpc_call(j, (struct call){ .interface = "drsuapi", .operation = "DRSCrackNames" });
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(a_host_that_serves_nothing_is_medium_at_once),
		RPC_TEST(tools_are_high),
		RPC_TEST(after_a_day_it_is_high),
		RPC_TEST(controllers_are_silent),
		RPC_TEST(looking_up_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
