/*
 * Tickets without a proof: which are taken to crack them.
 */
#include "tickets.h"

DETECTOR_TEST("asrep_roast");

static void given(struct judging *j, const char *client, const char *cname, const int *etypes,
		  int etype)
{
	ticket(j, &(struct ticket){ .client = client,
				    .message = 11,
				    .request = 10,
				    .cname = cname,
				    .etypes = etypes,
				    .ticket = 18,
				    .reply = etype });
}

static void rc4_where_proof_is_demanded_of_others_is_high(void **state)
{
	struct judging *j = *state;
	log_in(j, "10.0.0.5", NULL);
	assert_int_equal(j->count, 0);
	given(j, "10.0.0.7", "eve", rc4_only, 23);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	given(j, "10.0.0.7", "EVE", rc4_only, 23); /* the same account */
	assert_int_equal(j->count, 1);
	given(j, "10.0.0.7", "frank", rc4_only, 23);
	given(j, "10.0.0.7", "grace", rc4_only, 23);
	assert_int_equal(j->found[2].severity, SEVERITY_CRITICAL);
}

static void several_accounts_in_aes_are_medium(void **state)
{
	struct judging *j = *state;
	log_in(j, "10.0.0.5", NULL);
	given(j, "10.0.0.7", "eve", NULL, 18);
	given(j, "10.0.0.7", "frank", NULL, 18);
	assert_int_equal(j->count, 0);
	given(j, "10.0.0.7", "grace", NULL, 18);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

/* MIT demands no proof by default; an old realm of its own kind has RC4 keys. */
static void ordinary_realms_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20; i++) {
		char client[16];
		snprintf(client, sizeof(client), "10.0.1.%u", i + 1);
		given(j, client, "alice", NULL, 18);
	}
	given(j, "10.0.0.8", "PC8$", rc4_only, 23);
	ticket(j, &(struct ticket){ .message = 11,
				    .request = 10,
				    .cname = "WELLKNOWN/ANONYMOUS",
				    .cname_type = 11,
				    .etypes = rc4_only,
				    .ticket = 18,
				    .reply = 23 });
	log_in(j, "10.0.0.9", rc4_only); /* with a proof */
	assert_int_equal(j->count, 0);
}

static void accounts_over_days_do_not_add_up(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 9; i++) {
		char name[16];
		snprintf(name, sizeof(name), "user%u", i);
		given(j, "10.0.0.7", name, NULL, 18);
		judging_pass(j, DAY_NS);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(rc4_where_proof_is_demanded_of_others_is_high),
		CASE(several_accounts_in_aes_are_medium),
		CASE(ordinary_realms_are_silent),
		CASE(accounts_over_days_do_not_add_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
