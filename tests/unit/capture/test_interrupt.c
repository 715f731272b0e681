/* capture/test_interrupt.c - a pipe on which nothing comes is not waited for when it is to stop. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/capture/stream.h"

static void on_alarm(int number)
{
	(void)number;
	stream_interrupt(true);
}

static double seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void an_idle_pipe_ends_when_interrupted(void **state)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value.tv_usec = 50000 };
	struct stream *s;
	uint8_t sent[100] = { 'x' }, got[200];
	char path[64];
	size_t len;
	int fds[2];
	(void)state;
	assert_int_equal(pipe(fds), 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	assert_int_equal(write(fds[1], sent, sizeof(sent)), sizeof(sent));
	assert_int_equal(stream_open(path, &s), 0);
	assert_int_equal(stream_read(s, got, sizeof(got), &len), 0);
	assert_int_equal(len, sizeof(sent));
	assert_false(stream_was_interrupted(s));
	double began = seconds_now();
	assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(stream_read(s, got, sizeof(got), &len), 0);
	assert_int_equal(len, 0);
	assert_true(stream_was_interrupted(s));
	assert_true(seconds_now() - began < 1);
	stream_interrupt(false);
	stream_close(s);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void a_file_is_read_to_its_end(void **state)
{
	struct stream *s;
	uint8_t got[200];
	size_t len;
	FILE *f = tmpfile();
	char path[64];
	(void)state;
	assert_non_null(f);
	(void)fputs("bytes of a file, enough of them", f);
	(void)fflush(f);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fileno(f));
	stream_interrupt(true);
	assert_int_equal(stream_open(path, &s), 0);
	assert_int_equal(stream_read(s, got, sizeof(got), &len), 0);
	assert_int_equal(len, 31);
	assert_false(stream_was_interrupted(s));
	stream_interrupt(false);
	stream_close(s);
	(void)fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_pipe_ends_when_interrupted),
		cmocka_unit_test(a_file_is_read_to_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
