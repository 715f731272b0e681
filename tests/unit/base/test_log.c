/* log: levels, errno, one line whatever the arguments hold, and standard error itself. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/base/log.h"

static struct {
	unsigned count;
	enum log_level level;
	char line[2048];
} seen;

static void keep(void *arg, enum log_level level, const char *line)
{
	assert_ptr_equal(arg, &seen);
	seen.count++;
	seen.level = level;
	(void)snprintf(seen.line, sizeof(seen.line), "%s", line);
}

static int take_over(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	log_set_level(LOG_LEVEL_DEBUG);
	log_set_sink(keep, &seen);
	return 0;
}

static int give_back(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	log_set_level(LOG_LEVEL_INFO);
	return 0;
}

static void a_line_begins_with_its_module(void **state)
{
	(void)state;
	log_info("capture", "%s opened, %d MB", "eth0", 64);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.level, LOG_LEVEL_INFO);
	assert_string_equal(seen.line, "capture: eth0 opened, 64 MB");
}

static void warn_and_error_append_errno(void **state)
{
	(void)state;
	errno = ENOENT;
	log_warn("file", "cannot open %s", "x");
	assert_string_equal(seen.line, "file: cannot open x: No such file or directory");
	assert_int_equal(seen.level, LOG_LEVEL_WARN);
	errno = EACCES;
	log_error("file", "cannot open y");
	assert_string_equal(seen.line, "file: cannot open y: Permission denied");
	assert_int_equal(seen.level, LOG_LEVEL_ERROR);
	assert_int_equal(errno, EACCES);
}

static void warnx_and_errorx_do_not(void **state)
{
	(void)state;
	errno = ENOENT;
	log_warnx("file", "odd");
	assert_string_equal(seen.line, "file: odd");
	log_errorx("file", "odder");
	assert_string_equal(seen.line, "file: odder");
	assert_int_equal(seen.level, LOG_LEVEL_ERROR);
}

static void a_level_hides_what_is_below_it(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_WARN);
	assert_int_equal(log_level(), LOG_LEVEL_WARN);
	log_info("a", "x");
	log_debug("a", "x");
	assert_int_equal(seen.count, 0);
	log_warnx("a", "x");
	log_errorx("a", "x");
	assert_int_equal(seen.count, 2);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("a", "x");
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.level, LOG_LEVEL_DEBUG);
}

static void controls_cannot_forge_a_line(void **state)
{
	(void)state;
	log_info("file", "%s", "a\nerror: b\r\x1b[2J\x7f\xc3\xa9");
	assert_string_equal(seen.line, "file: a?error: b??[2J?\xc3\xa9");
}

static void a_long_line_is_cut(void **state)
{
	(void)state;
	char text[3000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	errno = ENOENT;
	log_error("file", "%s", text);
	assert_int_equal(strlen(seen.line), 1023);
	log_error(text, "%s", text);
	assert_int_equal(strlen(seen.line), 1023);
}

static void standard_error_gets_level_and_line(void **state)
{
	(void)state;
	int pipe_ends[2], saved = dup(STDERR_FILENO);
	char got[256];
	log_set_sink(NULL, NULL);
	assert_int_equal(pipe(pipe_ends), 0);
	assert_true(saved >= 0);
	assert_int_equal(dup2(pipe_ends[1], STDERR_FILENO), STDERR_FILENO);
	log_warnx("bus", "no receiver");
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	ssize_t n = read(pipe_ends[0], got, sizeof(got) - 1);
	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, "warning: bus: no receiver\n");
	close(saved);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, take_over, give_back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_begins_with_its_module),
		TEST(warn_and_error_append_errno),
		TEST(warnx_and_errorx_do_not),
		TEST(a_level_hides_what_is_below_it),
		TEST(controls_cannot_forge_a_line),
		TEST(a_long_line_is_cut),
		TEST(standard_error_gets_level_and_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
