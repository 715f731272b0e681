/*
 * Holds the spool: what is committed is there again, in order; what is damaged is said.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/store/spool.h"

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/exfild-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int teardown(void **state)
{
	char path[400];
	struct dirent *e;
	DIR *d = opendir(folder);
	(void)state;
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		unlink(path);
	}
	closedir(d);
	rmdir(folder);
	return 0;
}

static struct spool *open_spool(uint64_t max_bytes)
{
	const struct spool_options o = { .directory = folder, .max_bytes = max_bytes };
	struct spool *s = NULL;
	char why[1024];
	if (spool_open(&o, &s, why, sizeof(why)))
		fail_msg("%s", why);
	return s;
}

static int put(struct spool *s, uint64_t from, uint64_t to)
{
	char text[64], why[200];
	int err = spool_begin(s);
	for (uint64_t n = from; n <= to && !err; n++) {
		int len = snprintf(text, sizeof(text), "alert %llu", (unsigned long long)n);
		err = spool_put(s, n, text, (size_t)len);
	}
	int committed = spool_commit(s, why, sizeof(why));
	return err ? err : committed;
}

struct seen {
	uint64_t next;
	unsigned good, damaged;
};

static bool see(void *arg, uint64_t number, const void *data, size_t len)
{
	struct seen *x = arg;
	char text[64];
	assert_true(number >= x->next);
	x->next = number + 1;
	if (!data) {
		x->damaged++;
		return true;
	}
	int want = snprintf(text, sizeof(text), "alert %llu", (unsigned long long)number);
	assert_int_equal(len, want);
	assert_memory_equal(data, text, len);
	x->good++;
	return true;
}

static void what_is_committed_is_there_again(void **state)
{
	struct spool *s = open_spool(1 << 20);
	struct spool_taker takers[SPOOL_TAKERS];
	struct seen seen = { 0 };
	char why[200];
	(void)state;
	assert_int_equal(spool_last(s), 0);
	assert_int_equal(put(s, 1, 100), 0);
	assert_int_equal(spool_begin(s), 0);
	assert_int_equal(spool_set_taker(s, "redis", 40), 0);
	assert_int_equal(spool_set_taker(s, "file", 90), 0);
	assert_int_equal(spool_drop_below(s, 31), 0);
	assert_int_equal(spool_commit(s, why, sizeof(why)), 0);
	spool_close(s);
	s = open_spool(1 << 20);
	assert_string_equal(spool_complaint(s), "");
	assert_int_equal(spool_first(s), 31);
	assert_int_equal(spool_last(s), 100);
	assert_int_equal(spool_takers(s, takers), 2);
	assert_string_equal(takers[1].name, "redis");
	assert_int_equal(takers[1].number, 40);
	assert_int_equal(spool_read(s, 0, 1000, see, &seen), 70);
	assert_int_equal(seen.good, 70);
	seen.next = 0;
	assert_int_equal(spool_read(s, 95, 3, see, &seen), 3);
	spool_close(s);
}

static void numbers_go_on_after_all_is_taken(void **state)
{
	struct spool *s = open_spool(1 << 20);
	char why[200];
	(void)state;
	assert_int_equal(put(s, 1, 5), 0);
	assert_int_equal(spool_begin(s), 0);
	assert_int_equal(spool_set_taker(s, "redis", 5), 0);
	assert_int_equal(spool_drop_below(s, 6), 0);
	assert_int_equal(spool_commit(s, why, sizeof(why)), 0);
	spool_close(s);
	s = open_spool(1 << 20);
	assert_int_equal(spool_first(s), 0);
	assert_int_equal(spool_last(s), 5);
	spool_close(s);
}

static void what_is_not_committed_has_not_happened(void **state)
{
	struct spool *s = open_spool(1 << 20);
	(void)state;
	assert_int_equal(put(s, 1, 5), 0);
	assert_int_equal(spool_begin(s), 0);
	assert_int_equal(spool_put(s, 6, "x", 1), 0);
	spool_cancel(s);
	assert_int_equal(spool_last(s), 5);
	assert_int_equal(spool_read(s, 6, 10, see, &(struct seen){ 0 }), 0);
	spool_close(s);
}

static void a_full_one_is_an_error_and_goes_on(void **state)
{
	struct spool *s = open_spool(128 * 1024);
	static char big[20000];
	char why[200] = "";
	int err = 0;
	(void)state;
	memset(big, 'x', sizeof(big));
	for (uint64_t n = 1; n < 100 && !err; n++) {
		err = spool_begin(s);
		if (!err)
			err = spool_put(s, n, big, sizeof(big));
		int committed = spool_commit(s, why, sizeof(why));
		err = err ? err : committed;
	}
	assert_int_equal(err, -EXF_E_IO);
	assert_non_null(strstr(why, "full"));
	uint64_t last = spool_last(s);
	assert_true(last > 2);
	assert_int_equal(spool_begin(s), 0);
	assert_int_equal(spool_drop_below(s, last), 0);
	assert_int_equal(spool_commit(s, why, sizeof(why)), 0);
	assert_int_equal(put(s, last + 1, last + 2), 0);
	spool_close(s);
}

/* A child that is killed in the middle leaves all that it has committed, and nothing of the rest.
 */
static void a_kill_leaves_what_was_committed(void **state)
{
	int pipes[2], status;
	uint64_t told = 0, n;
	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		struct spool *s = open_spool(16 << 20);
		for (n = 1; n < 100000; n += 10)
			if (put(s, n, n + 9) == 0) {
				uint64_t done = n + 9;
				if (write(pipes[1], &done, sizeof(done)) != sizeof(done))
					break;
			}
		_exit(0);
	}
	close(pipes[1]);
	while (told < 500 && read(pipes[0], &n, sizeof(n)) == sizeof(n))
		told = n;
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	while (read(pipes[0], &n, sizeof(n)) == sizeof(n))
		told = n;
	close(pipes[0]);
	struct spool *s = open_spool(16 << 20);
	struct seen seen = { 0 };
	assert_string_equal(spool_complaint(s), "");
	assert_true(spool_last(s) >= told);
	assert_int_equal(spool_last(s) % 10, 0);
	assert_int_equal(spool_read(s, 1, SIZE_MAX, see, &seen), spool_last(s));
	assert_int_equal(seen.good, spool_last(s));
	spool_close(s);
}

static void damage_is_told_and_the_rest_is_carried_over(void **state)
{
	char path[100], byte;
	struct spool *s = open_spool(4 << 20);
	struct seen seen = { 0 };
	struct stat st;
	(void)state;
	assert_int_equal(put(s, 1, 2000), 0);
	spool_close(s);
	snprintf(path, sizeof(path), "%s/spool.db", folder);
	int fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 4096 * 3 + 100; at < st.st_size; at += 4096 * 7) { /* one byte of a page */
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x40;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	s = open_spool(4 << 20);
	int shown = spool_read(s, 0, SIZE_MAX, see, &seen);
	assert_true(shown >= -EXF_E_IO);
	assert_true(seen.good > 100);
	assert_true(seen.good < 2000);
	spool_close(s);
}

static void a_file_of_something_else_is_set_aside(void **state)
{
	char path[100];
	(void)state;
	snprintf(path, sizeof(path), "%s/spool.db", folder);
	FILE *out = fopen(path, "w");
	for (unsigned i = 0; i < 5000; i++)
		fprintf(out, "this is no database\n");
	fclose(out);
	struct spool *s = open_spool(1 << 20);
	assert_non_null(strstr(spool_complaint(s), "was set aside as spool.db.damaged-1"));
	assert_int_equal(put(s, 1, 3), 0);
	spool_close(s);
}

static void a_second_process_is_refused(void **state)
{
	struct spool *s = open_spool(1 << 20);
	int status;
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		const struct spool_options o = { .directory = folder, .max_bytes = 1 << 20 };
		struct spool *other = NULL;
		char why[1024] = "";
		int err = spool_open(&o, &other, why, sizeof(why));
		_exit(err == -EXF_E_LIMIT && strstr(why, "in use") ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 0);
	spool_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_committed_is_there_again, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_go_on_after_all_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_committed_has_not_happened, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_full_one_is_an_error_and_goes_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_kill_leaves_what_was_committed, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_is_told_and_the_rest_is_carried_over, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_of_something_else_is_set_aside, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_second_process_is_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
