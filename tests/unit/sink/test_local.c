/*
 * Holds the sinks that write here: standard output and a file, and the registry.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/sink/sink.h"
#include "unit/alert/samples.h"

static struct alert_options alert_options;
static char folder[64], path[100], moved[100];

static int setup(void **state)
{
	(void)state;
	alert_options = sample_options();
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

static int put(const struct sink_type *type, void *sink, const char *json)
{
	struct finding f = sample_finding();
	struct alert a = sample_alert(&f);
	return type->put(sink, &a, json, strlen(json));
}

static struct sink_health health_of(const struct sink_type *type, const void *sink)
{
	struct sink_health h;
	memset(&h, 0, sizeof(h));
	type->health(sink, &h);
	return h;
}

static void registry_is_sorted_and_complete(void **state)
{
	const struct sink_type *const *list = sink_list();
	size_t n = 0;
	(void)state;
	for (; list[n]; n++) {
		assert_true(n == 0 || strcmp(list[n - 1]->name, list[n]->name) < 0);
		assert_ptr_equal(sink_find(list[n]->name), list[n]);
		assert_true(list[n]->open && list[n]->put && list[n]->flush && list[n]->health &&
			    list[n]->close);
		list[n]->close(NULL);
	}
	assert_int_equal(n, 3);
	assert_null(sink_find("pigeon"));
}

/* Puts two alerts with standard output led to `target`; the sum of put's answers. */
static int put_to(const char *target, const struct sink_options *o, struct sink_health *ret)
{
	const struct sink_type *type = sink_find("stdout");
	char why[100];
	void *sink = NULL;
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	int fd = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	int err = type->open(o, &sink, why, sizeof(why));
	if (err == 0) {
		err = put(type, sink, "{\"n\":1}") + put(type, sink, "{\"n\":2}");
		(void)type->flush(sink);
		type->health(sink, ret);
		type->close(sink);
	}
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	return err;
}

static void stdout_writes_lines_of_json(void **state)
{
	struct sink_options o = { .alert = &alert_options };
	struct sink_health h;
	char text[100];
	(void)state;
	assert_int_equal(put_to(path, &o, &h), 0);
	assert_int_equal(h.sent, 2);
	read_all(path, text, sizeof(text));
	assert_string_equal(text, "{\"n\":1}\n{\"n\":2}\n");
}

static void stdout_writes_text_for_people(void **state)
{
	struct sink_options o = { .alert = &alert_options, .text = true };
	struct sink_health h;
	char text[9000];
	(void)state;
	assert_int_equal(put_to(path, &o, &h), 0);
	read_all(path, text, sizeof(text));
	assert_int_equal(strncmp(text, "HIGH  Data in DNS names", 23), 0);
	assert_non_null(strstr(text, "}]\n\nHIGH  Data")); /* an empty line parts them */
	assert_null(strstr(text, "\"n\":1"));
}

static void stdout_that_is_full_is_counted(void **state)
{
	struct sink_options o = { .alert = &alert_options };
	struct sink_health h;
	(void)state;
	assert_int_equal(put_to("/dev/full", &o, &h), -2 * EXF_E_IO);
	assert_int_equal(h.sent, 0);
	assert_int_equal(h.failed, 2);
	assert_non_null(strstr(h.error, "No space left"));
}

static void file_gets_a_line_an_alert(void **state)
{
	const struct sink_type *type = sink_find("file");
	struct sink_options o = { .alert = &alert_options, .file_path = path };
	struct stat st;
	char why[200], text[100];
	void *sink = NULL;
	(void)state;
	for (int run = 0; run < 2; run++) { /* the second appends */
		assert_int_equal(type->open(&o, &sink, why, sizeof(why)), 0);
		assert_int_equal(put(type, sink, run ? "{\"n\":2}" : "{\"n\":1}"), 0);
		assert_int_equal(type->flush(sink), 0);
		assert_int_equal(health_of(type, sink).sent, 1);
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
	struct sink_options o = { .alert = &alert_options, .file_path = path };
	char why[200], text[100];
	void *sink = NULL;
	(void)state;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), 0);
	assert_int_equal(put(type, sink, "{\"n\":1}"), 0);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(put(type, sink, "{\"n\":2}"), 0); /* not yet noticed, not lost */
	assert_int_equal(type->flush(sink), 0);
	assert_int_equal(put(type, sink, "{\"n\":3}"), 0);
	type->close(sink);
	read_all(moved, text, sizeof(text));
	assert_string_equal(text, "{\"n\":1}\n{\"n\":2}\n");
	read_all(path, text, sizeof(text));
	assert_string_equal(text, "{\"n\":3}\n");
}

static void missing_folder_is_said(void **state)
{
	const struct sink_type *type = sink_find("file");
	struct sink_options o = { .alert = &alert_options,
				  .file_path = "/nonexistent/x/alerts.json" };
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
	struct sink_options o = { .alert = &alert_options, .file_path = "/dev/full" };
	char why[200];
	void *sink = NULL;
	(void)state;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), 0);
	assert_int_equal(put(type, sink, "{}"), -EXF_E_IO);
	assert_int_equal(health_of(type, sink).failed, 1);
	assert_non_null(strstr(health_of(type, sink).error, "No space left"));
	type->close(sink);
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
