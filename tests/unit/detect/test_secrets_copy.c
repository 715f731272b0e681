/*
 * unit/detect/test_secrets_copy.c - stores of passwords by bytes and names, and what only looks
 * like them.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "secrets_copy");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

static void passed(const char *share, const char *name, uint8_t type, uint64_t bytes)
{
	struct event_smb *e = judging_event(&j, EVENT_SMB, sizeof(*e), "10.0.0.5", "10.0.0.9", 6);
	e->act = SMB_CLOSE;
	e->file_type = type;
	e->read = bytes;
	e->size = bytes;
	judging_str(&j, &e->share, share);
	judging_str(&j, &e->name, name);
	judging_end(&j);
}

static void assert_told(unsigned n, enum severity severity, const char *technique)
{
	assert_int_equal(j.count, n + 1);
	assert_int_equal(j.found[n].severity, severity);
	assert_string_equal(j.found[n].techniques[0], technique);
}

static void each_store_has_its_technique(void **state)
{
	(void)state;
	passed("C$", "Windows\\NTDS\\ntds.dit", FILE_DIRECTORY, 1 << 20);
	assert_told(0, SEVERITY_CRITICAL, "T1003.003");
	passed("ADMIN$", "Temp\\kXbQtRwZ.tmp", FILE_REGISTRY, 60000);
	assert_told(1, SEVERITY_HIGH, "T1003.002");
	passed("C$", "Users\\x\\lsass.dmp", FILE_MEMORY, 40 << 20);
	assert_told(2, SEVERITY_CRITICAL, "T1003.001");
	passed("tools", "lsass_812.dmp", FILE_MEMORY, 40 << 20);
	assert_told(3, SEVERITY_HIGH, "T1003.001");
	passed("tools", "system.save", FILE_REGISTRY, 60000);
	assert_told(4, SEVERITY_HIGH, "T1003.002");
}

static void names_tell_where_bytes_cannot(void **state)
{
	(void)state;
	passed("share", "ntds.dit", FILE_UNKNOWN, 1 << 20);
	assert_told(0, SEVERITY_MEDIUM, "T1003.003");
	passed("C$", "Windows\\System32\\config\\SAM", FILE_UNKNOWN, 60000);
	assert_told(1, SEVERITY_HIGH, "T1003.002");
}

static void what_only_looks_like_it_is_not(void **state)
{
	(void)state;
	passed("profiles$", "alice.V6\\NTUSER.DAT", FILE_REGISTRY, 1 << 20);
	passed("C$", "Users\\alice\\NTUSER.DAT", FILE_REGISTRY, 1 << 20);
	passed("C$", "ProgramData\\Microsoft\\Search\\Windows.edb", FILE_DIRECTORY, 1 << 20);
	passed("dumps", "app-4711.dmp", FILE_MEMORY, 1 << 20);
	passed("data", "system", FILE_UNKNOWN, 1 << 20);
	passed("data", "ntds.dit.txt", FILE_TEXT, 1 << 20);
	passed("C$", "Windows\\NTDS\\ntds.dit", FILE_DIRECTORY, 4095); /* a look */
	assert_int_equal(j.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_store_has_its_technique),
		TEST(names_tell_where_bytes_cannot),
		TEST(what_only_looks_like_it_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
