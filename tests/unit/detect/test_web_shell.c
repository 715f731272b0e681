/*
 * Pages that run commands: both halves, one half, and many readers.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "web_shell");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static void body(struct judging *j, const char *src, bool is_response, uint32_t marks,
		 const char *uri)
{
	struct event_http_body *e =
		judging_event(j, EVENT_HTTP_BODY, sizeof(*e), src, "10.0.0.20", 6);
	e->is_response = is_response;
	e->form = is_response ? FORM_RAW : FORM_FIELDS;
	e->marks = marks;
	e->seen = 100;
	judging_str(j, &e->method, "POST");
	judging_str(j, &e->uri, uri);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void commands_and_their_output_are_found(void **state)
{
	struct judging *j = *state;
	body(j, "203.0.113.9", false, CONTENT_COMMAND, "/up/a.php");
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	body(j, "203.0.113.9", true, CONTENT_OUTPUT, "/up/a.php");
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[1].techniques[0], "T1505.003");
	assert_string_equal(j->found[1].object, "/up/a.php");
	body(j, "203.0.113.9", false, CONTENT_CODE | CONTENT_CODED, "/up/a.php");
	assert_int_equal(j->found[2].severity, SEVERITY_CRITICAL);
}

static void a_command_in_the_query_counts_with_its_output(void **state)
{
	struct judging *j = *state;
	body(j, "203.0.113.9", true, CONTENT_OUTPUT, "/a.jsp?cmd=id");
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_MEDIUM);
}

/* A field of an ordinary page is short, too. */
static void a_page_with_a_short_field_is_silent(void **state)
{
	struct judging *j = *state;
	body(j, "203.0.113.9", true, CONTENT_OUTPUT | CONTENT_HTML, "/index.php?c=topic&id=3");
	assert_int_equal(j->count, 0);
	body(j, "203.0.113.9", true, CONTENT_OUTPUT, "/b.php?c=id");
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

/* A page about Unix: its output is text that many read. */
static void output_alone_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20; i++)
		body(j, "10.0.0.5", true, CONTENT_OUTPUT, "/wiki/Passwd");
	assert_int_equal(j->count, 0);
}

static void a_console_of_many_is_silent(void **state)
{
	static const char *const admins[] = { "10.0.0.5", "10.0.0.6", "10.0.0.7" };
	struct judging *j = *state;
	for (unsigned i = 0; i < 3; i++)
		body(j, admins[i], false, 0, "/console");
	body(j, admins[0], false, CONTENT_CODE, "/forum/post.php"); /* people write about code */
	for (unsigned i = 0; i < 3; i++)
		body(j, admins[i], false, CONTENT_COMMAND, "/console");
	unsigned before = j->count;
	body(j, admins[1], true, CONTENT_OUTPUT, "/console");
	assert_int_equal(j->count, before);
	for (unsigned i = 0; i < j->count; i++)
		assert_int_equal(j->found[i].severity, SEVERITY_LOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commands_and_their_output_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_command_in_the_query_counts_with_its_output,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_page_with_a_short_field_is_silent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(output_alone_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(a_console_of_many_is_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
