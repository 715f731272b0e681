/*
 * Reports stored by FTP: names, looks around, and what only resembles them.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "ftp_exfil");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static void ftp(struct judging *j, const char *dst, const char *verb, const char *name,
		uint16_t code)
{
	struct event_ftp *e = judging_event(j, EVENT_FTP, sizeof(*e), "10.0.0.5", dst, 6);
	e->e.dport = 21;
	e->code = code;
	judging_str(j, &e->verb, verb);
	judging_str(j, &e->argument, name);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

#define AWAY   "203.0.113.5"
#define REPORT "PW_jo-DESKTOP-4QX71_2026_09_21_14_13_22.html"

static void a_report_of_a_machine_is_found(void **state)
{
	struct judging *j = *state;
	ftp(j, AWAY, "STOR", REPORT, 150);
	ftp(j, AWAY, "STOR", REPORT, 226); /* the same store's end */
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_int_equal(j->found[0].count, 1);
	assert_string_equal(j->found[0].techniques[0], "T1048.003");
	for (unsigned i = 0; i < 5; i++)
		ftp(j, AWAY, "STOR", REPORT, 125);
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_HIGH);
}

static void file(struct judging *j, uint8_t type)
{
	struct event_file *e = judging_event(j, EVENT_FILE, sizeof(*e), "10.0.0.5", AWAY, 6);
	e->type = type;
	e->seen = 9000;
	judging_str(j, &e->carrier, "ftp");
	judging_str(j, &e->name, "a.bin");
	judging_end(j);
}

static void a_hive_is_bad_under_any_name(void **state)
{
	struct judging *j = *state;
	file(j, FILE_REGISTRY); /* of a transfer that was not seen */
	ftp(j, AWAY, "STOR", "a.bin", 150);
	assert_int_equal(j->count, 0);
	file(j, FILE_ENCRYPTED);
	for (unsigned i = 0; i < j->count; i++)
		assert_int_equal(j->found[i].severity, SEVERITY_LOW);
	file(j, FILE_REGISTRY);
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_HIGH);
}

static void pictures_and_backups_stay_low(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 50; i++)
		ftp(j, AWAY, "STOR", "cam2_20260921140000.jpg", 150);
	ftp(j, "203.0.113.6", "STOR", "backup_DESKTOP-4QX71_20260921_1400.tar.gz", 150);
	for (unsigned i = 0; i < j->count; i++)
		assert_int_equal(j->found[i].severity, SEVERITY_LOW);
}

static void people_are_silent(void **state)
{
	struct judging *j = *state;
	ftp(j, AWAY, "MLSD", "", 150);
	ftp(j, AWAY, "STOR", "index.html", 150);
	ftp(j, AWAY, "RETR", REPORT, 150);
	ftp(j, "10.0.0.9", "STOR", REPORT, 150); /* inside */
	ftp(j, "203.0.113.7", "STOR", REPORT, 553);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_report_of_a_machine_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hive_is_bad_under_any_name, setup, teardown),
		cmocka_unit_test_setup_teardown(pictures_and_backups_stay_low, setup, teardown),
		cmocka_unit_test_setup_teardown(people_are_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
