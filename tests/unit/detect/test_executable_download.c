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
		cmocka_unit_test_setup_teardown(a_program_from_outside_is_low_and_told_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_rest_is_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
