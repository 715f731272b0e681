/*
 * Files from host to host: what weighs, who is the sender, and what is another's matter.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "peer_file");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static void file(struct judging *j, uint8_t type, const char *carrier, bool from_server)
{
	struct event_file *e = judging_event(j, EVENT_FILE, sizeof(*e), "10.0.0.5", "10.0.0.6", 6);
	e->type = type;
	e->size = 12000;
	e->seen = 600;
	e->e.from_server = from_server;
	e->e.dport = 5190;
	judging_str(j, &e->carrier, carrier);
	judging_str(j, &e->name, "plan.docx");
	judging_end(j);
}

static void a_document_is_medium_and_told_once(void **state)
{
	struct judging *j = *state;
	char text[IPADDR_TEXT_MAX];
	file(j, FILE_DOCUMENT, "oft", true);
	file(j, FILE_DOCUMENT, "oft", true);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	ipaddr_print(&j->found[0].subject.ip, text, sizeof(text));
	assert_string_equal(text, "10.0.0.6"); /* who was connected to sends */
	file(j, FILE_KEY, "oft", false);
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_HIGH);
}

static void pictures_stay_low_and_other_carriers_silent(void **state)
{
	struct judging *j = *state;
	file(j, FILE_DOCUMENT, "http", false);
	file(j, FILE_DOCUMENT, "smb", true);
	assert_int_equal(j->count, 0);
	file(j, FILE_IMAGE, "oft", false);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_document_is_medium_and_told_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pictures_stay_low_and_other_carriers_silent, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
