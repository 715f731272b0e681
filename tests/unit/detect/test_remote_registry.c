/*
 * The registry of another host: changed, searched, and read.
 */
#include "rpc_judging.h"

RPC_SETUP("remote_registry")

static void reg(struct judging *j, const char *operation, const char *object, const char *detail,
		uint32_t status)
{
	rpc_call(j, (struct call){ .interface = "winreg",
				   .operation = operation,
				   .object = object,
				   .detail = detail,
				   .status = status });
}

static void a_key_that_starts_programs_is_found(void **state)
{
	struct judging *j = *state;
	reg(j, "BaseRegOpenKey", "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run", NULL, 0);
	reg(j, "BaseRegSetValue", "update", "powershell -enc AAAA", 0);
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_true(rpc_technique(j, "T1112"));
}

static void a_weakened_host_is_found(void **state)
{
	struct judging *j = *state;
	reg(j, "BaseRegOpenKey", "SYSTEM\\CurrentControlSet\\Control\\Lsa", NULL, 0);
	reg(j, "BaseRegSetValue", "DisableRestrictedAdmin", "0", 0);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void a_value_of_no_meaning_is_silent(void **state)
{
	struct judging *j = *state;
	reg(j, "BaseRegOpenKey", "SOFTWARE\\Acme", NULL, 0);
	reg(j, "BaseRegSetValue", "colour", "blue", 0);
	reg(j, "BaseRegOpenKey", "SYSTEM\\CurrentControlSet\\Control\\Lsa", NULL, 0);
	reg(j, "BaseRegSetValue", "RunAsPPL", "0", 5); /* refused */
	assert_int_equal(j->count, 0);
}

static void a_search_is_low(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 59; i++)
		reg(j, "BaseRegOpenKey", "SOFTWARE\\Acme", NULL, 0);
	assert_int_equal(j->count, 0);
	for (unsigned i = 0; i < 100; i++)
		reg(j, "BaseRegOpenKey", "SOFTWARE\\Acme", NULL, 0);
	assert_int_equal(rpc_severity(j), SEVERITY_LOW);
	assert_true(rpc_technique(j, "T1012"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(a_key_that_starts_programs_is_found),
		RPC_TEST(a_weakened_host_is_found),
		RPC_TEST(a_value_of_no_meaning_is_silent),
		RPC_TEST(a_search_is_low),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
