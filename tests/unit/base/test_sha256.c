/* base/sha256: the examples of FIPS 180-4, in one piece and byte by byte, and of a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/sha256.h"

static const struct {
	const char *text, *hex;
} examples[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		char hex[SHA256_HEX];
		struct sha256 s;
		sha256_begin(&s);
		sha256_add(&s, examples[i].text, strlen(examples[i].text));
		assert_int_equal(sha256_end(&s, hex), 0);
		assert_string_equal(hex, examples[i].hex);
		sha256_begin(&s);
		for (const char *p = examples[i].text; *p; p++)
			sha256_add(&s, p, 1);
		assert_int_equal(sha256_end(&s, hex), 0);
		assert_string_equal(hex, examples[i].hex);
	}
}

static void test_file(void **state)
{
	char hex[SHA256_HEX];
	uint64_t bytes;
	(void)state;
	FILE *f = tmpfile();
	assert_non_null(f);
	for (int i = 0; i < 1000000; i++)
		(void)fputc('a', f);
	(void)fflush(f);
	rewind(f);
	assert_int_equal(sha256_fd(fileno(f), hex, &bytes), 0);
	assert_int_equal(bytes, 1000000);
	assert_string_equal(hex,
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	(void)fclose(f);
	assert_int_equal(sha256_fd(-1, hex, &bytes), -EXF_E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
