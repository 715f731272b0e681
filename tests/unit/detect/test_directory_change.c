/*
 * Changes of a directory that give power, and those of every day.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "directory_change");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

static void change(enum ldap_operation operation, const char *object, const char *attributes)
{
	struct event_ldap *e =
		judging_event(&j, EVENT_LDAP, sizeof(*e), "10.0.0.5", "10.0.0.20", 6);
	e->e.dport = 389;
	e->operation = (uint8_t)operation;
	judging_str(&j, &e->base, object);
	judging_str(&j, &e->attributes, attributes);
	judging_end(&j);
	judging_pass(&j, SECOND_NS);
}

static void what_gives_power_is_told(void **state)
{
	static const struct {
		enum ldap_operation operation;
		const char *object, *attributes, *technique;
		enum severity severity;
	} told[] = {
		{ LDAP_MODIFY, "CN=DC1,OU=Domain Controllers,DC=x",
		  "msDS-AllowedToActOnBehalfOfOtherIdentity", "T1098", SEVERITY_MEDIUM },
		{ LDAP_MODIFY, "CN=bob,CN=Users,DC=x", "msDS-KeyCredentialLink", "T1556",
		  SEVERITY_MEDIUM },
		{ LDAP_MODIFY, "DC=x", "description,nTSecurityDescriptor", "T1222.001",
		  SEVERITY_HIGH },
		{ LDAP_MODIFY, "CN=Domain Admins,CN=Users,DC=x", "member", "T1098",
		  SEVERITY_MEDIUM },
		{ LDAP_MODIFY, "CN=WS9,CN=Computers,DC=x", "sAMAccountName=dc1", "T1068",
		  SEVERITY_MEDIUM },
		{ LDAP_MODIFY, "CN=User,CN=Certificate Templates,DC=x",
		  "msPKI-Certificate-Name-Flag", "T1649", SEVERITY_MEDIUM },
		{ LDAP_ADD, "DC=wpad,DC=x,CN=MicrosoftDNS,DC=x", "objectClass=dnsNode,dnsRecord",
		  "T1557", SEVERITY_MEDIUM },
		{ LDAP_ADD, "DC=web,DC=x,CN=MicrosoftDNS,DC=x", "objectClass=dnsNode,dnsRecord",
		  "T1557", SEVERITY_LOW },
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		change(told[i].operation, told[i].object, told[i].attributes);
		assert_int_equal(j.count, i + 1);
		assert_int_equal(j.found[i].severity, told[i].severity);
		assert_string_equal(j.found[i].techniques[0], told[i].technique);
		assert_non_null(strstr(j.found[i].message, told[i].object));
		judging_pass(&j, 6 * 3600 * SECOND_NS);
	}
}

static void a_computer_made_and_allowed_to_act_is_high(void **state)
{
	(void)state;
	change(LDAP_ADD, "CN=WS9,CN=Computers,DC=x", "objectClass=computer,sAMAccountName=WS9$");
	assert_int_equal(j.count, 0);
	change(LDAP_MODIFY, "CN=FILES7,CN=Computers,DC=x",
	       "msDS-AllowedToActOnBehalfOfOtherIdentity");
	assert_int_equal(j.found[0].severity, SEVERITY_HIGH);
}

static void everyday_is_silent(void **state)
{
	(void)state;
	change(LDAP_MODIFY, "CN=bob,CN=Users,DC=x", "telephoneNumber,description");
	change(LDAP_MODIFY, "CN=Readers,CN=Users,DC=x", "member");
	change(LDAP_MODIFY, "CN=PC7,CN=Computers,DC=x", "servicePrincipalName,dNSHostName");
	change(LDAP_MODIFY, "CN=PC7,CN=Computers,DC=x", "sAMAccountName=PC8$");
	change(LDAP_MODIFY, "CN=bob,CN=Users,DC=x", "sAMAccountName=robert");
	change(LDAP_ADD, "CN=eve,CN=Users,DC=x", "objectClass=user,sAMAccountName=eve");
	change(LDAP_ADD, "CN=PC8,CN=Computers,DC=x", "objectClass=computer");
	change(LDAP_SEARCH, "DC=x", "msDS-KeyCredentialLink");
	change(LDAP_DELETE, "CN=Domain Admins,CN=Users,DC=x", "");
	assert_int_equal(j.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(what_gives_power_is_told),
		T(a_computer_made_and_allowed_to_act_is_high),
		T(everyday_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
