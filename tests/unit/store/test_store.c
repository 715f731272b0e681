/* store: what is put is read again; what is damaged or of another version is set aside, not lost.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
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

#include "exfild/store/store.h"

#define MAX_BYTES 50000000ull

static const struct store_part parts[] = { { "a.first", 1 }, { "b.second", 3 } };
static const struct hash_key key = { { 11, 22 } };

struct fixture {
	char folder[64], path[96];
};

static struct fixture fx;

static int setup(void **state)
{
	(void)state;
	strcpy(fx.folder, "/tmp/exfild-store-XXXXXX");
	assert_non_null(mkdtemp(fx.folder));
	snprintf(fx.path, sizeof(fx.path), "%s/state.db", fx.folder);
	return 0;
}

static void each_file(void (*what)(const char *path))
{
	DIR *d = opendir(fx.folder);
	struct dirent *e;
	char path[512];
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", fx.folder, e->d_name);
		if (e->d_name[0] != '.')
			what(path);
	}
	closedir(d);
}

static void remove_file(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static int teardown(void **state)
{
	(void)state;
	each_file(remove_file);
	return rmdir(fx.folder);
}

static struct store *try_open(int expected)
{
	struct store_options o = { .directory = fx.folder, .max_bytes = MAX_BYTES };
	struct store *s = NULL;
	char why[512] = "";
	int err = store_open(&o, &s, why, sizeof(why));
	assert_int_equal(err, expected);
	if ((err == 0) != (why[0] == 0))
		fail_msg("%d: %s", err, why);
	return s;
}

struct seen {
	unsigned count;
	char text[4096];
	enum store_taken answer;
};

static enum store_taken note(void *arg, const char *part, uint16_t version, const void *data,
			     size_t len)
{
	struct seen *s = arg;
	size_t at = strlen(s->text);
	s->count++;
	if (len < 64)
		snprintf(s->text + at, sizeof(s->text) - at, "%s/%u=%.*s ", part, version, (int)len,
			 (const char *)data);
	return s->answer;
}

static struct seen read_all(struct store *s)
{
	struct seen seen = { .answer = STORE_TAKEN };
	store_read(s, note, &seen);
	return seen;
}

static void begin(struct store *s)
{
	char why[1200] = "";
	if (store_begin(s, &key, parts, 2, why, sizeof(why)) != 0)
		fail_msg("%s", why);
}

static void put(struct store *s, unsigned part, uint32_t slot, const char *text)
{
	store_put(s, part, slot, text, strlen(text));
}

static void commit(struct store *s)
{
	assert_true(store_commit(s));
	store_wait(s);
}

/* Two parts with an entry or two, as a process leaves them. */
static void write_some(void)
{
	struct store *s = try_open(0);
	begin(s);
	put(s, 0, 0, "zero");
	put(s, 0, 5, "five");
	put(s, 1, 0, "other");
	store_switch(s, 0);
	store_switch(s, 1);
	commit(s);
	store_close(s);
}

static bool exists(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", fx.folder, name);
	return access(path, F_OK) == 0;
}

static void what_was_put_is_read_by_the_next_process(void **state)
{
	struct hash_key found = { { 0, 0 } };
	struct store_stats stats;
	struct stat st;
	(void)state;
	write_some();
	assert_int_equal(stat(fx.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	struct store *s = try_open(0);
	assert_true(store_key(s, &found));
	assert_memory_equal(&found, &key, sizeof(key));
	struct seen seen = read_all(s);
	assert_string_equal(seen.text, "a.first/1=zero a.first/1=five b.second/3=other ");
	begin(s);
	put(s, 0, 0, "new");
	commit(s);
	store_stats(s, &stats);
	assert_true(stats.saved_ns > 0 && stats.bytes > 0 && stats.entries == 1);
	assert_int_equal(stats.errors, 0);
	assert_false(store_has_lost(s));
	store_close(s);
}

static void a_new_one_has_no_key(void **state)
{
	struct hash_key found;
	struct store *s = try_open(0);
	(void)state;
	assert_false(store_key(s, &found));
	assert_int_equal(read_all(s).count, 0);
	store_close(s);
}

static void until_a_part_is_whole_the_old_one_counts(void **state)
{
	(void)state;
	write_some();
	struct store *s = try_open(0);
	begin(s);
	put(s, 0, 0, "half");
	put(s, 1, 0, "whole");
	store_switch(s, 1);
	commit(s);
	store_close(s); /* killed here: part 0 was never whole */
	s = try_open(0);
	struct seen seen = read_all(s);
	assert_string_equal(seen.text, "a.first/1=zero a.first/1=five b.second/3=whole ");
	store_close(s);
}

static void what_is_dropped_is_gone(void **state)
{
	(void)state;
	struct store *s = try_open(0);
	begin(s);
	put(s, 0, 0, "zero");
	put(s, 0, 1, "one");
	store_switch(s, 0);
	commit(s);
	store_drop(s, 0, 0);
	put(s, 0, 1, "changed");
	commit(s);
	store_close(s);
	s = try_open(0);
	struct seen seen = read_all(s);
	assert_string_equal(seen.text, "a.first/1=changed ");
	store_close(s);
}

static void a_kill_loses_only_what_was_not_handed_over(void **state)
{
	int status;
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		struct store *s = try_open(0);
		begin(s);
		put(s, 0, 0, "saved");
		store_switch(s, 0);
		commit(s);
		put(s, 0, 1, "lost");
		_exit(kill(getpid(), SIGKILL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	struct store *s = try_open(0);
	struct seen seen = read_all(s);
	assert_string_equal(seen.text, "a.first/1=saved ");
	store_close(s);
}

static void a_second_process_is_refused(void **state)
{
	int status;
	(void)state;
	struct store *s = try_open(0);
	begin(s);
	pid_t child = fork();
	if (child == 0) {
		struct store_options o = { .directory = fx.folder, .max_bytes = MAX_BYTES };
		struct store *second = NULL;
		char why[512] = "";
		int err = store_open(&o, &second, why, sizeof(why));
		_exit(err == -EXF_E_LIMIT && strstr(why, "in use by another exfild") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	store_close(s);
}

static void set_bytes(long at, const char *bytes, size_t len)
{
	int fd = open(fx.path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
	close(fd);
}

static void a_file_that_is_no_database_is_set_aside(void **state)
{
	(void)state;
	write_some();
	set_bytes(0, "this is not a database of anybody", 33);
	struct store *s = try_open(0);
	assert_int_equal(read_all(s).count, 0);
	begin(s);
	store_close(s);
	assert_true(exists("state.db.damaged-1"));
	/* and a second time, beside the first */
	set_bytes(0, "neither is this", 15);
	s = try_open(0);
	begin(s);
	store_close(s);
	assert_true(exists("state.db.damaged-1") && exists("state.db.damaged-2"));
}

static void run_sql(const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(fx.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_wrong_checksum_costs_its_entry_alone(void **state)
{
	(void)state;
	write_some();
	run_sql("UPDATE entry SET value = 'zerO' WHERE CAST(value AS TEXT) = 'zero'");
	struct store *s = try_open(0);
	struct seen seen = read_all(s);
	assert_string_equal(seen.text, "a.first/1=five b.second/3=other ");
	begin(s);
	store_close(s);
	assert_true(exists("state.db.damaged-1"));
}

static void an_entry_in_another_place_is_damage(void **state)
{
	(void)state;
	write_some();
	run_sql("UPDATE entry SET id = id + 1 WHERE CAST(value AS TEXT) = 'zero'");
	struct store *s = try_open(0);
	assert_int_equal(read_all(s).count, 2);
	store_close(s);
}

static void what_its_reader_refuses_is_damage(void **state)
{
	(void)state;
	write_some();
	struct store *s = try_open(0);
	struct seen seen = { .answer = STORE_REFUSED };
	store_read(s, note, &seen);
	begin(s);
	store_close(s);
	assert_true(exists("state.db.damaged-1"));
}

static void a_newer_format_is_set_aside_unread(void **state)
{
	struct hash_key found;
	(void)state;
	write_some();
	run_sql("PRAGMA user_version = 2");
	struct store *s = try_open(0);
	assert_false(store_key(s, &found));
	assert_int_equal(read_all(s).count, 0);
	begin(s);
	store_close(s);
	assert_true(exists("state.db.newer-1") && exists("state.db"));
	assert_false(exists("state.db.damaged-1"));
}

static void a_part_of_a_newer_version_sets_the_file_aside(void **state)
{
	(void)state;
	write_some();
	struct store *s = try_open(0);
	struct seen seen = { .answer = STORE_NEWER };
	store_read(s, note, &seen);
	begin(s);
	store_close(s);
	assert_true(exists("state.db.newer-1"));
}

static void a_part_of_an_older_version_sets_the_file_aside(void **state)
{
	(void)state;
	write_some();
	struct store *s = try_open(0);
	struct seen seen = { .answer = STORE_OLDER };
	store_read(s, note, &seen);
	begin(s);
	store_close(s);
	assert_true(exists("state.db.older-1"));
}

static void foreign_tables_are_not_used(void **state)
{
	(void)state;
	write_some();
	run_sql("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM part; END");
	struct store *s = try_open(0);
	assert_int_equal(read_all(s).count, 0);
	begin(s);
	store_close(s);
	assert_true(exists("state.db.damaged-1"));
}

/* Every byte of the file, damaged in turn: no crash, no endless read, and a sound file after it. */
static void a_flipped_byte_anywhere_does_no_harm(void **state)
{
	struct stat st;
	char *good;
	(void)state;
	write_some();
	assert_int_equal(stat(fx.path, &st), 0);
	size_t size = (size_t)st.st_size;
	good = test_malloc(size);
	int fd = open(fx.path, O_RDONLY);
	assert_int_equal(read(fd, good, size), (ssize_t)size);
	close(fd);
	for (size_t at = 0; at < size; at += at < 200 ? 1 : 97) {
		set_bytes(0, good, size);
		char byte = (char)(good[at] ^ 0x41);
		set_bytes((long)at, &byte, 1);
		struct store *s = try_open(0);
		struct seen seen = read_all(s);
		assert_true(seen.count <= 3);
		begin(s);
		put(s, 0, 0, "after");
		store_switch(s, 0);
		store_switch(s, 1);
		commit(s);
		if (store_has_lost(s)) { /* found out only now */
			put(s, 0, 0, "after");
			store_switch(s, 0);
			store_switch(s, 1);
			commit(s);
			assert_false(store_has_lost(s));
		}
		store_close(s);
		s = try_open(0);
		seen = read_all(s);
		assert_string_equal(seen.text, "a.first/1=after ");
		store_close(s);
		each_file(remove_file);
		write_some();
	}
	test_free(good);
}

static void a_full_disk_is_counted_and_gone_on_from(void **state)
{
	struct store_options o = { .directory = fx.folder, .max_bytes = 30 * 4096 };
	struct store *s = NULL;
	struct store_stats stats;
	char why[512] = "";
	static char large[60000];
	(void)state;
	memset(large, 'x', sizeof(large));
	assert_int_equal(store_open(&o, &s, why, sizeof(why)), 0);
	begin(s);
	for (uint32_t i = 0; i < 10; i++)
		store_put(s, 0, i, large, sizeof(large));
	store_switch(s, 0);
	commit(s);
	store_stats(s, &stats);
	assert_true(stats.is_failing);
	assert_int_equal(stats.errors, 1);
	assert_true(store_has_lost(s));
	assert_false(store_has_lost(s));
	put(s, 0, 0, "small");
	store_switch(s, 0);
	commit(s);
	store_stats(s, &stats);
	assert_false(stats.is_failing);
	store_close(s);
	s = try_open(0);
	assert_string_equal(read_all(s).text, "a.first/1=small ");
	store_close(s);
}

static void parts_that_are_gone_leave_the_file(void **state)
{
	static const struct store_part one[] = { { "c.third", 1 } };
	char why[512];
	(void)state;
	write_some();
	struct store *s = try_open(0);
	assert_int_equal(read_all(s).count, 3);
	assert_int_equal(store_begin(s, &key, one, 1, why, sizeof(why)), 0);
	put(s, 0, 0, "third");
	store_switch(s, 0);
	commit(s);
	store_close(s);
	s = try_open(0);
	assert_string_equal(read_all(s).text, "c.third/1=third ");
	store_close(s);
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
	struct store_options o = { .directory = "/proc/no/such/folder", .max_bytes = MAX_BYTES };
	struct store *s = NULL;
	char why[512] = "";
	(void)state;
	assert_int_equal(store_open(&o, &s, why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "/proc/no/such/folder"));
	assert_null(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_was_put_is_read_by_the_next_process),
		TEST(a_new_one_has_no_key),
		TEST(until_a_part_is_whole_the_old_one_counts),
		TEST(what_is_dropped_is_gone),
		TEST(a_kill_loses_only_what_was_not_handed_over),
		TEST(a_second_process_is_refused),
		TEST(a_file_that_is_no_database_is_set_aside),
		TEST(a_wrong_checksum_costs_its_entry_alone),
		TEST(an_entry_in_another_place_is_damage),
		TEST(what_its_reader_refuses_is_damage),
		TEST(a_newer_format_is_set_aside_unread),
		TEST(a_part_of_a_newer_version_sets_the_file_aside),
		TEST(a_part_of_an_older_version_sets_the_file_aside),
		TEST(foreign_tables_are_not_used),
		TEST(a_flipped_byte_anywhere_does_no_harm),
		TEST(a_full_disk_is_counted_and_gone_on_from),
		TEST(parts_that_are_gone_leave_the_file),
		TEST(a_folder_that_cannot_be_made_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
