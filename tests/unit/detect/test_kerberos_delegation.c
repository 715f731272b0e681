/*
 * Tickets in the name of others: of tools, and of web servers.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "kerberos_delegation");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

#define PROXY 0x00020000u
#define OWN   0x00000008u

static void ask(const char *service, const char *user, uint32_t options)
{
	struct event_kerberos *e =
		judging_event(&j, EVENT_KERBEROS, sizeof(*e), "10.0.0.5", "10.0.0.20", 6);
	e->message = e->request = KERBEROS_TGS_REQ;
	e->options = options;
	e->has_additional_ticket = options != 0;
	judging_str(&j, &e->sname, service);
	if (user)
		judging_str(&j, &e->for_user, user);
	judging_end(&j);
	judging_pass(&j, SECOND_NS);
}

static void an_administrator_at_a_file_service_is_medium(void **state)
{
	(void)state;
	ask("ws99$", "Administrator@CORP", 0);
	assert_int_equal(j.count, 0);
	ask("cifs/files7.corp.example", NULL, PROXY);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	assert_non_null(strstr(j.found[0].message, "an administrator"));
	assert_string_equal(j.found[0].techniques[0], "T1558");
}

static void a_ticket_in_its_own_key_is_medium(void **state)
{
	(void)state;
	ask("ws99$", "ws99$@CORP", OWN);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
}

static void a_web_server_is_silent(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		ask("http/web.corp.example", "alice", 0);
		ask("mssqlsvc/sql.corp.example", NULL, PROXY);
		ask("http/web.corp.example", "administrator", 0);
		ask("cifs/files7", NULL, OWN); /* user to user, of a desktop */
		ask("cifs/files7", NULL, 0);
		judging_pass(&j, 3600 * SECOND_NS);
	}
	/* administrators log in to web servers, too: no more than a note, and a habit soon */
	assert_int_equal(j.count, 20);
	for (unsigned i = 0; i < j.count; i++)
		assert_int_equal(j.found[i].severity, SEVERITY_LOW);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(an_administrator_at_a_file_service_is_medium),
		T(a_ticket_in_its_own_key_is_medium),
		T(a_web_server_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
