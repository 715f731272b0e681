/*
 * Hosts asked one after another, and the few that people use.
 */
#include "rpc_judging.h"

RPC_SETUP("share_enumeration")

static void ask(struct judging *j, unsigned host, const char *interface, const char *operation)
{
	char dst[16];
	snprintf(dst, sizeof(dst), "10.0.0.%u", host);
	rpc_call(j, (struct call){ .dst = dst, .interface = interface, .operation = operation });
}

static void five_hosts_are_medium(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 4; i++)
		ask(j, 20 + i, "srvsvc", "NetrShareEnum");
	assert_int_equal(j->count, 0);
	ask(j, 24, "srvsvc", "NetrShareEnum");
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1135"));
}

static void collectors_are_critical(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20; i++) {
		ask(j, 20 + i, "srvsvc", "NetrSessionEnum");
		ask(j, 20 + i, "wkssvc", "NetrWkstaUserEnum");
		ask(j, 20 + i, "samr", "SamrGetMembersInAlias");
	}
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
	assert_in_range(j->count, 1, 3);
	assert_true(rpc_technique(j, "T1049"));
}

static void open_manager(struct judging *j, unsigned host, const char *access, uint32_t status)
{
	char dst[16];
	snprintf(dst, sizeof(dst), "10.0.0.%u", host);
	rpc_call(j, (struct call){ .dst = dst,
				   .interface = "svcctl",
				   .operation = "ROpenSCManagerW",
				   .detail = access,
				   .status = status });
}

static void who_tries_every_right_is_told_and_sooner_where_refused(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 4; i++)
		open_manager(j, 20 + i, "access 0x000f003f", 0);
	assert_int_equal(j->count, 0);
	open_manager(j, 24, "access 0x000f003f", 0);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1069.001"));
	assert_non_null(strstr(j->found[0].message, "5 hosts whether it may administer them"));
	judging_pass(j, 3600 * SECOND_NS);
	for (unsigned i = 0; i < 3; i++)
		open_manager(j, 20 + i, "access 0x000f003f", 5);
	assert_int_equal(j->count, 2);
}

static void who_looks_at_services_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 50; i++)
		open_manager(j, 20 + i, "access 0x00000005", i % 2 ? 5 : 0);
	for (unsigned i = 0; i < 50; i++)
		open_manager(j, 20 + i % 2, "access 0x000f003f", 5);
	assert_int_equal(j->count, 0);
}

static void the_same_few_servers_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 200; i++) {
		ask(j, 20 + i % 4, "srvsvc", "NetrShareEnum");
		ask(j, 20 + i % 50, "srvsvc", "NetrShareGetInfo"); /* comes with each share */
	}
	assert_int_equal(j->count, 0);
}

static void a_host_now_and_then_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 30; i++) {
		ask(j, 20 + i, "srvsvc", "NetrShareEnum");
		judging_pass(j, 300 * SECOND_NS);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(five_hosts_are_medium),
		RPC_TEST(collectors_are_critical),
		RPC_TEST(who_tries_every_right_is_told_and_sooner_where_refused),
		RPC_TEST(who_looks_at_services_is_silent),
		RPC_TEST(the_same_few_servers_are_silent),
		RPC_TEST(a_host_now_and_then_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
