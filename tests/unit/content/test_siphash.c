/*
 * unit/content/test_siphash.c - the published values of SipHash-2-4 (its paper, appendix A, and
 * the first ones of the authors' list of vectors).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../src/content/prints.h"

static void it_gives_the_published_values(void **state)
{
	struct content_key key;
	uint8_t data[15];
	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		key.bytes[i] = i;
	for (uint8_t i = 0; i < sizeof(data); i++)
		data[i] = i;
	assert_true(siphash(&key, data, 15) == 0xa129ca6149be45e5ull);
	assert_true(siphash(&key, data, 0) == 0x726fdb47dd0e0e31ull);
	assert_true(siphash(&key, data, 1) == 0x74f839c593dc67fdull);
	assert_true(siphash(&key, data, 8) == 0x93f5f5799a932462ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_gives_the_published_values) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
