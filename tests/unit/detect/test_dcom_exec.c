/*
 * Programs through DCOM: by class, by method, and the activations of every day.
 */
#include "rpc_judging.h"

RPC_SETUP("dcom_exec")

static void activate(struct judging *j, const char *clsid, bool is_sealed)
{
	rpc_call(j, (struct call){ .interface = "ISystemActivator",
				   .operation = "RemoteCreateInstance",
				   .object = clsid,
				   .is_sealed = is_sealed });
}

static void automate(struct judging *j, const char *operation, const char *object,
		     const char *detail, bool is_sealed)
{
	rpc_call(j, (struct call){ .interface = "IDispatch",
				   .operation = operation,
				   .object = object,
				   .detail = detail,
				   .is_sealed = is_sealed });
}

static void a_console_made_from_afar_is_medium(void **state)
{
	struct judging *j = *state;
	activate(j, "49b2791a-b1ae-4c90-9b8e-e860ba07f889", false);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1021.003"));
	assert_string_equal(j->found[0].object, "MMC20.Application");
}

static void its_method_is_critical(void **state)
{
	struct judging *j = *state;
	activate(j, "49b2791a-b1ae-4c90-9b8e-e860ba07f889", false);
	automate(j, "GetIDsOfNames", "ExecuteShellCommand", NULL, false);
	automate(j, "Invoke", NULL, "C:\\Windows\\System32\\cmd.exe", false);
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
	assert_non_null(strstr(j->found[j->count - 1].message, "MMC20"));
}

static void a_command_line_is_medium(void **state)
{
	struct judging *j = *state;
	automate(j, "Invoke", NULL, "/c hostname > c:\\a.txt", false);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void its_output_in_a_share_is_high(void **state)
{
	struct judging *j = *state;
	activate(j, NULL, true);
	automate(j, "Invoke", NULL, "/Q /c whoami 1> \\\\127.0.0.1\\ADMIN$\\__17960 2>&1", false);
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_non_null(strstr(j->found[j->count - 1].message, "whoami"));
}

static void switches_that_run_nothing_are_silent(void **state)
{
	struct judging *j = *state;
	activate(j, NULL, true);
	automate(j, "Invoke", NULL, "/Q /s report", false);
	automate(j, "Invoke", NULL, "/cancel", false);
	automate(j, "Invoke", NULL, "a>b on the host", false);
	assert_int_equal(j->count, 0);
}

static void sealed_automation_is_medium(void **state)
{
	struct judging *j = *state;
	activate(j, NULL, true);
	automate(j, "GetIDsOfNames", NULL, NULL, true);
	automate(j, "Invoke", NULL, NULL, true);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void other_objects_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 100; i++) {
		activate(j, "8bc3f05e-d86b-11d0-a075-00c04fb68820", false); /* WMI */
		activate(j, "d99e6e74-fc88-11d0-b498-00a0c90312f3", false); /* certificates */
		activate(j, NULL, true);
		rpc_call(j, (struct call){ .interface = "IRemUnknown2",
					   .operation = "RemQueryInterface" });
		automate(j, "GetIDsOfNames", "Search", NULL, false); /* the update service */
		automate(j, "Invoke", NULL, "IsInstalled=0", false);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(a_console_made_from_afar_is_medium),
		RPC_TEST(its_method_is_critical),
		RPC_TEST(a_command_line_is_medium),
		RPC_TEST(sealed_automation_is_medium),
		RPC_TEST(its_output_in_a_share_is_high),
		RPC_TEST(switches_that_run_nothing_are_silent),
		RPC_TEST(other_objects_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
