/*
 * Log-ins with nothing but RC4: by a hash, and by those who know no better.
 */
#include "tickets.h"

DETECTOR_TEST("kerberos_downgrade");

static const struct ticket by_hash = { .message = 11,
				       .request = 10,
				       .etypes = rc4_only,
				       .preauth = 23,
				       .ticket = 18,
				       .reply = 23,
				       .pac = KERBEROS_PAC_ASKED,
				       .options = 0x40800010 };

static void a_proof_at_once_in_the_form_of_tools_is_medium(void **state)
{
	struct judging *j = *state;
	ticket(j, &by_hash);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	ticket(j, &by_hash); /* told already */
	assert_int_equal(j->count, 1);
}

static void a_client_that_has_aes_is_high(void **state)
{
	struct judging *j = *state;
	log_in(j, "10.0.0.5", NULL);
	assert_int_equal(j->count, 0);
	log_in(j, "10.0.0.5", rc4_only);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	assert_true(judging_feature(&j->found[0], "client_has_aes")->contribution > 0);
}

static void after_a_week_what_it_had_counts_no_more(void **state)
{
	struct judging *j = *state;
	log_in(j, "10.0.0.5", NULL);
	judging_pass(j, 8 * DAY_NS);
	log_in(j, "10.0.0.5", rc4_only);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
}

static void appliances_and_old_realms_are_low_or_silent(void **state)
{
	struct judging *j = *state;
	log_in(j, "10.0.0.9", rc4_only);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	struct ticket t = by_hash; /* a machine's own account, with a key table */
	t.client = "10.0.0.10";
	t.cname = "NAS7$";
	ticket(j, &t);
	t = by_hash; /* no answer: nobody is logged in */
	t.client = "10.0.0.11";
	t.message = 30;
	t.error = 24;
	ticket(j, &t);
	log_in(j, "10.0.0.12", NULL);
	assert_int_equal(j->count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_proof_at_once_in_the_form_of_tools_is_medium),
		CASE(a_client_that_has_aes_is_high),
		CASE(after_a_week_what_it_had_counts_no_more),
		CASE(appliances_and_old_realms_are_low_or_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
