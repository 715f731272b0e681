/*
 * Questions about a domain: those of tools, and those of every day.
 */
#include "rpc_judging.h"

RPC_SETUP("domain_enumeration")

static void ask(struct judging *j, const char *interface, const char *operation, const char *object)
{
	rpc_call(j,
		 (struct call){ .interface = interface, .operation = operation, .object = object });
}

static void many_kinds_of_questions_are_found(void **state)
{
	struct judging *j = *state;
	ask(j, "samr", "SamrEnumerateUsersInDomain", NULL);
	assert_int_equal(j->count, 0);
	ask(j, "samr", "SamrEnumerateGroupsInDomain", NULL);
	assert_int_equal(rpc_severity(j), SEVERITY_LOW);
	ask(j, "srvsvc", "NetrSessionEnum", NULL);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1087.002"));
}

static void a_list_of_services_is_medium(void **state)
{
	struct judging *j = *state;
	ask(j, "epmapper", "ept_lookup", NULL);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1046"));
}

static void a_sweep_of_identifiers_is_found(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 400; i++)
		ask(j, "lsarpc", "LsarLookupSids", NULL);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void those_who_rule_are_found(void **state)
{
	struct judging *j = *state;
	ask(j, "samr", "SamrLookupNamesInDomain", "Domain Admins");
	assert_int_equal(j->count, 0);
	ask(j, "samr", "SamrOpenGroup", "rid 512");
	assert_int_equal(j->count, 0);
	ask(j, "samr", "SamrGetMembersInGroup", NULL);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void members_of_other_groups_are_not(void **state)
{
	struct judging *j = *state;
	ask(j, "samr", "SamrOpenGroup", "rid 1108");
	ask(j, "samr", "SamrGetMembersInGroup", NULL);
	ask(j, "samr", "SamrOpenAlias", "rid 545");
	ask(j, "samr", "SamrGetMembersInAlias", NULL);
	assert_int_equal(j->count, 0);
}

static void open_share(struct judging *j, const char *share, uint32_t status)
{
	struct event_smb *e = judging_event(j, EVENT_SMB, sizeof(*e), ATTACKER, VICTIM, 6);
	e->act = SMB_TREE;
	e->status = status;
	judging_str(j, &e->share, share);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void who_is_refused_and_gets_in_is_medium(void **state)
{
	struct judging *j = *state;
	ask(j, "srvsvc", "NetrShareEnum", NULL);
	for (unsigned i = 0; i < 5; i++)
		open_share(j, "C$", 0xc0000022);
	assert_true(rpc_severity(j) < SEVERITY_MEDIUM);
	open_share(j, "C$", 0);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void an_administrator_is_silent(void **state)
{
	struct judging *j = *state;
	ask(j, "srvsvc", "NetrShareEnum", NULL);
	open_share(j, "C$", 0);
	open_share(j, "ADMIN$", 0);
	open_share(j, "IPC$", 0xc0000022);
	open_share(j, "data", 0xc0000022);
	assert_int_equal(j->count, 0);
}

/* What net user /domain asks; one question of it less is what programs ask of their user. */
static void an_account_with_all_is_found(void **state)
{
	struct judging *j = *state;
	ask(j, "samr", "SamrOpenUser", "rid 1110");
	ask(j, "samr", "SamrQuerySecurityObject", "rid 1110");
	ask(j, "samr", "SamrGetGroupsForUser", "rid 1110");
	assert_true(rpc_severity(j) < SEVERITY_MEDIUM);
	ask(j, "samr", "SamrQueryInformationDomain", NULL);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

/* A file server that resolves accounts, a client that looks at shares, a program's own service. */
static void everyday_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 400; i++) {
		ask(j, "lsarpc", "LsarLookupSids2", NULL);
		ask(j, "lsarpc", "LsarLookupNames", "alice");
		ask(j, "epmapper", "ept_map", NULL);
		judging_pass(j, 30 * SECOND_NS);
		if (i % 20 == 0)
			ask(j, "srvsvc", "NetrShareEnum", NULL);
	}
	for (unsigned i = 0; i < j->count; i++)
		assert_true(j->found[i].severity < SEVERITY_MEDIUM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(many_kinds_of_questions_are_found),
		RPC_TEST(a_list_of_services_is_medium),
		RPC_TEST(a_sweep_of_identifiers_is_found),
		RPC_TEST(those_who_rule_are_found),
		RPC_TEST(members_of_other_groups_are_not),
		RPC_TEST(who_is_refused_and_gets_in_is_medium),
		RPC_TEST(an_administrator_is_silent),
		RPC_TEST(an_account_with_all_is_found),
		RPC_TEST(everyday_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
