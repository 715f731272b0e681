/*
 * Event logs of another host: cleared, and only read.
 */
#include "rpc_judging.h"

RPC_SETUP("log_clearing")

static void a_cleared_log_is_high(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "eventlog",
				   .operation = "ElfrClearELFW",
				   .object = "System" });
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_true(rpc_technique(j, "T1070.001"));
	assert_non_null(strstr(j->found[0].message, "System"));
}

static void the_security_log_is_critical(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "IEventService",
				   .operation = "EvtRpcClearLog",
				   .object = "Security" });
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
}

static void collecting_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 100; i++) {
		rpc_call(j, (struct call){ .interface = "eventlog", .operation = "ElfrReadELW" });
		rpc_call(j, (struct call){ .interface = "IEventService",
					   .operation = "EvtRpcQueryNext" });
		rpc_call(j,
			 (struct call){ .interface = "eventlog", .operation = "ElfrBackupELFW" });
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(a_cleared_log_is_high),
		RPC_TEST(the_security_log_is_critical),
		RPC_TEST(collecting_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
