/*
 * Answers for names: of others, and one's own.
 */
#include "tickets.h"

DETECTOR_TEST("name_poisoning");

static void claim(struct judging *j, enum dns_transport transport, const char *who,
		  const char *asker, const char *name, const char *address)
{
	struct event_dns *e = judging_event(j, EVENT_DNS, sizeof(*e), asker, who, 17);
	e->e.from_server = 1;
	e->transport = (uint8_t)transport;
	e->is_response = true;
	e->answers = 1;
	e->first_answer_type = transport == DNS_NBNS ? 32 : 1;
	judging_str(j, &e->name, name);
	judging_str(j, &e->answer, address ? address : who);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void log_in_to(struct judging *j, const char *client, const char *server)
{
	struct event_login *e = judging_event(j, EVENT_LOGIN, sizeof(*e), client, server, 6);
	e->outcome = LOGIN_UNKNOWN;
	judging_end(j);
}

static void who_answers_for_all_is_told(void **state)
{
	static const char *const names[] = { "filesrv", "printer1", "intranett", "sharepont" };
	struct judging *j = *state;
	for (unsigned i = 0; i < 4; i++)
		claim(j, i % 2 ? DNS_LLMNR : DNS_NBNS, "10.0.0.66", "10.0.0.5", names[i], NULL);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	struct ipaddr who = judging_ip("10.0.0.66");
	assert_true(ipaddr_equal(&j->found[0].subject.ip, &who));
	log_in_to(j, "10.0.0.7", "10.0.0.66"); /* never asked */
	assert_int_equal(j->count, 1);
	log_in_to(j, "10.0.0.5", "10.0.0.66");
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_HIGH);
}

static void wpad_alone_is_enough(void **state)
{
	struct judging *j = *state;
	claim(j, DNS_LLMNR, "10.0.0.66", "10.0.0.5", "wpad", NULL);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	claim(j, DNS_LLMNR, "10.0.0.66", "10.0.0.6", "WPAD", NULL);
	assert_int_equal(j->count, 1);
}

/* ettercap leaves bytes behind its answer: clients take it. */
static void bytes_behind_the_answer_hide_nothing(void **state)
{
	struct judging *j = *state;
	struct event_dns *e = judging_event(j, EVENT_DNS, sizeof(*e), "10.0.0.5", "10.0.0.66", 17);
	e->e.from_server = 1;
	e->transport = DNS_NBNS;
	e->is_response = e->malformed = true;
	e->answers = 1;
	e->first_answer_type = 32;
	judging_str(j, &e->name, "WPAD<00>");
	judging_str(j, &e->answer, "10.0.0.66");
	judging_end(j);
	assert_int_equal(j->count, 1);
}

static void hosts_answer_for_their_own(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 30; i++) {
		claim(j, DNS_LLMNR, "10.0.0.10", "10.0.0.5", "desktop-1", NULL);
		claim(j, DNS_NBNS, "10.0.0.10", "10.0.0.5", i % 2 ? "DESKTOP-1" : "WORKGROUP",
		      NULL);
		claim(j, DNS_MDNS, "10.0.0.10", "224.0.0.251", "desktop-1.local", NULL);
	}
	assert_int_equal(j->count, 0);
}

static void a_name_server_tells_of_others(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 40; i++) {
		char name[16], address[16];
		snprintf(name, sizeof(name), "HOST%u", i);
		snprintf(address, sizeof(address), "10.0.0.%u", 100 + i);
		claim(j, DNS_NBNS, "10.0.0.2", "10.0.0.5", name, address);
		claim(j, DNS_MDNS, "10.0.0.3", "10.0.0.5", name, address); /* a sleep proxy */
	}
	assert_int_equal(j->count, 0);
}

static void a_few_aliases_over_time_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20; i++) {
		char name[16];
		snprintf(name, sizeof(name), "alias%u", i);
		claim(j, DNS_LLMNR, "10.0.0.10", "10.0.0.5", name, NULL);
		judging_pass(j, 300 * SECOND_NS);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_answers_for_all_is_told),
		CASE(wpad_alone_is_enough),
		CASE(who_answers_for_all_is_told),
		CASE(bytes_behind_the_answer_hide_nothing),
		CASE(hosts_answer_for_their_own),
		CASE(a_name_server_tells_of_others),
		CASE(a_few_aliases_over_time_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
