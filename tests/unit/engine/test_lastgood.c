/*
 * The copy for a start with a broken file: it comes back as it was, damaged it never runs, and it
 * is found where the broken file says, as far as that can be read.
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

#include "exfild/base/log.h"
#include "../../../src/engine/lastgood.h"

static char folder[64], copy[128], damaged[160], file[96], why[600];
static struct options options;

static void quiet(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static int setup(void **state)
{
	(void)state;
	log_set_sink(quiet, NULL);
	(void)snprintf(folder, sizeof(folder), "/tmp/exfild-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(copy, sizeof(copy), "%s/state/configuration.last-good", folder);
	(void)snprintf(damaged, sizeof(damaged), "%s.damaged", copy);
	(void)snprintf(file, sizeof(file), "%s/exfild.yaml", folder);
	options = (struct options){ .config_path = file };
	return 0;
}

static int teardown(void **state)
{
	char command[128];
	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
	log_set_sink(NULL, NULL);
	return 0;
}

static void put(const char *path, const void *data, size_t len)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_true(fwrite(data, 1, len, out) == len);
	assert_int_equal(fclose(out), 0);
}

static size_t get(const char *path, char *dst, size_t size)
{
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	size_t len = fread(dst, 1, size, in);
	fclose(in);
	return len;
}

static char *directory(void)
{
	static char path[96];
	(void)snprintf(path, sizeof(path), "%s/state", folder);
	return path;
}

/* Keeps what the text says. */
static void keep(const char *text)
{
	struct setup *s;
	assert_int_equal(setup_parse(&options, "t.yaml", text, strlen(text), &s, why, sizeof(why)),
			 0);
	assert_int_equal(lastgood_keep(directory(), s->config, why, sizeof(why)), 0);
	setup_drop(s);
}

static void it_comes_back_as_it_was(void **state)
{
	(void)state;
	struct stat st;
	struct setup *s;
	keep("state: {directory: state}\nalerts: {merge: 2h}\n"
	     "detectors: {dns_tunnel: {enabled: false, daily_bytes: 777}}\n"
	     "exceptions: [{port: 7, reason: \"a \\\"b\\\"\", expires: 2099-01-01}]\n");
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* YAML that is broken beyond the lines of state */
	static const char broken[] = "alerts: {\nstate:\n  directory: state\n# x\n  y: [\nlog: }\n";
	static const char good_state[] = "%%%\nstate:\n  directory: state\n\nlog: }\n";
	put(file, broken, strlen(broken));
	/* it looks where the state is by default: where exfild runs, one lies there */
	if (access("/var/lib/exfild", F_OK) != 0)
		assert_true(lastgood_load(&options, file, &s, why, sizeof(why)) < 0);
	put(file, good_state, strlen(good_state));
	assert_int_equal(lastgood_load(&options, file, &s, why, sizeof(why)), 0);
	assert_int_equal(s->config->alerts.merge_s, 7200);
	assert_int_equal(s->config->exception_count, 1);
	assert_string_equal(s->config->exceptions[0].reason, "a \"b\"");
	size_t at = 0;
	while (at < s->config->section_count &&
	       strcmp(s->config->sections[at].name, "dns_tunnel") != 0)
		at++;
	assert_true(at < s->config->section_count);
	assert_false(s->config->sections[at].enabled);
	setup_drop(s);
}

static void set_names_it_too(void **state)
{
	(void)state;
	struct setup *s;
	char set[128];
	keep("alerts: {merge: 3h}\n");
	put(file, "]", 1);
	(void)snprintf(set, sizeof(set), "state.directory=%s", directory());
	options.sets[0] = set;
	options.set_count = 1;
	assert_int_equal(lastgood_load(&options, file, &s, why, sizeof(why)), 0);
	assert_int_equal(s->config->alerts.merge_s, 3 * 3600);
	setup_drop(s);
	options.sets[0] = "alerts.merge=never";
	assert_true(lastgood_load(&options, file, &s, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, "alerts.merge"));
}

static void refused(const void *data, size_t len, const char *word)
{
	struct buf out;
	buf_init(&out, LASTGOOD_MAX);
	put(copy, data, len);
	(void)unlink(damaged);
	assert_true(lastgood_read(directory(), &out, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, word));
	assert_int_equal(out.len, 0);
	buf_deinit(&out);
}

static void damaged_at_any_byte_it_is_set_aside(void **state)
{
	(void)state;
	static char text[1 << 17], bad[1 << 17];
	keep("");
	size_t len = get(copy, text, sizeof(text));
	assert_in_range(len, 1000, sizeof(text) - 1);
	for (size_t n = 0; n < len; n += n < 200 ? 1 : 997) {
		refused(text, n, "is damaged");
		assert_int_equal(access(damaged, F_OK), 0);
		assert_int_not_equal(access(copy, F_OK), 0);
	}
	for (size_t n = 0; n < len; n += n < 200 ? 1 : 997) {
		memcpy(bad, text, len);
		bad[n] ^= 4;
		struct buf out;
		buf_init(&out, LASTGOOD_MAX);
		put(copy, bad, len);
		assert_true(lastgood_read(directory(), &out, why, sizeof(why)) < 0);
		buf_deinit(&out);
	}
	refused("", 0, "is damaged");
}

static void of_a_newer_version_it_is_left_alone(void **state)
{
	(void)state;
	static const char newer[] =
		"# exfild last good configuration, format 9, sum 0000000000000000\n";
	keep("");
	refused(newer, strlen(newer), "newer version");
	assert_int_equal(access(copy, F_OK), 0);
	assert_int_not_equal(access(damaged, F_OK), 0);
}

static void without_one_there_is_a_sentence(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, LASTGOOD_MAX);
	assert_true(lastgood_read(directory(), &out, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, "No such file"));
	buf_deinit(&out);
}

static void what_cannot_be_written_leaves_the_old(void **state)
{
	(void)state;
	struct setup *s;
	char fresh[160];
	static char before[1 << 17], after[1 << 17];
	keep("alerts: {merge: 5h}\n");
	size_t len = get(copy, before, sizeof(before));
	(void)snprintf(fresh, sizeof(fresh), "%s.new", copy);
	assert_int_equal(mkdir(fresh, 0700), 0); /* where the new one would be written */
	assert_int_equal(setup_parse(&options, "t.yaml", "", 0, &s, why, sizeof(why)), 0);
	assert_true(lastgood_keep(directory(), s->config, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, "cannot create"));
	setup_drop(s);
	assert_int_equal(get(copy, after, sizeof(after)), len);
	assert_memory_equal(before, after, len);
	assert_int_equal(rmdir(fresh), 0);
}

static void the_last_to_drop_frees(void **state)
{
	(void)state;
	struct setup *s;
	assert_int_equal(setup_load(&options, NULL, &s, why, sizeof(why)), 0);
	assert_ptr_equal(setup_hold(s), s);
	setup_drop(s);
	assert_int_equal(s->config->alerts.merge_s, 3600); /* still there */
	setup_drop(s);
	setup_drop(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(it_comes_back_as_it_was),
		TEST(set_names_it_too),
		TEST(damaged_at_any_byte_it_is_set_aside),
		TEST(of_a_newer_version_it_is_left_alone),
		TEST(without_one_there_is_a_sentence),
		TEST(what_cannot_be_written_leaves_the_old),
		TEST(the_last_to_drop_frees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
