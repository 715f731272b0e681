/*
 * Secrets by remote calls, and the calls that only sound like it.
 */
#include "rpc_judging.h"

RPC_SETUP("secrets_rpc")

static void call(struct judging *j, const char *interface, const char *operation,
		 const char *object)
{
	rpc_call(j,
		 (struct call){ .interface = interface, .operation = operation, .object = object });
}

static void the_boot_key_is_found(void **state)
{
	struct judging *j = *state;
	call(j, "winreg", "BaseRegOpenKey", "SYSTEM\\CurrentControlSet\\Control\\Lsa\\JD");
	assert_int_equal(j->count, 0);
	call(j, "winreg", "BaseRegOpenKey", "SYSTEM\\CurrentControlSet\\Control\\Lsa\\Skew1");
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1003.002"));
}

static void a_saved_hive_is_high(void **state)
{
	struct judging *j = *state;
	call(j, "winreg", "BaseRegCreateKey", "SAM");
	call(j, "winreg", "BaseRegSaveKey", "abcdefgh.tmp");
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_non_null(strstr(j->found[0].message, "SAM to abcdefgh.tmp"));
}

static void the_domains_backup_key_is_critical(void **state)
{
	struct judging *j = *state;
	call(j, "lsarpc", "LsarRetrievePrivateData", "G$BCKUPKEY_PREFERRED");
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
	assert_true(rpc_technique(j, "T1003.004"));
}

static void what_is_refused_is_not_said_to_be_fetched(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "lsarpc",
				   .operation = "LsarRetrievePrivateData",
				   .object = "G$BCKUPKEY_PREFERRED",
				   .status = 0x1c010002,
				   .is_fault = true });
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_non_null(strstr(j->found[0].message, "asked in vain for the domain's backup key"));
	call(j, "lsarpc", "LsarRetrievePrivateData", "G$BCKUPKEY_PREFERRED");
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
	assert_non_null(strstr(j->found[1].message, "fetched the domain's backup key"));
}

static void a_hive_that_is_not_saved_is_medium(void **state)
{
	struct judging *j = *state;
	call(j, "winreg", "BaseRegOpenKey", "SAM");
	rpc_call(j, (struct call){ .interface = "winreg",
				   .operation = "BaseRegSaveKey",
				   .object = "\\\\10.20.1.10\\loot\\SAM",
				   .status = 161 });
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_non_null(strstr(j->found[0].message, "tried to save account hashes"));
}

/* Each user's host asks the backup key service; management reads keys of Lsa. */
static void everyday_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 50; i++) {
		call(j, "BackupKey", "BackuprKey", NULL);
		call(j, "winreg", "BaseRegOpenKey", "SYSTEM\\CurrentControlSet\\Control\\Lsa");
		call(j, "winreg", "BaseRegOpenKey", "SOFTWARE\\Security\\Policy");
		call(j, "lsarpc", "LsarLookupSids2", NULL);
		call(j, "lsarpc", "LsarQueryInformationPolicy2", NULL);
	}
	assert_int_equal(j->count, 0);
}

static void master_keys_of_many_are_medium(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 4; i++) {
		rpc_call(j, (struct call){ .interface = "BackupKey",
					   .operation = "BackuprKey",
					   .stub_len = 568,
					   .is_sealed = true });
		assert_int_equal(rpc_severity(j), i < 3 ? SEVERITY_LOW : SEVERITY_MEDIUM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(the_boot_key_is_found),
		RPC_TEST(a_saved_hive_is_high),
		RPC_TEST(the_domains_backup_key_is_critical),
		RPC_TEST(what_is_refused_is_not_said_to_be_fetched),
		RPC_TEST(a_hive_that_is_not_saved_is_medium),
		RPC_TEST(master_keys_of_many_are_medium),
		RPC_TEST(everyday_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
