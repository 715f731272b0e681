/*
 * Programs fetched in the clear: always low, once a day and pair.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "executable_download");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static void file(struct judging *j, uint8_t type, const char *dst, bool from_server,
		 const char *carrier)
{
	struct event_file *e = judging_event(j, EVENT_FILE, sizeof(*e), "10.0.0.5", dst, 6);
	e->type = type;
	e->seen = 40000;
	e->e.from_server = from_server;
	judging_str(j, &e->carrier, carrier);
	judging_str(j, &e->name, "logo.gif");
	judging_end(j);
}

static void a_program_from_outside_is_low_and_told_once(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 5; i++)
		file(j, FILE_EXECUTABLE, "203.0.113.9", true, "http");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	assert_string_equal(j->found[0].techniques[0], "T1105");
	assert_non_null(judging_feature(&j->found[0], "disguised"));
	judging_pass(j, 2 * DAY_NS);
	file(j, FILE_EXECUTABLE, "203.0.113.9", true, "http");
	assert_int_equal(j->count, 2);
}

static void pushed(struct judging *j, const char *dst, bool from_server, uint64_t size)
{
	struct event_file *e = judging_event(j, EVENT_FILE, sizeof(*e), "10.0.0.5", dst, 6);
	e->type = FILE_EXECUTABLE;
	e->seen = 1400;
	e->size = size;
	e->e.from_server = from_server;
	judging_str(j, &e->carrier, "tcp");
	judging_end(j);
}

static void a_program_in_no_protocol_is_medium_and_high_with_its_length(void **state)
{
	struct judging *j = *state;
	file(j, FILE_EXECUTABLE, "203.0.113.9", true, "http");
	pushed(j, "203.0.113.9", true, UINT64_MAX); /* worse than what was told today */
	pushed(j, "203.0.113.9", true, UINT64_MAX);
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[1].rule, "program_pushed");
	pushed(j, "203.0.113.10", true, 175686);
	assert_int_equal(j->found[2].severity, SEVERITY_HIGH);
	pushed(j, "10.0.0.9", true, UINT64_MAX); /* a copy by netcat */
	assert_int_equal(j->found[3].severity, SEVERITY_LOW);
	pushed(j, "10.0.0.10", false, 175686); /* to what waits inside */
	assert_int_equal(j->found[4].severity, SEVERITY_MEDIUM);
	pushed(j, "203.0.113.11", false, UINT64_MAX); /* goes out */
	assert_int_equal(j->count, 5);
}

/* As the data of an FTP are whose orders are encrypted. */
static void a_program_of_a_named_server_is_low(void **state)
{
	struct judging *j = *state;
	struct event_name *n = judging_event(j, EVENT_NAME, sizeof(*n), "10.0.0.5", "10.0.0.1", 17);
	n->source = APP_DNS;
	assert_int_equal(ipaddr_parse("203.0.113.12", &n->address), 0);
	judging_str(j, &n->name, "ftp.vendor.example");
	judging_end(j);
	pushed(j, "203.0.113.12", true, UINT64_MAX);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
}

static void the_rest_is_silent(void **state)
{
	struct judging *j = *state;
	file(j, FILE_ARCHIVE, "203.0.113.9", true, "http");
	file(j, FILE_EXECUTABLE, "203.0.113.9", false, "http"); /* goes up */
	file(j, FILE_EXECUTABLE, "10.0.0.9", true, "http");     /* from inside */
	file(j, FILE_EXECUTABLE, "203.0.113.9", true, "smb");
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_program_in_no_protocol_is_medium_and_high_with_its_length, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_program_of_a_named_server_is_low, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_program_from_outside_is_low_and_told_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_rest_is_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
