/*
 * Questions to a directory: those that make a map, and those of ordinary programs.
 */
#include "tickets.h"

DETECTOR_TEST("ldap_enumeration");

static struct event_ldap *begin(struct judging *j, const char *client)
{
	struct event_ldap *e = judging_event(j, EVENT_LDAP, sizeof(*e),
					     client ? client : "10.0.0.5", "10.0.0.2", 6);
	e->e.dport = 389;
	e->e.flow = 77;
	e->operation = LDAP_SEARCH;
	return e;
}

static void ask(struct judging *j, const char *client, const char *base, const char *filter,
		const char *attributes)
{
	struct event_ldap *e = begin(j, client);
	e->scope = 2;
	e->message_id = 9;
	judging_str(j, &e->base, base);
	judging_str(j, &e->filter, filter);
	if (attributes) {
		e->attribute_count = 1;
		judging_str(j, &e->attributes, attributes);
	}
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void answer(struct judging *j, uint32_t entries)
{
	struct event_ldap *e = begin(j, NULL);
	e->is_response = true;
	e->message_id = 9;
	e->entries = entries;
	judging_end(j);
}

#define BASE "DC=example,DC=org"

static void each_telling_question_is_medium(void **state)
{
	static const char *const list[] = {
		"(&(samAccountType=805306368)(servicePrincipalName=*)(!(samAccountName=krbtgt)))",
		"(servicePrincipalName=*/*)",
		"(&(objectClass=user)(userAccountControl:1.2.840.113556.1.4.803:=4194304))",
		"(userAccountControl:1.2.840.113556.1.4.803:=524288)",
		"(msDS-AllowedToActOnBehalfOfOtherIdentity=*)",
		"(&(objectCategory=person)(adminCount=1))",
		"(&(objectCategory=computer)(ms-Mcs-AdmPwd=*))",
		"(&(samAccountType=805306368)(|(samAccountName=bob)))",
		"(|(samaccounttype=268435456)(samaccounttype=268435457)(samaccounttype=536870912))",
	};
	struct judging *j = *state;
	for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		char client[16];
		snprintf(client, sizeof(client), "10.0.0.%u", 10 + i);
		ask(j, client, BASE, list[i], "cn");
		assert_int_equal(j->count, i + 1);
		assert_true(j->found[i].severity >= SEVERITY_MEDIUM);
	}
}

static void more_kinds_are_graver(void **state)
{
	struct judging *j = *state;
	ask(j, NULL, BASE, "(servicePrincipalName=*)", "cn");
	ask(j, NULL, BASE, "(servicePrincipalName=*)", "cn"); /* again: nothing new */
	assert_int_equal(j->count, 1);
	ask(j, NULL, BASE, "(adminCount=1)", "cn");
	ask(j, NULL, BASE, "(objectClass=trustedDomain)", "cn");
	assert_int_equal(j->count, 3);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_int_equal(j->found[2].severity, SEVERITY_HIGH);
}

static void everything_counts_by_its_entries(void **state)
{
	struct judging *j = *state;
	ask(j, NULL, BASE, "(objectclass=*)", NULL);
	answer(j, 99);
	assert_int_equal(j->count, 0);
	answer(j, 100);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

static void ordinary_questions_are_silent(void **state)
{
	static const char *const list[] = {
		"(&(objectClass=user)(sAMAccountName=bob))",
		"(&(objectCategory=person)(objectClass=user)(mail=bob@example.org))",
		"(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
		"(servicePrincipalName=MSSQLSvc/db1:1433)",
		"(&(samAccountType=805306368)(|(samAccountName=bob)(mail=bob)))",
		"(&(samAccountType=805306368)(samAccountName=bob))",
		"(|(distinguishedName=CN=a)(distinguishedName=CN=b))",
		"(objectCategory=groupPolicyContainer)",
		"(memberOf=CN=VPN users,OU=Groups,DC=example,DC=org)",
		"(adminCount=10)",
	};
	struct judging *j = *state;
	for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		ask(j, NULL, BASE, list[i], "cn");
	ask(j, NULL, BASE, "(objectclass=*)", "cn"); /* a copy of named attributes */
	answer(j, 5000);
	ask(j, NULL, "OU=people,DC=example,DC=org", "(objectclass=*)", NULL);
	answer(j, 5000);
	struct event_ldap *e = begin(j, NULL); /* of the object itself */
	judging_str(j, &e->filter, "(adminCount=1)");
	judging_end(j);
	assert_int_equal(j->count, 0);
}

static void stored_passwords_are_told_by_their_attribute(void **state)
{
	struct judging *j = *state;
	ask(j, NULL, "DC=x", "(objectCategory=computer)", "cn,ms-Mcs-AdmPwdExpirationTime");
	assert_int_equal(j->count, 0);
	ask(j, NULL, "DC=x", "(objectCategory=computer)", "cn,ms-Mcs-AdmPwd");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

static void a_habit_falls_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned day = 0; day < 8; day++) {
		ask(j, "10.0.0.9", BASE, "(adminCount=1)", "cn");
		judging_pass(j, DAY_NS);
	}
	assert_int_equal(j->count, 3);
	ask(j, "10.0.0.9", BASE, "(servicePrincipalName=*)", "cn"); /* that is new */
	assert_int_equal(j->count, 4);
}

static void much_from_a_sealed_session_is_low(void **state)
{
	struct judging *j = *state;
	struct event_ldap *e = begin(j, NULL);
	e->operation = LDAP_SEALED;
	e->is_response = true;
	e->bytes = 300000;
	judging_end(j);
	assert_int_equal(j->count, 0);
	e = begin(j, NULL);
	e->operation = LDAP_SEALED;
	e->is_response = true;
	e->bytes = 30000000;
	judging_end(j);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	assert_int_equal(j->found[0].visibility, VISIBILITY_OPAQUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_telling_question_is_medium),
		CASE(more_kinds_are_graver),
		CASE(everything_counts_by_its_entries),
		CASE(ordinary_questions_are_silent),
		CASE(stored_passwords_are_told_by_their_attribute),
		CASE(a_habit_falls_silent),
		CASE(much_from_a_sealed_session_is_low),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
