/* err: every code has its own text, in both signs; a strange one is named as such. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/err.h"

static void every_code_has_its_own_text(void **state)
{
	(void)state;
	for (int a = 0; a < EXF_E__COUNT; a++) {
		assert_string_not_equal(exf_strerror(a), "unknown error");
		for (int b = a + 1; b < EXF_E__COUNT; b++)
			assert_string_not_equal(exf_strerror(a), exf_strerror(b));
	}
}

static void both_signs_give_the_same_text(void **state)
{
	(void)state;
	for (int code = 1; code < EXF_E__COUNT; code++)
		assert_ptr_equal(exf_strerror(code), exf_strerror(-code));
}

static void a_code_outside_the_list_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(exf_strerror(EXF_E__COUNT), "unknown error");
	assert_string_equal(exf_strerror(-EXF_E__COUNT), "unknown error");
	assert_string_equal(exf_strerror(INT_MAX), "unknown error");
	assert_string_equal(exf_strerror(INT_MIN), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_own_text),
		cmocka_unit_test(both_signs_give_the_same_text),
		cmocka_unit_test(a_code_outside_the_list_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
