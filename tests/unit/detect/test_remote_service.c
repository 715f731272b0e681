/*
 * Services of another host: what is found, and the management that only looks like it.
 */
#include "rpc_judging.h"

RPC_SETUP("remote_service")

static void create(struct judging *j, const char *name, const char *path)
{
	rpc_call(j, (struct call){ .interface = "svcctl",
				   .operation = "RCreateServiceW",
				   .object = name,
				   .detail = path });
}

static void start(struct judging *j, uint32_t status)
{
	rpc_call(j, (struct call){ .interface = "svcctl",
				   .operation = "RStartServiceW",
				   .status = status });
}

static void a_new_service_that_is_started_is_medium(void **state)
{
	struct judging *j = *state;
	create(j, "Agent", "C:\\Program Files\\Agent\\agent.exe");
	assert_int_equal(rpc_severity(j), SEVERITY_LOW);
	start(j, 0);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1569.002"));
	assert_non_null(strstr(j->found[1].message, "Agent"));
	assert_non_null(strstr(j->found[1].counterfactual, "service_created"));
}

static void a_command_line_is_critical(void **state)
{
	struct judging *j = *state;
	create(j, "BTOBTO", "%COMSPEC% /Q /c echo dir ^> \\\\127.0.0.1\\C$\\__output");
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
	start(j, 1053);
	rpc_call(j, (struct call){ .interface = "svcctl", .operation = "RDeleteService" });
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_CRITICAL);
}

static void an_exchanged_program_is_found(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "svcctl",
				   .operation = "RChangeServiceConfigW",
				   .detail = "C:\\Windows\\System32\\cmd.exe /c calc" });
	start(j, 1053);
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
}

static void looking_and_starting_is_silent(void **state)
{
	static const char *const looking[] = { "ROpenSCManagerW",      "ROpenServiceW",
					       "RQueryServiceStatus",  "REnumServicesStatusExW",
					       "RQueryServiceConfigW", "RStartServiceW",
					       "RControlService",      "RDeleteService" };
	struct judging *j = *state;
	for (unsigned n = 0; n < 50; n++)
		for (size_t i = 0; i < sizeof(looking) / sizeof(looking[0]); i++)
			rpc_call(j, (struct call){ .interface = "svcctl",
						   .operation = looking[i],
						   .object = "Spooler" });
	/* how a service starts is changed, not what */
	rpc_call(j, (struct call){ .interface = "svcctl", .operation = "RChangeServiceConfigW" });
	assert_int_equal(j->count, 0);
}

/* Over TCP no service manager answers who has not logged in. */
static void an_unauthenticated_call_is_silent(void **state)
{
	struct judging *j = *state;
	struct event_rpc *e = judging_event(j, EVENT_RPC, sizeof(*e), ATTACKER, VICTIM, 6);
	e->act = RPC_CALL;
	judging_str(j, &e->interface, "svcctl");
	judging_str(j, &e->operation, "RCreateServiceW");
	judging_str(j, &e->detail, "cmd.exe /c dir");
	judging_end(j);
	assert_int_equal(j->count, 0);
}

static void a_refused_one_is_silent(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "svcctl",
				   .operation = "RCreateServiceW",
				   .object = "Agent",
				   .detail = "C:\\agent.exe",
				   .status = 5 });
	assert_int_equal(j->count, 0);
}

static void create_fault(struct judging *j, const char *name, const char *path)
{
	rpc_call(j, (struct call){ .interface = "svcctl",
				   .operation = "RCreateServiceW",
				   .object = name,
				   .detail = path,
				   .status = 0x1c010002,
				   .is_fault = true });
}

/* A server that answers with a fault has heard what was wanted of it all the same. */
static void a_try_that_ends_in_a_fault_is_said_to_be_one(void **state)
{
	struct judging *j = *state;
	create_fault(j, "Agent", "C:\\agent.exe");
	assert_int_equal(j->count, 0);
	create_fault(j, "BTOBTO", "%COMSPEC% /Q /c echo dir ^> \\\\127.0.0.1\\C$\\__output");
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_non_null(strstr(j->found[0].message, "tried to make the service BTOBTO"));
	create(j, "BTOBTO", "%COMSPEC% /Q /c echo dir ^> \\\\127.0.0.1\\C$\\__output");
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
	assert_null(strstr(j->found[1].message, "tried"));
}

/* Software deployment does it day after day. */
static void a_habit_is_low(void **state)
{
	struct judging *j = *state;
	for (unsigned day = 0; day < 6; day++) {
		create(j, "Agent", "C:\\Program Files\\Agent\\agent.exe");
		start(j, 0);
		judging_pass(j, DAY_NS);
	}
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
	assert_true(rpc_severity(j) <= SEVERITY_MEDIUM);
	unsigned before = j->count;
	create(j, "Agent", "C:\\Program Files\\Agent\\agent.exe");
	start(j, 0);
	assert_int_equal(j->count, before);
}

static void smb(struct judging *j, enum smb_act act, const char *share, const char *name,
		bool is_pipe, uint8_t type)
{
	struct event_smb *e = judging_event(j, EVENT_SMB, sizeof(*e), ATTACKER, VICTIM, 6);
	e->act = (uint8_t)act;
	e->is_pipe = is_pipe;
	e->file_type = type;
	e->written = is_pipe ? 0 : 50000;
	judging_str(j, &e->share, share);
	judging_str(j, &e->name, name);
	judging_end(j);
}

static void a_program_put_there_before_makes_it_worse(void **state)
{
	struct judging *j = *state;
	smb(j, SMB_WRITE, "ADMIN$", "abcdefgh.exe", false, FILE_EXECUTABLE);
	smb(j, SMB_CLOSE, "ADMIN$", "abcdefgh.exe", false, FILE_EXECUTABLE);
	assert_int_equal(j->count, 0); /* that alone is another detector's */
	create(j, "xYzW", "%systemroot%\\abcdefgh.exe");
	start(j, 0);
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	smb(j, SMB_OPEN, "IPC$", "RemCom_communicaton", true, 0);
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
}

/* The second run of a remote shell finds its service running. */
static void a_pipe_and_a_service_that_runs_already_is_medium(void **state)
{
	struct judging *j = *state;
	start(j, 1056);
	assert_int_equal(j->count, 0);
	smb(j, SMB_OPEN, "IPC$", "PSEXESVC", true, 0);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void other_files_are_silent(void **state)
{
	struct judging *j = *state;
	smb(j, SMB_WRITE, "data", "setup.exe", false, FILE_EXECUTABLE);
	smb(j, SMB_WRITE, "ADMIN$", "a.log", false, FILE_TEXT);
	smb(j, SMB_OPEN, "IPC$", "svcctl", true, 0);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(a_new_service_that_is_started_is_medium),
		RPC_TEST(a_command_line_is_critical),
		RPC_TEST(an_exchanged_program_is_found),
		RPC_TEST(looking_and_starting_is_silent),
		RPC_TEST(an_unauthenticated_call_is_silent),
		RPC_TEST(a_refused_one_is_silent),
		RPC_TEST(a_try_that_ends_in_a_fault_is_said_to_be_one),
		RPC_TEST(a_habit_is_low),
		RPC_TEST(a_program_put_there_before_makes_it_worse),
		RPC_TEST(a_pipe_and_a_service_that_runs_already_is_medium),
		RPC_TEST(other_files_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
