/*
 * Databases that are told to run programs, and what administrators do.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "server_code");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

static void order(enum order_kind kind, const char *service, const char *text)
{
	struct event_order *e =
		judging_event(&j, EVENT_ORDER, sizeof(*e), "10.0.0.5", "10.0.0.20", 6);
	e->e.dport = 1433;
	e->kind = (uint8_t)kind;
	judging_str(&j, &e->service, service);
	judging_str(&j, &e->text, text);
	judging_end(&j);
	judging_pass(&j, SECOND_NS);
}

static int severity(void)
{
	return j.count ? (int)j.found[j.count - 1].severity : 0;
}

static void a_program_is_medium_and_switched_on_before_critical(void **state)
{
	(void)state;
	order(ORDER_PROGRAM, "postgresql", "program 'id'");
	assert_int_equal(severity(), SEVERITY_MEDIUM);
	assert_non_null(strstr(j.found[0].message, "database (postgresql)"));
	assert_non_null(strstr(j.found[0].message, "program 'id'"));
	judging_pass(&j, DAY_NS);
	order(ORDER_ENABLE, "mssql", "xp_cmdshell', 1");
	assert_int_equal(severity(), SEVERITY_LOW);
	order(ORDER_PROGRAM, "mssql", "xp_cmdshell 'whoami'");
	assert_int_equal(severity(), SEVERITY_CRITICAL);
}

static void a_plugin_is_low_and_behind_a_file_high(void **state)
{
	(void)state;
	order(ORDER_LOAD, "mysql", "install soname 'server_audit'");
	assert_int_equal(severity(), SEVERITY_LOW);
	assert_non_null(strstr(j.found[0].message, "to load a plugin"));
	order(ORDER_WRITE, "mysql", "into dumpfile '/tmp/a'");
	assert_int_equal(severity(), SEVERITY_HIGH);
	judging_pass(&j, DAY_NS);
	order(ORDER_LOAD, "mysql", "soname 'udf.so'");
	assert_int_equal(severity(), SEVERITY_MEDIUM);
}

static void a_path_by_address_is_medium_by_name_silent(void **state)
{
	(void)state;
	order(ORDER_REACH, "mssql", "xp_dirtree '\\\\backup\\d$'");
	assert_int_equal(j.count, 0);
	order(ORDER_REACH, "mssql", "xp_dirtree '\\\\10.0.0.5\\a'");
	assert_int_equal(severity(), SEVERITY_MEDIUM);
	assert_string_equal(j.found[0].techniques[0], "T1187");
}

static void a_file_is_told_by_its_place(void **state)
{
	(void)state;
	order(ORDER_WRITE, "mysql", "into dumpfile '/tmp/x'");
	assert_int_equal(severity(), SEVERITY_LOW);
	order(ORDER_WRITE, "redis", "config set dir /var/spool/cron");
	assert_int_equal(severity(), SEVERITY_HIGH);
}

static void a_copy_that_follows_is_silent(void **state)
{
	(void)state;
	order(ORDER_REACH, "redis", "replicaof 10.0.0.9 6379");
	order(ORDER_NONE, "redis", "x");
	assert_int_equal(j.count, 0);
}

static void a_job_of_every_day_falls_silent(void **state)
{
	(void)state;
	for (unsigned day = 0; day < 4; day++) {
		order(ORDER_PROGRAM, "mssql", "xp_cmdshell 'copy'");
		judging_pass(&j, DAY_NS);
	}
	assert_int_equal(j.count, 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_program_is_medium_and_switched_on_before_critical),
		T(a_plugin_is_low_and_behind_a_file_high),
		T(a_path_by_address_is_medium_by_name_silent),
		T(a_file_is_told_by_its_place),
		T(a_copy_that_follows_is_silent),
		T(a_job_of_every_day_falls_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
