/*
 * Service tickets asked to crack them, and those that are used.
 */
#include "tickets.h"

DETECTOR_TEST("kerberoast");

static void serve(struct judging *j, const char *client, const char *sname, const int *etypes,
		  int etype)
{
	ticket(j, &(struct ticket){ .client = client,
				    .message = 13,
				    .request = 12,
				    .sname = sname,
				    .etypes = etypes,
				    .tgt = 18,
				    .ticket = etype,
				    .reply = 18 });
}

static void a_ticket_in_rc4_to_a_client_with_aes_is_medium(void **state)
{
	struct judging *j = *state;
	serve(j, "10.0.0.5", "HTTP/intranet", NULL, 23);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[0].techniques[0], "T1558.003");
	serve(j, "10.0.0.5", "HTTP/intranet", NULL, 23); /* again: nothing new */
	assert_int_equal(j->count, 1);
}

static void a_request_for_rc4_is_high_and_many_are_critical(void **state)
{
	struct judging *j = *state;
	log_in(j, "10.0.0.5", NULL);
	serve(j, "10.0.0.5", "MSSQLSvc/db1:1433", rc4_first, 23);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	serve(j, "10.0.0.5", "MSSQLSvc/db2:1433", rc4_first, 23);
	serve(j, "10.0.0.5", "backup/nas", rc4_first, 23);
	assert_int_equal(j->found[2].severity, SEVERITY_CRITICAL);
	assert_int_equal(judging_feature(&j->found[2], "services")->value, 3);
}

static void an_account_by_name_is_told(void **state)
{
	struct judging *j = *state;
	ticket(j, &(struct ticket){ .message = 13,
				    .request = 12,
				    .sname = "EXAMPLE\\svc_sql",
				    .sname_type = -128,
				    .etypes = rc4_first,
				    .tgt = 18,
				    .ticket = 23,
				    .reply = 23 });
	assert_int_equal(j->found[0].severity, SEVERITY_CRITICAL);
	assert_true(judging_feature(&j->found[0], "account_named")->contribution > 0);
}

/* An old appliance that knows nothing but RC4. */
static void a_client_without_aes_is_low_for_one_service(void **state)
{
	struct judging *j = *state;
	log_in(j, "10.0.0.9", rc4_only);
	serve(j, "10.0.0.9", "HTTP/old", rc4_only, 23);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
}

static void a_service_that_gives_rc4_to_everybody_is_silent(void **state)
{
	struct judging *j = *state;
	serve(j, "10.0.0.5", "HTTP/old", NULL, 23);
	serve(j, "10.0.0.6", "HTTP/old", NULL, 23);
	unsigned before = j->count;
	for (unsigned i = 0; i < 40; i++) {
		char client[16];
		snprintf(client, sizeof(client), "10.0.0.%u", 50 + i);
		serve(j, client, "http/OLD", NULL, 23);
	}
	assert_int_equal(j->count, before);
}

static void machines_and_aes_are_silent(void **state)
{
	static const char *const names[] = {
		"cifs/files", "host/pc7",  "ldap/dc/example.org", "krbtgt/EXAMPLE.ORG",
		"PC7$",       "WSMAN/srv", "TERMSRV/srv",         "DNS/dc"
	};
	struct judging *j = *state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		serve(j, "10.0.0.5", names[i], NULL, 23);
	for (unsigned i = 0; i < 9; i++) {
		char name[24];
		snprintf(name, sizeof(name), "%s/web%u", i % 2 ? "HTTP" : "MSSQLSvc", i);
		serve(j, "10.0.0.5", name, NULL, 18);
	}
	assert_int_equal(j->count, 0);
}

static void many_services_in_aes_are_medium(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 12; i++) {
		char name[24];
		snprintf(name, sizeof(name), "%s/web%u", i % 2 ? "HTTP" : "MSSQLSvc", i);
		serve(j, "10.0.0.5", name, NULL, 18);
	}
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	/* an administrator's list of database servers is of one kind */
	for (unsigned i = 0; i < 30; i++) {
		char name[24];
		snprintf(name, sizeof(name), "MSSQLSvc/db%u:1433", i);
		serve(j, "10.0.0.77", name, NULL, 18);
	}
	assert_int_equal(j->count, 1);
}

static void the_same_over_days_is_not_many(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 40; i++) {
		char name[24];
		snprintf(name, sizeof(name), "%s/web%u", i % 2 ? "HTTP" : "MSSQLSvc", i);
		serve(j, "10.0.0.5", name, NULL, 18);
		judging_pass(j, 120 * SECOND_NS);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_ticket_in_rc4_to_a_client_with_aes_is_medium),
		CASE(a_request_for_rc4_is_high_and_many_are_critical),
		CASE(an_account_by_name_is_told),
		CASE(a_client_without_aes_is_low_for_one_service),
		CASE(a_service_that_gives_rc4_to_everybody_is_silent),
		CASE(machines_and_aes_are_silent),
		CASE(many_services_in_aes_are_medium),
		CASE(the_same_over_days_is_not_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
