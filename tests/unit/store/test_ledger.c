/*
 * store/ledger: a chain that is whole, cut at each byte, altered at each byte, with records
 * removed, exchanged and doubled; files that go; kills; a disk that takes none.
 */
#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/base/log.h"
#include "exfild/store/ledger.h"
#include "exfild/store/ledger_read.h"

#define MAX   (1u << 20)
#define FIRST "000000000001.jsonl"

static char folder[256];
static char whole[65536]; /* FIRST as it was written */
static size_t whole_len;

static void clear(void)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	char path[PATH_MAX];
	while (d && (e = readdir(d))) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		(void)unlink(path);
	}
	if (d)
		(void)closedir(d);
}

static struct ledger *open_with(uint64_t max)
{
	char why[512] = "";
	struct ledger *l = NULL;
	const struct ledger_options o = { .directory = folder, .max_bytes = max };
	if (ledger_open(&o, &l, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	return l;
}

static void tell(struct ledger *l, unsigned i, const char *text)
{
	struct buf b;
	struct json j = ledger_begin(&b, "test");
	json_uint(&j, "i", i);
	json_string(&j, "text", text);
	ledger_end(l, &j, &b);
}

static struct ledger_found look(void)
{
	char why[512] = "";
	struct ledger_found f;
	if (ledger_read(folder, NULL, NULL, &f, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	return f;
}

static void put_file(const char *name, const char *data, size_t len)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	(void)fclose(f);
}

static int set_up(void **state)
{
	char path[PATH_MAX];
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	/* thousands of records are synced: in memory, where there is such a folder */
	(void)snprintf(folder, sizeof(folder), "/dev/shm/exfild-ledger-XXXXXX");
	if (!mkdtemp(folder)) {
		(void)snprintf(folder, sizeof(folder), "/tmp/exfild-ledger-XXXXXX");
		if (!mkdtemp(folder))
			return -1;
	}
	struct ledger *l = open_with(MAX);
	tell(l, 1, "plain");
	tell(l, 2, "quote\" back\\slash \n line \xff end");
	tell(l, 3, ",\"kind\":\"dropped\",\"through\":99");
	tell(l, 4, "\xe2\x80\xae\x1b[31m");
	ledger_close(l);
	(void)snprintf(path, sizeof(path), "%s/" FIRST, folder);
	FILE *f = fopen(path, "r");
	whole_len = f ? fread(whole, 1, sizeof(whole), f) : 0;
	if (f)
		(void)fclose(f);
	return whole_len ? 0 : -1;
}

static int take_down(void **state)
{
	(void)state;
	clear();
	return rmdir(folder);
}

static void test_whole(void **state)
{
	struct stat st;
	(void)state;
	put_file(FIRST, whole, whole_len);
	struct ledger_found f = look();
	assert_false(f.is_broken);
	assert_int_equal(f.count, 5);
	assert_int_equal(f.first, 1);
	assert_int_equal(f.last, 5);
	assert_int_equal(f.torn, 0);
	ledger_close(open_with(MAX)); /* nothing to say: nothing is added */
	assert_int_equal(look().count, 5);
	assert_int_equal(stat(folder, &st), 0);
}

static size_t lines_before(size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += whole[i] == '\n';
	return n;
}

static void test_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len < whole_len; len++) {
		size_t lines = lines_before(len);
		bool is_torn = len && whole[len - 1] != '\n';
		clear();
		put_file(FIRST, whole, len);
		struct ledger_found f = look();
		assert_false(f.is_broken);
		assert_int_equal(f.count, lines);
		assert_int_equal(f.torn != 0, is_torn);
		struct ledger *l = open_with(MAX);
		tell(l, 9, "after");
		ledger_close(l);
		f = look();
		assert_false(f.is_broken);
		assert_int_equal(f.torn, 0);
		/* what was whole, that it was cut or that it begins, and what came after */
		assert_int_equal(f.count, lines + (is_torn || !lines) + 1);
	}
}

static void test_altered(void **state)
{
	static const unsigned char flips[] = { 0x01, 0x20, 0x80 };
	static char data[sizeof(whole)];
	(void)state;
	for (size_t at = 0; at < whole_len; at++) {
		for (size_t i = 0; i < sizeof(flips); i++) {
			memcpy(data, whole, whole_len);
			data[at] = (char)(data[at] ^ flips[i]);
			clear();
			put_file(FIRST, data, whole_len);
			struct ledger_found f = look();
			if (at + 1 == whole_len) { /* its line end: a record that was cut */
				assert_int_equal(f.count, 4);
				assert_int_not_equal(f.torn, 0);
				continue;
			}
			assert_true(f.is_broken);
			assert_int_equal(f.line, lines_before(at) + 1);
			assert_int_equal(f.number, f.line);
			assert_string_equal(f.file, FIRST);
		}
		if (at % 61 && at + 1 != whole_len)
			continue;
		/* exfild goes on, and it stays broken at that place */
		struct ledger *l = open_with(MAX);
		tell(l, 9, "after");
		ledger_close(l);
		struct ledger_found f = look();
		assert_int_equal(f.is_broken, at + 1 != whole_len);
		if (f.is_broken)
			assert_int_equal(f.line, lines_before(at) + 1);
	}
}

/* The record `from` (0 ...) of whole at the place `to` of out. */
static size_t put_line(char *out, size_t at, unsigned from)
{
	const char *p = whole;
	while (from--)
		p = strchr(p, '\n') + 1;
	size_t len = (size_t)(strchr(p, '\n') - p) + 1;
	memcpy(out + at, p, len);
	return at + len;
}

static void test_order(void **state)
{
	static const struct {
		unsigned count, lines[6];
		uint64_t broken; /* line; 0: cut at its end, which the file alone cannot show */
	} cases[] = {
		{ 4, { 1, 2, 3, 4 }, 1 },       { 4, { 0, 2, 3, 4 }, 2 },
		{ 4, { 0, 1, 3, 4 }, 3 },       { 4, { 0, 1, 2, 4 }, 4 },
		{ 4, { 0, 1, 2, 3 }, 0 },       { 5, { 1, 0, 2, 3, 4 }, 1 },
		{ 5, { 0, 2, 1, 3, 4 }, 2 },    { 5, { 0, 1, 2, 4, 3 }, 4 },
		{ 6, { 0, 1, 1, 2, 3, 4 }, 3 }, { 6, { 0, 1, 2, 3, 4, 4 }, 6 },
	};
	static char data[sizeof(whole)];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = 0;
		for (unsigned k = 0; k < cases[i].count; k++)
			len = put_line(data, len, cases[i].lines[k]);
		clear();
		put_file(FIRST, data, len);
		struct ledger_found f = look();
		assert_int_equal(f.is_broken, cases[i].broken != 0);
		if (f.is_broken)
			assert_int_equal(f.line, cases[i].broken);
	}
}

static unsigned files(char names[64][64], uint64_t *ret_bytes)
{
	struct dirent **list = NULL;
	int n = scandir(folder, &list, NULL, alphasort);
	unsigned count = 0;
	*ret_bytes = 0;
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];
		struct stat st;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name);
		if (strstr(list[i]->d_name, ".jsonl") && stat(path, &st) == 0 && count < 64) {
			(void)snprintf(names[count++], 64, "%.63s", list[i]->d_name);
			*ret_bytes += (uint64_t)st.st_size;
		}
		free(list[i]);
	}
	free(list);
	return count;
}

static bool sum(void *arg, const struct ledger_record *r)
{
	*(uint64_t *)arg += r->number;
	return true;
}

static void test_rotation(void **state)
{
	static char names[64][64];
	char path[PATH_MAX], aside[PATH_MAX], why[256];
	uint64_t bytes, total = 0;
	const uint64_t max = 32768;
	struct ledger_found f;
	(void)state;
	clear();
	for (unsigned i = 0; i < 400; i++) {
		struct ledger *l = i % 20 == 0 ? open_with(max) : NULL;
		for (unsigned k = 0; l && k < 20; k++) {
			tell(l, i + k, "a record of some length, so that the files fill up soon");
			if (k % 5 == 4)
				usleep(2000); /* several portions */
		}
		ledger_close(l);
	}
	unsigned count = files(names, &bytes);
	assert_true(count > 3 && count <= LEDGER_FILES + 2);
	assert_true(bytes <= max + max / LEDGER_FILES);
	assert_int_equal(ledger_read(folder, sum, &total, &f, why, sizeof(why)), 0);
	assert_false(f.is_broken);
	assert_true(f.first > 1);
	assert_int_equal(f.files, count);
	assert_true(f.last > 400);
	assert_int_equal(total, (f.first + f.last) * f.count / 2);
	/* one of them is taken away, but for the newest: of that nothing that follows can tell */
	for (unsigned i = 0; i + 1 < count; i++) {
		(void)snprintf(path, sizeof(path), "%.200s/%.255s", folder, names[i]);
		(void)snprintf(aside, sizeof(aside), "%s/aside", folder);
		assert_int_equal(rename(path, aside), 0);
		f = look();
		assert_true(f.is_broken);
		assert_int_equal(rename(aside, path), 0);
	}
	/* begun, and then came the kill: with no record, and with a part of one */
	(void)snprintf(aside, sizeof(aside), "%012llu.jsonl", (unsigned long long)look().last + 1);
	put_file(aside, "", 0);
	f = look();
	assert_false(f.is_broken);
	put_file(aside, "{\"n\":", 5);
	ledger_close(open_with(max));
	assert_false(look().is_broken);
	assert_int_equal(look().last, f.last + 1);
}

static void test_one_at_a_time(void **state)
{
	char why[512];
	struct ledger *other;
	const struct ledger_options o = { .directory = folder, .max_bytes = MAX };
	(void)state;
	clear();
	struct ledger *l = open_with(MAX);
	assert_int_equal(ledger_open(&o, &other, why, sizeof(why)), -EXF_E_LIMIT);
	assert_non_null(strstr(why, "another exfild"));
	ledger_close(l);
	struct ledger_found f;
	assert_int_equal(ledger_read("/nowhere", NULL, NULL, &f, why, sizeof(why)), -EXF_E_IO);
}

static void test_kill(void **state)
{
	uint64_t last = 0;
	(void)state;
	clear();
	/* where much else runs, some are killed before they have written anything */
	for (unsigned i = 0; i < 25 || (last <= 25 && i < 250); i++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct ledger *l = open_with(16384);
			for (unsigned k = 0;; k++) {
				tell(l, k, "written until it is killed");
				if (k % 8 == 0)
					usleep(50);
			}
		}
		usleep(3000 + i * 500);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		ledger_close(open_with(16384));
		struct ledger_found f = look();
		if (f.is_broken)
			fail_msg("%s line %u: %s", f.file, (unsigned)f.line, f.why);
		assert_true(f.last >= last);
		last = f.last;
	}
	assert_true(last > 25);
}

static void test_no_room(void **state)
{
	struct rlimit before, small;
	struct ledger_stats s = { 0 };
	(void)state;
	clear();
	(void)signal(SIGXFSZ, SIG_IGN);
	struct ledger *l = open_with(MAX);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 600; /* the first records, and a part of one */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (unsigned i = 0; i < 20; i++)
		tell(l, i, "more than there is room for");
	for (unsigned i = 0; i < 500 && !s.is_failing; i++) {
		usleep(10000);
		ledger_stats(l, &s);
	}
	assert_true(s.is_failing);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	ledger_close(l);
	assert_false(look().is_broken);
	assert_int_equal(look().torn, 0);
	assert_int_equal(look().count, 21);
}

static void test_too_much(void **state)
{
	static char text[LEDGER_RECORD];
	struct ledger_stats s;
	(void)state;
	clear();
	memset(text, 'x', sizeof(text) - 1);
	struct ledger *l = open_with(MAX);
	tell(l, 1, text);
	tell(l, 2, "fits");
	ledger_stats(l, &s);
	assert_int_equal(s.lost, 1);
	ledger_close(l);
	assert_false(look().is_broken);
	assert_int_equal(look().count, 3); /* begin, lost, fits */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),    cmocka_unit_test(test_cut),
		cmocka_unit_test(test_altered),  cmocka_unit_test(test_order),
		cmocka_unit_test(test_rotation), cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_kill),     cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_too_much),
	};
	return cmocka_run_group_tests(tests, set_up, take_down);
}
