/*
 * unit/engine/test_watch.c - what is heard of files: written, replaced, reached by another link.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/engine/watch.h"

static char folder[] = "/tmp/exfild-watch-XXXXXX";
static struct watch *w;

static const char *at(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];
	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(mkdir(at("one"), 0700), 0);
	assert_int_equal(mkdir(at("two"), 0700), 0);
	put("one/list", "a");
	put("two/list", "b");
	w = watch_new();
	assert_non_null(w);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	watch_free(w);
	static const char *const files[] = { "one/list", "one/other", "two/list", "list", "now" };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlink(at(files[i]));
	(void)rmdir(at("one"));
	(void)rmdir(at("two"));
	return rmdir(folder);
}

static void begin(const char *name)
{
	watch_begin(w);
	watch_file(w, at(name));
	assert_true(watch_is_good(w));
	assert_false(watch_heard(w));
}

static void a_file_that_is_written(void **state)
{
	(void)state;
	begin("one/list");
	put("one/other", "x");
	assert_false(watch_heard(w));
	FILE *f = fopen(at("one/list"), "we");
	assert_non_null(f);
	assert_true(fputs("half", f) >= 0 && fflush(f) == 0);
	assert_false(watch_heard(w)); /* it goes on */
	assert_int_equal(fclose(f), 0);
	assert_true(watch_heard(w));
	assert_false(watch_heard(w));
}

static void a_file_that_is_replaced(void **state)
{
	(void)state;
	begin("one/list");
	put("one/other", "new");
	assert_false(watch_heard(w));
	assert_int_equal(rename(at("one/other"), at("one/list")), 0);
	assert_true(watch_heard(w));
}

static void a_folder_that_is_a_link(void **state)
{
	(void)state;
	assert_int_equal(symlink("one", at("now")), 0);
	begin("now/list");
	put("two/list", "c");
	assert_false(watch_heard(w));
	assert_int_equal(symlink("two", at("one/other")), 0); /* another name */
	assert_false(watch_heard(w));
	assert_int_equal(rename(at("one/other"), at("now")), 0);
	assert_true(watch_heard(w));
	begin("now/list");
	put("one/list", "d");
	assert_false(watch_heard(w));
	put("two/list", "e");
	assert_true(watch_heard(w));
}

static void a_file_that_is_a_link(void **state)
{
	(void)state;
	assert_int_equal(symlink(at("one/list"), at("list")), 0);
	begin("list");
	put("one/list", "f");
	assert_true(watch_heard(w));
	assert_int_equal(unlink(at("list")), 0);
	assert_int_equal(symlink(at("two/list"), at("list")), 0);
	assert_true(watch_heard(w));
}

static void a_file_that_is_not_there_yet(void **state)
{
	(void)state;
	assert_int_equal(unlink(at("one/list")), 0);
	assert_int_equal(rmdir(at("one")), 0);
	begin("one/list");
	assert_int_equal(mkdir(at("one"), 0700), 0);
	assert_true(watch_heard(w));
	begin("one/list");
	put("one/list", "g");
	assert_true(watch_heard(w));
}

static void a_loop_of_links_and_too_many_files(void **state)
{
	(void)state;
	assert_int_equal(symlink("now", at("now")), 0);
	watch_begin(w);
	watch_file(w, at("now/list"));
	assert_true(watch_fd(w) >= 0);
	watch_begin(w);
	for (unsigned i = 0; i <= WATCH_NAMES; i++)
		watch_file(w, at("one/list"));
	assert_false(watch_is_good(w)); /* who asks looks more often */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_that_is_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_that_is_a_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_a_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_not_there_yet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_loop_of_links_and_too_many_files, set_up,
						tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
