/*
 * Printer drivers: with files of another host, and installed as they are.
 */
#include "rpc_judging.h"

RPC_SETUP("print_nightmare")

static void add(struct judging *j, const char *files, bool is_sealed)
{
	rpc_call(j, (struct call){ .interface = is_sealed ? "IRemoteWinspool" : "spoolss",
				   .operation = is_sealed ? "RpcAsyncAddPrinterDriver" :
							    "RpcAddPrinterDriverEx",
				   .detail = files,
				   .is_sealed = is_sealed });
}

static void files_elsewhere_are_found(void **state)
{
	struct judging *j = *state;
	add(j, "C:\\W\\UNIDRV.DLL, C:\\W\\kernelbase.dll, \\\\10.0.0.5\\smb\\a.dll", false);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	rpc_flow(j, EVENT_FLOW_START, VICTIM, ATTACKER, 445);
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_true(rpc_technique(j, "T1210"));
}

static void the_folder_of_old_ones_is_found(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 3; i++)
		add(j, "C:\\W\\UNIDRV.DLL, C:\\W\\a.dll, C:\\drivers\\x64\\3\\old\\1\\a.dll",
		    false);
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
}

static void an_installation_is_silent(void **state)
{
	struct judging *j = *state;
	add(j, "\\\\10.0.0.20\\print$\\x64\\UNIDRV.DLL, a.dll, b.dll", false);
	add(j, "C:\\W\\UNIDRV.DLL, C:\\W\\a.gpd, C:\\W\\UNIDRVUI.DLL", false);
	assert_int_equal(j->count, 0);
}

static void a_hidden_one_that_fetches_is_medium(void **state)
{
	struct judging *j = *state;
	add(j, NULL, true);
	assert_true(rpc_severity(j) < SEVERITY_MEDIUM);
	rpc_flow(j, EVENT_FLOW_START, VICTIM, ATTACKER, 445);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(files_elsewhere_are_found),
		RPC_TEST(the_folder_of_old_ones_is_found),
		RPC_TEST(an_installation_is_silent),
		RPC_TEST(a_hidden_one_that_fetches_is_medium),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
