/*
 * The data folder: named, beside the program, or an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/datadir.h"
#include "places.h"

static void a_named_folder_is_taken(void **state)
{
	(void)state;
	char dir[512], why[512];
	setenv("EXFILD_DATADIR", EXFILD_SOURCE_DIR "/data", 1);
	assert_int_equal(datadir_find(dir, sizeof(dir), why, sizeof(why)), 0);
	assert_string_equal(dir, EXFILD_SOURCE_DIR "/data");
}

static void a_wrong_name_is_an_error_not_a_fallback(void **state)
{
	(void)state;
	char dir[512], why[512] = "";
	setenv("EXFILD_DATADIR", EXFILD_SOURCE_DIR "/src", 1);
	assert_int_equal(datadir_find(dir, sizeof(dir), why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "EXFILD_DATADIR="));
}

static void a_name_that_does_not_fit_is_an_error(void **state)
{
	(void)state;
	char dir[8], why[512] = "";
	setenv("EXFILD_DATADIR", EXFILD_SOURCE_DIR "/data", 1);
	assert_int_equal(datadir_find(dir, sizeof(dir), why, sizeof(why)), -EXF_E_IO);
}

static void the_build_tree_has_its_own(void **state)
{
	(void)state;
	char dir[512], why[512];
	unsetenv("EXFILD_DATADIR");
	assert_int_equal(datadir_find(dir, sizeof(dir), why, sizeof(why)), 0);
	assert_string_equal(dir, EXFILD_BUILD_DIR "/data");
	setenv("EXFILD_DATADIR", "", 1); /* empty is not named */
	assert_int_equal(datadir_find(dir, sizeof(dir), why, sizeof(why)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_named_folder_is_taken),
		cmocka_unit_test(a_wrong_name_is_an_error_not_a_fallback),
		cmocka_unit_test(a_name_that_does_not_fit_is_an_error),
		cmocka_unit_test(the_build_tree_has_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
