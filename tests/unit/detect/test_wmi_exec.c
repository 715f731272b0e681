/*
 * Programs through WMI: in the clear, by their shape, and the management that reads.
 */
#include "rpc_judging.h"

RPC_SETUP("wmi_exec")

static void method(struct judging *j, const char *object, const char *detail)
{
	rpc_call(j, (struct call){ .interface = "IWbemServices",
				   .operation = "ExecMethod",
				   .object = object,
				   .detail = detail,
				   .stub_len = 1900,
				   .answer_len = 1160 });
}

static void sealed(struct judging *j, const char *operation, uint32_t stub, uint32_t answer)
{
	rpc_call(j, (struct call){ .interface = "IWbemServices",
				   .operation = operation,
				   .stub_len = stub,
				   .answer_len = answer,
				   .is_sealed = true });
}

static void a_program_is_medium(void **state)
{
	struct judging *j = *state;
	method(j, "Win32_Process.Create", "ipconfig");
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1047"));
	assert_non_null(strstr(j->found[0].message, "ipconfig"));
}

static void a_shell_with_output_to_a_share_is_critical(void **state)
{
	struct judging *j = *state;
	method(j, "Win32_Process.Create", "cmd.exe /Q /c dir 1> \\\\127.0.0.1\\ADMIN$\\__149 2>&1");
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
}

static void a_sealed_one_is_told_by_its_shape(void **state)
{
	struct judging *j = *state;
	sealed(j, "GetObject", 100, 20664);
	sealed(j, "ExecMethod", 1996, 1160);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	sealed(j, "ExecMethod", 2032, 1160);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_int_equal(j->found[j->count - 1].visibility, VISIBILITY_NAME);
}

static void inventory_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 200; i++) {
		rpc_call(j, (struct call){ .interface = "IWbemLevel1Login",
					   .operation = "NTLMLogin",
					   .object = "//./root/cimv2" });
		method(j, "StdRegProv.EnumKey", "SOFTWARE\\Microsoft");
		method(j, "Win32_Service.GetSecurityDescriptor", NULL);
		sealed(j, "ExecQuery", 300, 20000);
		sealed(j, "ExecMethod", 700, 900); /* StdRegProv */
		sealed(j, "GetObject", 100, 9000);
	}
	assert_int_equal(j->count, 0);
}

static void a_subscription_is_found(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "IWbemServices",
				   .operation = "PutInstance",
				   .detail = "CommandLineEventConsumer" });
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1546.003"));
	rpc_call(j, (struct call){ .src = "10.0.0.6",
				   .interface = "IWbemServices",
				   .operation = "PutInstance",
				   .detail = "Win32_LogicalDisk" });
	assert_int_equal(j->count, 1);
}

static void a_sealed_subscription_is_told_by_its_namespace(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "IWbemLevel1Login",
				   .operation = "NTLMLogin",
				   .object = "\\\\ws6\\root\\subscription" });
	assert_int_equal(j->count, 0);
	sealed(j, "PutInstance", 948, 196);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void a_service_is_found(void **state)
{
	struct judging *j = *state;
	method(j, "Win32_TerminalService.Create", NULL);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1543.003"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(a_program_is_medium),
		RPC_TEST(a_shell_with_output_to_a_share_is_critical),
		RPC_TEST(a_sealed_one_is_told_by_its_shape),
		RPC_TEST(inventory_is_silent),
		RPC_TEST(a_subscription_is_found),
		RPC_TEST(a_sealed_subscription_is_told_by_its_namespace),
		RPC_TEST(a_service_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
