/*
 * Tasks of another host: what is found, and the looking that is no more than that.
 */
#include "rpc_judging.h"

RPC_SETUP("scheduled_task")

static void task(struct judging *j, const char *operation, const char *detail, bool is_sealed)
{
	rpc_call(j, (struct call){ .interface = "ITaskSchedulerService",
				   .operation = operation,
				   .object = is_sealed ? NULL : "\\abc",
				   .detail = detail,
				   .is_sealed = is_sealed });
}

static void a_task_from_afar_is_medium(void **state)
{
	struct judging *j = *state;
	task(j, "SchRpcRegisterTask", "C:\\backup.exe", false);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1053.005"));
}

static void one_that_runs_and_vanishes_is_high(void **state)
{
	struct judging *j = *state;
	task(j, "SchRpcRegisterTask", NULL, true);
	task(j, "SchRpcRun", NULL, true);
	task(j, "SchRpcDelete", NULL, true);
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_int_equal(j->found[j->count - 1].visibility, VISIBILITY_NAME);
	assert_non_null(strstr(j->found[j->count - 1].unseen, "encrypted"));
}

static void a_job_is_found(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "atsvc",
				   .operation = "NetrJobAdd",
				   .detail = "cmd.exe /c calc" });
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_true(rpc_technique(j, "T1053.002"));
}

static void looking_at_tasks_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 50; i++) {
		task(j, "SchRpcEnumTasks", NULL, false);
		task(j, "SchRpcRetrieveTask", NULL, false);
		task(j, "SchRpcRun", NULL, false); /* one that is there already */
	}
	rpc_call(j, (struct call){ .interface = "atsvc", .operation = "NetrJobEnum" });
	assert_int_equal(j->count, 0);
}

static void a_refused_one_is_below(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "ITaskSchedulerService",
				   .operation = "SchRpcRegisterTask",
				   .object = "\\abc",
				   .status = 0x80070005 });
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(a_task_from_afar_is_medium),
		RPC_TEST(one_that_runs_and_vanishes_is_high),
		RPC_TEST(a_job_is_found),
		RPC_TEST(looking_at_tasks_is_silent),
		RPC_TEST(a_refused_one_is_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
