/*
 * unit/detect/test_reverse_shell.c - shells in the clear.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "reverse_shell");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

static void shell(const char *from, const char *to, bool at_initiator, unsigned marks,
		  uint32_t commands)
{
	struct event_shell *e = judging_event(&j, EVENT_SHELL, sizeof(*e), from, to, 6);
	e->e.dport = 4444;
	e->at_initiator = at_initiator;
	e->marks = (uint8_t)marks;
	e->commands = commands;
	if (commands)
		judging_str(&j, &e->command, "whoami");
	judging_end(&j);
}

static void brought_out(void **state)
{
	(void)state;
	shell("10.0.0.5", "203.0.113.7", true, SHELL_BANNER | SHELL_PROMPT, 3);
	assert_int_equal(j.found[0].severity, SEVERITY_CRITICAL);
	assert_string_equal(j.found[0].rule, "reverse_shell");
	assert_non_null(strstr(j.found[0].message, "whoami"));
}

static void brought_to_an_inside_host(void **state)
{
	(void)state;
	shell("10.0.0.5", "10.0.0.9", true, SHELL_ID, 1);
	assert_true(j.found[0].severity >= SEVERITY_HIGH);
}

static void left_open(void **state)
{
	(void)state;
	shell("10.0.0.5", "10.0.0.9", false, SHELL_PROMPT, 3);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j.found[0].rule, "bind_shell");
}

static void a_console_with_a_prompt(void **state)
{
	(void)state;
	shell("10.0.0.5", "10.0.0.9", false, SHELL_PROMPT_UNIX | SHELL_LISTING, 2);
	assert_int_equal(j.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(brought_out),
		T(brought_to_an_inside_host),
		T(left_open),
		T(a_console_with_a_prompt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
