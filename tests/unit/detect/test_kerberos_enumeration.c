/*
 * Names that do not exist: guessed, and mistyped.
 */
#include "tickets.h"

DETECTOR_TEST("kerberos_enumeration");

static void try_name(struct judging *j, const char *client, unsigned n, unsigned error)
{
	char name[32];
	snprintf(name, sizeof(name), "guess%u", n);
	ticket(j, &(struct ticket){ .client = client,
				    .message = error ? 30 : 11,
				    .request = 10,
				    .cname = name,
				    .error = error,
				    .preauth = error ? 0 : 18,
				    .ticket = error ? 0 : 18 });
}

static void ten_unknown_names_are_medium_and_twenty_high(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 9; i++)
		try_name(j, "10.0.0.5", i, 6);
	try_name(j, "10.0.0.5", 3, 6); /* again */
	try_name(j, "10.0.0.5", 100, 25);
	assert_int_equal(j->count, 0);
	for (unsigned i = 9; i < 40; i++)
		try_name(j, "10.0.0.5", i, 6);
	assert_int_equal(j->count, 3);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	assert_int_equal(judging_feature(&j->found[0], "unknown_names")->value, 10);
	assert_int_equal(j->found[2].severity, SEVERITY_CRITICAL);
}

static void a_slow_list_and_typing_errors_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 60; i++) {
		try_name(j, "10.0.0.5", i, 6);
		judging_pass(j, 70 * SECOND_NS);
	}
	assert_int_equal(j->count, 0);
}

/* A terminal server: hundreds of people, some of whom mistype. */
static void many_who_exist_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 300; i++) {
		try_name(j, "10.0.0.5", i, 0);
		if (i % 20 == 0)
			try_name(j, "10.0.0.5", 1000 + i, 6);
	}
	assert_int_equal(j->count, 0);
}

static void machines_that_were_deleted_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 50; i++) {
		char name[32];
		snprintf(name, sizeof(name), "PC%u$", i);
		ticket(j,
		       &(struct ticket){ .message = 30, .request = 10, .cname = name, .error = 6 });
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ten_unknown_names_are_medium_and_twenty_high),
		CASE(a_slow_list_and_typing_errors_are_silent),
		CASE(many_who_exist_are_silent),
		CASE(machines_that_were_deleted_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
