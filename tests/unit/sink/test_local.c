/*
 * Holds the sinks that write here: standard output and a file, and the registry.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/sink/sink_samples.h"

static char folder[64], path[100], moved[100];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/exfild-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/alerts.json", folder);
	snprintf(moved, sizeof(moved), "%s/alerts.json.1", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(moved);
	rmdir(folder);
	return 0;
}

static size_t read_all(const char *from, char *dst, size_t size)
{
	FILE *in = fopen(from, "r");
	assert_non_null(in);
	size_t n = fread(dst, 1, size - 1, in);
	dst[n] = '\0';
	fclose(in);
	return n;
}

static size_t put(const struct sink_type *type, void *sink, const char *json)
{
	struct record *r = sample_record(1, json);
	size_t n = type->put(sink, &r, 1);
	record_drop(r);
	return n;
}

static void registry_is_sorted_and_complete(void **state)
{
	const struct sink_type *const *list = sink_list();
	size_t n = 0;
	(void)state;
	for (; list[n]; n++) {
		assert_true(n == 0 || strcmp(list[n - 1]->name, list[n]->name) < 0);
		assert_ptr_equal(sink_find(list[n]->name), list[n]);
		assert_true(list[n]->open && list[n]->put && list[n]->health && list[n]->close);
		list[n]->close(NULL);
	}
	assert_int_equal(n, 5);
	assert_null(sink_find("pigeon"));
}

/* Puts two alerts with standard output led to `target`; how many it took. */
static size_t put_to(const char *target, const struct sink_options *o, struct sink_health *ret)
{
	const struct sink_type *type = sink_find("stdout");
	char why[100];
	void *sink = NULL;
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	int fd = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	size_t taken = 0;
	if (type->open(o, &sink, why, sizeof(why)) == 0) {
		taken = put(type, sink, "{\"n\":1}") + put(type, sink, "{\"n\":2}");
		type->health(sink, ret);
		type->close(sink);
	}
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	return taken;
}

static void stdout_writes_lines_of_json(void **state)
{
	struct sink_options o = { .may_wait = false };
	struct sink_health h;
	char text[100];
	(void)state;
	assert_int_equal(put_to(path, &o, &h), 2);
	assert_int_equal(h.sent, 2);
	read_all(path, text, sizeof(text));
	assert_string_equal(text, "{\"n\":1}\n{\"n\":2}\n");
}

static void stdout_writes_text_for_people(void **state)
{
	struct sink_options o = { .text = true };
	struct sink_health h;
	char text[9000];
	(void)state;
	assert_int_equal(put_to(path, &o, &h), 2);
	read_all(path, text, sizeof(text));
	/* an empty line parts them */
	assert_string_equal(text, "HIGH  Data in DNS names\n\nHIGH  Data in DNS names\n\n");
	assert_null(strstr(text, "\"n\":1"));
}

static void stdout_that_is_full_is_counted(void **state)
{
	struct sink_options o = { .may_wait = false };
	struct sink_health h;
	(void)state;
	assert_int_equal(put_to("/dev/full", &o, &h), 2); /* nobody tries again */
	assert_int_equal(h.sent, 0);
	assert_int_equal(h.failed, 2);
	assert_non_null(strstr(h.error, "No space left"));
}

static void file_gets_a_line_an_alert(void **state)
{
	const struct sink_type *type = sink_find("file");
	struct sink_options o = { .file_path = path };
	struct stat st;
	char why[200], text[100];
	void *sink = NULL;
	(void)state;
	for (int run = 0; run < 2; run++) { /* the second appends */
		assert_int_equal(type->open(&o, &sink, why, sizeof(why)), 0);
		assert_int_equal(put(type, sink, run ? "{\"n\":2}" : "{\"n\":1}"), 1);
		assert_int_equal(sample_health(type, sink).sent, 1);
		type->close(sink);
	}
	read_all(path, text, sizeof(text));
	assert_string_equal(text, "{\"n\":1}\n{\"n\":2}\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0); /* at most 0640 */
}

static void moved_file_is_opened_anew(void **state)
{
	const struct sink_type *type = sink_find("file");
	struct sink_options o = { .file_path = path };
	char why[200], text[100];
	void *sink = NULL;
	(void)state;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), 0);
	assert_int_equal(put(type, sink, "{\"n\":1}"), 1);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(put(type, sink, "{\"n\":2}"), 1);
	type->close(sink);
	read_all(moved, text, sizeof(text));
	assert_string_equal(text, "{\"n\":1}\n");
	read_all(path, text, sizeof(text));
	assert_string_equal(text, "{\"n\":2}\n");
}

static void missing_folder_is_said(void **state)
{
	const struct sink_type *type = sink_find("file");
	struct sink_options o = { .file_path = "/nonexistent/x/alerts.json" };
	char why[200];
	void *sink = NULL;
	(void)state;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "its folder must exist"));
	o.file_path = NULL;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_INVALID);
	assert_null(sink);
}

static void full_disk_is_counted(void **state)
{
	const struct sink_type *type = sink_find("file");
	struct sink_options o = { .file_path = "/dev/full" };
	char why[200];
	void *sink = NULL;
	(void)state;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), 0);
	assert_int_equal(put(type, sink, "{}"), 0); /* it comes again */
	assert_int_equal(sample_health(type, sink).sent, 0);
	assert_non_null(strstr(sample_health(type, sink).error, "No space left"));
	type->close(sink);
}

/* A file that may not grow beyond so many bytes tears a line where it ends. */
static void a_torn_line_is_written_again(void **state)
{
	const struct sink_type *type = sink_find("file");
	struct sink_options o = { .file_path = path };
	struct rlimit before, small = { .rlim_cur = 20, .rlim_max = RLIM_INFINITY };
	char why[200], text[200];
	void *sink = NULL;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), 0);
	struct record *list[3] = { sample_record(1, "{\"n\":1}"), sample_record(2, "{\"n\":2}"),
				   sample_record(3, "{\"n\":3}") };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(type->put(sink, list, 3), 2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(type->put(sink, list + 2, 1), 1);
	assert_string_equal(sample_health(type, sink).error, "");
	type->close(sink);
	for (unsigned i = 0; i < 3; i++)
		record_drop(list[i]);
	read_all(path, text, sizeof(text));
	assert_string_equal(text, "{\"n\":1}\n{\"n\":2}\n{\"n\"\n{\"n\":3}\n");
}

static void a_file_that_has_grown_is_put_aside(void **state)
{
	const struct sink_type *type = sink_find("file");
	struct sink_options o = { .file_path = path, .file_max_bytes = 10 };
	char why[200], text[200];
	void *sink = NULL;
	(void)state;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(put(type, sink, "{\"n\":1}"), 1);
	type->close(sink);
	read_all(moved, text, sizeof(text));
	assert_string_equal(text, "{\"n\":1}\n{\"n\":1}\n");
	read_all(path, text, sizeof(text));
	assert_string_equal(text, "{\"n\":1}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registry_is_sorted_and_complete),
		cmocka_unit_test_setup_teardown(stdout_writes_lines_of_json, setup, teardown),
		cmocka_unit_test_setup_teardown(stdout_writes_text_for_people, setup, teardown),
		cmocka_unit_test_setup_teardown(stdout_that_is_full_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(file_gets_a_line_an_alert, setup, teardown),
		cmocka_unit_test_setup_teardown(moved_file_is_opened_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_folder_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_line_is_written_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_has_grown_is_put_aside, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
