/*
 * Netlogon: guessed credentials, bursts, and computers that log in.
 */
#include "rpc_judging.h"

RPC_SETUP("zerologon")

static void try_once(struct judging *j, const char *mark, uint32_t status, bool is_sealed)
{
	rpc_call(j, (struct call){ .interface = "netlogon",
				   .operation = "NetrServerReqChallenge",
				   .object = "DC",
				   .is_sealed = is_sealed });
	rpc_call(j, (struct call){ .interface = "netlogon",
				   .operation = "NetrServerAuthenticate3",
				   .object = "DC$",
				   .detail = mark,
				   .status = status,
				   .is_sealed = is_sealed });
}

static void chosen_credentials_are_found(void **state)
{
	struct judging *j = *state;
	try_once(j, "zero credential", 0xc0000022, false);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	for (unsigned i = 0; i < 20; i++)
		try_once(j, "zero credential", 0xc0000022, false);
	try_once(j, "zero credential", 0, false);
	rpc_call(j,
		 (struct call){ .interface = "netlogon", .operation = "NetrServerPasswordSet2" });
	assert_int_equal(rpc_severity(j), SEVERITY_CRITICAL);
	assert_true(rpc_technique(j, "T1210"));
}

static void a_sealed_burst_is_found(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 11; i++)
		try_once(j, NULL, 0, true);
	assert_int_equal(j->count, 0);
	for (unsigned i = 0; i < 60; i++)
		try_once(j, NULL, 0, true);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

/* Nobody has tried to log in. */
static void a_challenge_alone_is_silent(void **state)
{
	struct judging *j = *state;
	rpc_call(j, (struct call){ .interface = "netlogon",
				   .operation = "NetrServerReqChallenge",
				   .object = "DC",
				   .detail = "zero challenge" });
	assert_int_equal(j->count, 0);
}

/* Restarts, and a password that fits no more. */
static void computers_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 50; i++) {
		for (unsigned n = 0; n < 4; n++)
			try_once(j, NULL, n ? 0xc0000022 : 0, false);
		rpc_call(j, (struct call){ .interface = "netlogon",
					   .operation = "NetrServerPasswordSet2" });
		judging_pass(j, 120 * SECOND_NS);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(chosen_credentials_are_found),
		RPC_TEST(a_sealed_burst_is_found),
		RPC_TEST(a_challenge_alone_is_silent),
		RPC_TEST(computers_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
