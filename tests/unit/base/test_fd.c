/*
 * fd_write_all: more than a pipe takes at once, an interrupted call, an end that is closed.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/base/fd.h"

#define SIZE (1u << 20)

static uint8_t data[SIZE], got[SIZE];

static void *read_slowly(void *arg)
{
	size_t at = 0;
	ssize_t n;
	while ((n = read(*(int *)arg, got + at, at % 2 ? 1000 : 4097)) > 0)
		at += (size_t)n;
	return (void *)(uintptr_t)at;
}

static void on_signal(int number)
{
	(void)number;
}

static void *disturb(void *arg)
{
	const struct timespec pause = { .tv_nsec = 200000 };
	for (unsigned i = 0; i < 50; i++) {
		(void)pthread_kill(*(pthread_t *)arg, SIGUSR1);
		(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

static void all_of_it_arrives(void **state)
{
	int ends[2];
	pthread_t reader, other, self = pthread_self();
	struct sigaction action = { .sa_handler = on_signal }; /* without SA_RESTART */
	void *count;
	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_slowly, &ends[0]), 0);
	assert_int_equal(pthread_create(&other, NULL, disturb, &self), 0);
	assert_true(fd_write_all(ends[1], data, SIZE));
	(void)pthread_join(other, NULL);
	(void)close(ends[1]);
	(void)pthread_join(reader, &count);
	(void)close(ends[0]);
	assert_int_equal((uintptr_t)count, SIZE);
	assert_memory_equal(got, data, SIZE);
}

static void nothing_is_fine_and_a_closed_end_is_said(void **state)
{
	int ends[2];
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	assert_true(fd_write_all(ends[1], NULL, 0));
	(void)close(ends[0]);
	assert_false(fd_write_all(ends[1], "x", 1));
	assert_int_equal(errno, EPIPE);
	(void)close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_arrives),
		cmocka_unit_test(nothing_is_fine_and_a_closed_end_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
