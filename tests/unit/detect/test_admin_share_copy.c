/*
 * unit/detect/test_admin_share_copy.c - programs and bulk over administrative shares; what lies
 * just below, other shares, sources that are known for it.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "admin_share_copy");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

static struct event_smb *smb_to(const char *host, uint8_t act, const char *share, const char *name)
{
	struct event_smb *e = judging_event(&j, EVENT_SMB, sizeof(*e), "10.0.0.5", host, 6);
	e->act = act;
	e->size = UINT64_MAX;
	judging_str(&j, &e->share, share);
	judging_str(&j, &e->name, name);
	return e;
}

static void wrote(const char *share, const char *name, uint8_t type)
{
	struct event_smb *e = smb_to("10.0.0.9", SMB_WRITE, share, name);
	e->file_type = type;
	e->written = 1000;
	judging_end(&j);
}

static void pulled(const char *share, const char *name, uint8_t type, uint64_t read, uint64_t size)
{
	struct event_smb *e = smb_to("10.0.0.9", SMB_CLOSE, share, name);
	e->file_type = type;
	e->read = read;
	e->size = size;
	judging_end(&j);
}

static void a_program_put_is_told_once(void **state)
{
	(void)state;
	wrote("ADMIN$", "x.exe", FILE_EXECUTABLE);
	wrote("ADMIN$", "x.exe", FILE_EXECUTABLE);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_HIGH);
	assert_string_equal(j.found[0].techniques[0], "T1021.002");
	wrote("c$", "Temp\\y.bin", FILE_EXECUTABLE); /* by its bytes alone */
	assert_int_equal(j.count, 2);
	assert_int_equal(j.found[1].severity, SEVERITY_HIGH);
	wrote("D$", "z.ps1", FILE_TEXT); /* by its name alone */
	assert_int_equal(j.count, 3);
	assert_int_equal(j.found[2].severity, SEVERITY_MEDIUM);
}

static void what_is_no_program_or_refused_is_not_told(void **state)
{
	(void)state;
	wrote("ADMIN$", "notes.txt", FILE_TEXT);
	wrote("data", "x.exe", FILE_EXECUTABLE);
	wrote("print$", "x64\\driver.dll", FILE_EXECUTABLE);
	wrote("CC$", "x.exe", FILE_EXECUTABLE);
	struct event_smb *e = smb_to("10.0.0.9", SMB_WRITE, "ADMIN$", "x.exe");
	e->status = 0xc0000022;
	e->file_type = FILE_EXECUTABLE;
	judging_end(&j);
	assert_int_equal(j.count, 0);
}

static void a_program_fetched_whole_is_told(void **state)
{
	(void)state;
	pulled("C$", "Temp\\tool.exe", FILE_EXECUTABLE, 4096, 800000); /* its icon */
	assert_int_equal(j.count, 0);
	pulled("C$", "Temp\\tool.exe", FILE_EXECUTABLE, 800000, 800000);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j.found[0].techniques[0], "T1570");
}

static void bulk_is_told_at_its_limits(void **state)
{
	char name[32];
	(void)state;
	for (unsigned i = 0; i < 19; i++) {
		snprintf(name, sizeof(name), "f%u.doc", i);
		pulled("C$", name, FILE_DOCUMENT, 60000, 60000);
	}
	assert_int_equal(j.count, 0);
	pulled("C$", "last.doc", FILE_DOCUMENT, 60000, 60000);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j.found[0].techniques[0], "T1039");
	/* again when it has doubled, not before */
	for (unsigned i = 0; i < 19; i++)
		pulled("C$", "more.doc", FILE_DOCUMENT, 60000, 60000);
	assert_int_equal(j.count, 1);
	pulled("C$", "more.doc", FILE_DOCUMENT, 60000, 60000);
	assert_int_equal(j.count, 2);
}

static void small_or_slow_copies_stay_silent(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		pulled("C$", "a.log", FILE_TEXT, 100, 100);
	judging_pass(&j, 700 * SECOND_NS);
	for (unsigned i = 0; i < 60; i++) {
		pulled("C$", "a.log", FILE_TEXT, 1 << 20, 1 << 20);
		judging_pass(&j, 40 * SECOND_NS);
	}
	assert_int_equal(j.count, 0);
}

static void a_walk_is_told_at_its_limit(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 199; i++) {
		(void)smb_to("10.0.0.9", SMB_LIST, "C$", "folder");
		judging_end(&j);
	}
	assert_int_equal(j.count, 0);
	(void)smb_to("10.0.0.9", SMB_LIST, "C$", "folder");
	judging_end(&j);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
}

static void a_source_becomes_known_by_days_and_hosts(void **state)
{
	(void)state;
	for (unsigned day = 0; day < 4; day++) {
		for (unsigned host = 0; host < 6; host++) {
			char ip[24];
			snprintf(ip, sizeof(ip), "10.0.0.%u", 20 + host);
			struct event_smb *e = smb_to(ip, SMB_WRITE, "ADMIN$", "agent.exe");
			e->file_type = FILE_EXECUTABLE;
			judging_end(&j);
		}
		if (day < 2)
			assert_int_equal(j.found[j.count - 1].severity, SEVERITY_HIGH);
		judging_pass(&j, DAY_NS);
	}
	assert_int_equal(j.found[j.count - 1].severity, SEVERITY_LOW);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_program_put_is_told_once),
		TEST(what_is_no_program_or_refused_is_not_told),
		TEST(a_program_fetched_whole_is_told),
		TEST(bulk_is_told_at_its_limits),
		TEST(small_or_slow_copies_stay_silent),
		TEST(a_walk_is_told_at_its_limit),
		TEST(a_source_becomes_known_by_days_and_hosts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
