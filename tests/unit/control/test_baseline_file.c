/*
 * The file that habits travel in: what is written is read, what is damaged is refused whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/control/baseline_file.h"
#include "../../../src/control/client_parts.h"

static char file[4096];
static size_t file_len;

static void write_file(void)
{
	struct baseline_out o;
	FILE *f = tmpfile();
	assert_non_null(f);
	baseline_out_begin(&o, f);
	baseline_out_entry(&o, "0011aabb");
	baseline_out_entry(&o, "ff");
	assert_int_equal(baseline_out_end(&o), 0);
	rewind(f);
	file_len = fread(file, 1, sizeof(file), f);
	(void)fclose(f);
}

static int read_it(const char *data, size_t len, char **text, size_t *count, char why[200])
{
	FILE *f = fmemopen((void *)(uintptr_t)data, len, "r");
	assert_non_null(f);
	int err = baseline_read(f, text, count, why, 200);
	(void)fclose(f);
	return err;
}

static void what_is_written_is_read(void **state)
{
	char *text = NULL, why[200];
	size_t count = 0;
	(void)state;
	write_file();
	assert_int_equal(read_it(file, file_len, &text, &count, why), 0);
	assert_int_equal(count, 2);
	assert_string_equal(text, "0011aabb");
	assert_string_equal(text + 9, "ff");
	free(text);
}

static void what_is_damaged_is_refused(void **state)
{
	char *text, why[200];
	size_t count;
	(void)state;
	write_file();
	for (size_t len = 1; len < file_len; len++) {
		assert_int_equal(read_it(file, len, &text, &count, why), -EXF_E_FORMAT);
		assert_non_null(strstr(why, "line "));
	}
	for (size_t i = 0; i < file_len; i++) {
		file[i] ^= 1;
		assert_int_equal(read_it(file, file_len, &text, &count, why), -EXF_E_FORMAT);
		file[i] ^= 1;
	}
	static const char newer[] = "exfild-baseline 2\nend 0 0000000000000001\n";
	assert_int_equal(read_it(newer, sizeof(newer) - 1, &text, &count, why), -EXF_E_FORMAT);
	assert_non_null(strstr(why, "newer"));
}

static void words_become_requests(void **state)
{
	static const struct {
		const char *words[4];
		const char *command, *kind, *to, *file;
	} good[] = { { { "baseline" }, "baseline", "show", "", NULL },
		     { { "baseline", "show", "10.0.0.5" }, "baseline", "show", "10.0.0.5", NULL },
		     { { "baseline", "review" }, "baseline", "review", "", NULL },
		     { { "baseline", "reset", "all" }, "baseline_change", "reset", "all", NULL },
		     { { "baseline", "export", "f" }, "baseline", "export", "", "f" },
		     { { "baseline", "merge", "f" }, "baseline_change", "merge", "", "f" } };
	static const char *bad[][4] = { { "baseline", "reset" },
					{ "baseline", "export" },
					{ "baseline", "review", "x" },
					{ "baseline", "what" } };
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct request r = { 0 };
		const char *path = NULL;
		int n = 0;
		char *words[4];
		memcpy(words, good[i].words, sizeof(words));
		while (n < 4 && words[n])
			n++;
		assert_null(baseline_words(&r, n, words, &path));
		assert_string_equal(r.command, good[i].command);
		assert_string_equal(r.kind, good[i].kind);
		assert_string_equal(r.to, good[i].to);
		assert_true((path != NULL) == (good[i].file != NULL));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct request r = { 0 };
		const char *path = NULL;
		int n = 0;
		char *words[4];
		memcpy(words, bad[i], sizeof(words));
		while (n < 4 && words[n])
			n++;
		assert_non_null(baseline_words(&r, n, words, &path));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_damaged_is_refused),
		cmocka_unit_test(words_become_requests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
