/*
 * Sources of replication that come and go.
 */
#include "rpc_judging.h"

RPC_SETUP("dcshadow")

static void order(struct judging *j, const char *src, const char *dst, const char *operation)
{
	rpc_call(j, (struct call){ .src = src,
				   .dst = dst,
				   .interface = "drsuapi",
				   .operation = operation,
				   .is_sealed = true });
}

static void the_whole_attack_is_critical(void **state)
{
	struct judging *j = *state;
	order(j, ATTACKER, VICTIM, "DRSReplicaAdd");
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	order(j, VICTIM, ATTACKER, "DRSGetNCChanges");
	order(j, ATTACKER, VICTIM, "DRSReplicaDel");
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
	assert_true(rpc_technique(j, "T1207"));
	assert_true(ipaddr_equal(&j->found[j->count - 1].subject.ip, &j->found[0].subject.ip));
}

/* A server that does not replicate so answers with a fault: what was tried is told, as a try. */
static void a_try_is_medium(void **state)
{
	struct judging *j = *state;
	for (int i = 0; i < 2; i++)
		rpc_call(j, (struct call){ .interface = "drsuapi",
					   .operation = i ? "DRSReplicaDel" : "DRSReplicaAdd",
					   .auth_type = 10,
					   .is_sealed = true,
					   .is_fault = true });
	assert_int_equal(j->count, 1);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_non_null(strstr(j->found[0].message, "tried to have"));
}

static void an_entry_alone_is_below(void **state)
{
	struct judging *j = *state;
	order(j, ATTACKER, VICTIM, "DRSAddEntry");
	order(j, VICTIM, ATTACKER, "DRSGetNCChanges");
	assert_int_equal(j->count, 0);
}

static void controllers_are_silent(void **state)
{
	struct judging *j = *state;
	order(j, "10.0.0.31", "10.0.0.30", "DRSReplicaSync");
	order(j, "10.0.0.30", "10.0.0.31", "DRSReplicaAdd");
	order(j, "10.0.0.31", "10.0.0.30", "DRSGetNCChanges");
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(the_whole_attack_is_critical),
		RPC_TEST(a_try_is_medium),
		RPC_TEST(an_entry_alone_is_below),
		RPC_TEST(controllers_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
