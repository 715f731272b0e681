/*
 * Servers that are sent elsewhere, and calls about their own files and printers.
 */
#include "rpc_judging.h"

RPC_SETUP("coercion")

static void call(struct judging *j, const char *interface, const char *operation,
		 const char *detail, uint32_t status)
{
	rpc_call(j, (struct call){ .interface = interface,
				   .operation = operation,
				   .detail = detail,
				   .status = status });
}

static void a_path_elsewhere_is_medium(void **state)
{
	struct judging *j = *state;
	call(j, "efsrpc", "EfsRpcOpenFileRaw", "\\\\10.0.0.5\\share\\x", 0);
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_true(rpc_technique(j, "T1187"));
}

static void a_name_elsewhere_is_medium(void **state)
{
	struct judging *j = *state;
	call(j, "efsrpc", "EfsRpcEncryptFileSrv", "\\\\evil\\share\\x", 0);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void the_connection_makes_it_critical(void **state)
{
	struct judging *j = *state;
	call(j, "netdfs", "NetrDfsRemoveStdRoot", "10.0.0.99", 0);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	rpc_flow(j, EVENT_FLOW_START, VICTIM, "10.0.0.99", 445);
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
	assert_true(ipaddr_equal(&j->found[j->count - 1].subject.ip, &j->found[0].subject.ip));
}

static void a_printer_bug_needs_its_connection(void **state)
{
	struct judging *j = *state;
	call(j, "spoolss", "RpcRemoteFindFirstPrinterChangeNotificationEx", "\\\\catcher", 5);
	assert_int_equal(j->count, 0);
	rpc_flow(j, EVENT_FLOW_START, VICTIM, ATTACKER, 445);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void print_clients_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 50; i++) {
		call(j, "spoolss", "RpcRemoteFindFirstPrinterChangeNotificationEx", "\\\\pc17", 0);
		rpc_flow(j, EVENT_FLOW_START, VICTIM, ATTACKER, 445);
		judging_pass(j, 60 * SECOND_NS);
	}
	for (unsigned i = 0; i < j->count; i++)
		assert_true(j->found[i].severity < SEVERITY_MEDIUM);
}

static void a_servers_own_files_are_silent(void **state)
{
	struct judging *j = *state;
	call(j, "efsrpc", "EfsRpcQueryUsersOnFile", "C:\\data\\plan.doc", 0);
	call(j, "efsrpc", "EfsRpcQueryUsersOnFile", "\\\\10.0.0.20\\data\\plan.doc", 0);
	call(j, "fsrvp", "IsPathSupported", "\\\\10.0.0.20\\data", 0);
	call(j, "eventlog", "ElfrOpenBELW", "C:\\old.evt", 0);
	rpc_flow(j, EVENT_FLOW_START, VICTIM, "10.0.0.99", 445);
	assert_int_equal(j->count, 0);
}

static void a_late_connection_is_another(void **state)
{
	struct judging *j = *state;
	call(j, "spoolss", "RpcRemoteFindFirstPrinterChangeNotificationEx", "\\\\catcher", 5);
	judging_pass(j, 30 * SECOND_NS);
	rpc_flow(j, EVENT_FLOW_START, VICTIM, ATTACKER, 445);
	assert_int_equal(j->count, 0);
}

static void hide(struct judging *j)
{
	struct event_smb *e = judging_event(j, EVENT_SMB, sizeof(*e), ATTACKER, VICTIM, 6);
	e->act = SMB_HIDDEN;
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void log_back(struct judging *j, const char *user, enum login_outcome outcome)
{
	struct event_login *e = judging_event(j, EVENT_LOGIN, sizeof(*e), VICTIM, ATTACKER, 6);
	e->method = LOGIN_HASH;
	e->outcome = (uint8_t)outcome;
	judging_str(j, &e->service, "smb");
	judging_str(j, &e->user, user);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void a_hidden_call_shows_by_its_log_in(void **state)
{
	struct judging *j = *state;
	hide(j);
	log_back(j, "SERVER1$", LOGIN_SUCCESS);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	struct ipaddr caller = judging_ip(ATTACKER);
	assert_true(ipaddr_equal(&j->found[0].subject.ip, &caller));
	log_back(j, "SERVER1$", LOGIN_FAILURE);
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_MEDIUM);
}

static void people_and_late_log_ins_are_silent(void **state)
{
	struct judging *j = *state;
	log_back(j, "SERVER1$", LOGIN_SUCCESS);
	hide(j);
	log_back(j, "alice", LOGIN_SUCCESS);
	judging_pass(j, 30 * SECOND_NS);
	log_back(j, "SERVER1$", LOGIN_SUCCESS);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(a_path_elsewhere_is_medium),
		RPC_TEST(a_name_elsewhere_is_medium),
		RPC_TEST(the_connection_makes_it_critical),
		RPC_TEST(a_printer_bug_needs_its_connection),
		RPC_TEST(print_clients_are_silent),
		RPC_TEST(a_servers_own_files_are_silent),
		RPC_TEST(a_late_connection_is_another),
		RPC_TEST(a_hidden_call_shows_by_its_log_in),
		RPC_TEST(people_and_late_log_ins_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
