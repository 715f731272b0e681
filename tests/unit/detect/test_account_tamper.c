/*
 * Accounts: changed by tools, joined, and helped by a help desk.
 */
#include "rpc_judging.h"

RPC_SETUP("account_tamper")

static void sam(struct judging *j, const char *operation, const char *object, const char *detail)
{
	rpc_call(j, (struct call){ .interface = "samr",
				   .operation = operation,
				   .object = object,
				   .detail = detail });
}

static void a_hash_that_is_set_is_found(void **state)
{
	struct judging *j = *state;
	sam(j, "SamrSetInformationUser2", NULL, "class 18");
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1098"));
}

static void a_computer_that_others_set_is_found(void **state)
{
	struct judging *j = *state;
	sam(j, "SamrLookupNamesInDomain", "DC1$", NULL);
	sam(j, "SamrSetInformationUser2", NULL, "class 26");
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	rpc_call(j, (struct call){ .interface = "lsarpc", .operation = "LsarSetSecret" });
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
}

static void a_new_ruler_is_found(void **state)
{
	struct judging *j = *state;
	sam(j, "SamrOpenGroup", "rid 512", NULL);
	sam(j, "SamrAddMemberToGroup", NULL, NULL);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void a_join_is_silent(void **state)
{
	struct judging *j = *state;
	sam(j, "SamrLookupNamesInDomain", "PC17$", NULL);
	sam(j, "SamrCreateUser2InDomain", "PC17$", NULL);
	sam(j, "SamrSetInformationUser2", NULL, "class 24");
	sam(j, "SamrSetInformationUser2", NULL, "class 16");
	assert_int_equal(j->count, 0);
}

static void a_password_alone_is_silent(void **state)
{
	struct judging *j = *state;
	sam(j, "SamrLookupNamesInDomain", "alice", NULL);
	sam(j, "SamrSetInformationUser2", NULL, "class 26");
	sam(j, "SamrUnicodeChangePasswordUser2", NULL, NULL);
	sam(j, "SamrOpenGroup", "rid 1105", NULL);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(a_hash_that_is_set_is_found),
		RPC_TEST(a_computer_that_others_set_is_found),
		RPC_TEST(a_new_ruler_is_found),
		RPC_TEST(a_join_is_silent),
		RPC_TEST(a_password_alone_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
