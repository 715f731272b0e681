/*
 * Messages that are signed, of now and new, and those that are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/inbox/seal.h"

#define KEY   "0123456789abcdef0123456789abcdef"
#define NOW   1700000000u
#define NONCE "aaaaaaaaaaaaaaaa"

struct letter {
	struct redis_entry e;
	char time[24], nonce[80], mac[80];
	char *body;
};

static void put(struct letter *l, size_t i, const char *name, const char *value, size_t len)
{
	l->e.names[i] = (struct redis_text){ name, strlen(name) };
	l->e.values[i] = (struct redis_text){ value, len };
}

/* A good message of this time and nonce. */
static void write_letter(struct letter *l, const char *stream, uint64_t time_s, const char *nonce,
			 char *body)
{
	memset(l, 0, sizeof(*l));
	snprintf(l->time, sizeof(l->time), "%llu", (unsigned long long)time_s);
	snprintf(l->nonce, sizeof(l->nonce), "%s", nonce);
	l->body = body;
	seal_sign(KEY, stream, l->time, l->nonce, body, strlen(body), l->mac);
	l->e.field_count = 4;
	put(l, 0, "time", l->time, strlen(l->time));
	put(l, 1, "nonce", l->nonce, strlen(l->nonce));
	put(l, 2, "body", body, strlen(body));
	put(l, 3, "mac", l->mac, strlen(l->mac));
}

static struct seal *make(void)
{
	struct seal *s;
	assert_int_equal(seal_new(KEY, 60, &s), 0);
	return s;
}

static enum seal_verdict judge(struct seal *s, const struct letter *l, uint64_t now_s)
{
	struct redis_text body;
	return seal_check(s, "intel", &l->e, now_s, &body);
}

/* By `printf 'intel\n1700000000\naaaaaaaaaaaaaaaa\n{}' | openssl dgst -sha256 -hmac KEY`. */
static void the_mac_is_that_of_openssl(void **state)
{
	char mac[65], command[300], said[200] = "";
	(void)state;
	seal_sign(KEY, "intel", "1700000000", NONCE, "{}", 2, mac);
	snprintf(command, sizeof(command),
		 "printf 'intel\\n1700000000\\n" NONCE "\\n{}' | openssl dgst -sha256 -hmac " KEY);
	FILE *in = popen(command, "r");
	assert_non_null(in);
	assert_non_null(fgets(said, sizeof(said), in));
	pclose(in);
	assert_non_null(strstr(said, mac));
}

static void one_that_is_good_passes_once(void **state)
{
	struct seal *s = make();
	struct letter l;
	struct redis_text body;
	char text[] = "{\"add\":[]}";
	(void)state;
	write_letter(&l, "intel", NOW, NONCE, text);
	assert_int_equal(seal_check(s, "intel", &l.e, NOW, &body), SEAL_GOOD);
	assert_int_equal(body.len, strlen(text));
	assert_int_equal(judge(s, &l, NOW), SEAL_REPLAYED);
	assert_int_equal(judge(s, &l, NOW + 60), SEAL_REPLAYED);
	assert_int_equal(judge(s, &l, NOW + 61), SEAL_STALE);
	write_letter(&l, "intel", NOW, "bbbbbbbbbbbbbbbb", text);
	assert_int_equal(judge(s, &l, NOW), SEAL_GOOD);
	seal_free(s);
}

static void the_window_has_two_ends(void **state)
{
	struct seal *s = make();
	struct letter l;
	char text[] = "{}";
	(void)state;
	write_letter(&l, "intel", NOW, NONCE, text);
	assert_int_equal(judge(s, &l, NOW - 61), SEAL_STALE);
	assert_int_equal(judge(s, &l, NOW + 61), SEAL_STALE);
	assert_int_equal(judge(s, &l, NOW - 60), SEAL_GOOD);
	seal_free(s);
}

/* Whatever single byte differs, it is forged or no message. */
static void each_byte_counts(void **state)
{
	struct seal *s = make();
	struct letter l;
	char text[] = "{\"add\": [\"203.0.113.9\"]}";
	(void)state;
	write_letter(&l, "intel", NOW, NONCE, text);
	char *parts[] = { l.time, l.nonce, text, l.mac };
	for (size_t p = 0; p < 4; p++)
		for (size_t i = 0; parts[p][i]; i++) {
			parts[p][i] ^= 1;
			enum seal_verdict v = judge(s, &l, NOW);
			assert_true(v == SEAL_FORGED || v == SEAL_MALFORMED);
			parts[p][i] ^= 1;
		}
	write_letter(&l, "identity", NOW, NONCE, text);
	assert_int_equal(judge(s, &l, NOW), SEAL_FORGED);
	write_letter(&l, "intel", NOW, NONCE, text);
	assert_int_equal(judge(s, &l, NOW), SEAL_GOOD);
	seal_free(s);
}

static void what_has_other_fields_is_no_message(void **state)
{
	struct seal *s = make();
	struct letter l;
	char text[] = "{}", large[SEAL_BODY + 2];
	(void)state;
	for (size_t n = 0; n < 4; n++) {
		write_letter(&l, "intel", NOW, NONCE, text);
		l.e.field_count = n;
		assert_int_equal(judge(s, &l, NOW), SEAL_MALFORMED);
		write_letter(&l, "intel", NOW, NONCE, text);
		put(&l, n, n ? "time" : "mac", "x", 1);
		assert_int_equal(judge(s, &l, NOW), SEAL_MALFORMED);
	}
	write_letter(&l, "intel", NOW, "short", text);
	assert_int_equal(judge(s, &l, NOW), SEAL_MALFORMED);
	write_letter(&l, "intel", NOW, "a nonce with a blank", text);
	assert_int_equal(judge(s, &l, NOW), SEAL_MALFORMED);
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	write_letter(&l, "intel", NOW, NONCE, large);
	assert_int_equal(judge(s, &l, NOW), SEAL_OVERSIZED);
	large[SEAL_BODY] = '\0';
	write_letter(&l, "intel", NOW, NONCE, large);
	assert_int_equal(judge(s, &l, NOW), SEAL_GOOD);
	seal_free(s);
}

/* A full table refuses, and has room again when its nonces do not count any more. */
static void nonces_are_bounded(void **state)
{
	struct seal *s = make();
	struct letter l;
	char text[] = "{}", nonce[40];
	(void)state;
	for (unsigned i = 0; i < SEAL_NONCES; i++) {
		snprintf(nonce, sizeof(nonce), "nonce-number-%08u", i);
		write_letter(&l, "intel", NOW, nonce, text);
		assert_int_equal(judge(s, &l, NOW), SEAL_GOOD);
	}
	write_letter(&l, "intel", NOW, NONCE, text);
	assert_int_equal(judge(s, &l, NOW), SEAL_FULL);
	write_letter(&l, "intel", NOW + 61, NONCE, text);
	assert_int_equal(judge(s, &l, NOW + 61), SEAL_GOOD);
	seal_free(s);
}

static void places_and_nonces_outlive_the_process(void **state)
{
	char folder[] = "/tmp/exfild-seal-XXXXXX", path[64], line[100];
	struct redis_place places[2] = { { "exfild:intel", "1700000000000-5" },
					 { "exfild:identity", "0-0" } };
	struct redis_place again[2] = { { "exfild:identity", "7-7" }, { "exfild:intel", "0-0" } };
	struct seal *s = make();
	struct letter l;
	char text[] = "{}";
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/messages.txt", folder);
	write_letter(&l, "intel", NOW, NONCE, text);
	assert_int_equal(judge(s, &l, NOW), SEAL_GOOD);
	assert_int_equal(seal_save(s, path, places, 2, NOW), 0);
	seal_free(s);
	FILE *f = fopen(path, "ae");
	fputs("last\nlast x\nlast exfild:intel no-id\nnonce\nnonce x\nnonce 1 short\n\n", f);
	fclose(f);
	s = make();
	seal_load(s, path, again, 2);
	assert_string_equal(again[0].last, "0-0");
	assert_string_equal(again[1].last, "1700000000000-5");
	assert_int_equal(judge(s, &l, NOW), SEAL_REPLAYED);
	seal_free(s);
	s = make();
	seal_load(s, "/nonexistent", again, 2);
	assert_int_equal(seal_save(s, "/nonexistent/x", places, 2, NOW), -EXF_E_IO);
	seal_free(s);
	snprintf(line, sizeof(line), "%s", path);
	unlink(line);
	rmdir(folder);
}

static void keys_of_files(void **state)
{
	char path[] = "/tmp/exfild-key-XXXXXX", key[SEAL_KEY_MAX + 2], why[300];
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(seal_read_key(path, key, sizeof(key), why, sizeof(why)), -EXF_E_INVALID);
	assert_non_null(strstr(why, "empty"));
	assert_int_equal(write(fd, "short\n", 6), 6);
	assert_int_equal(seal_read_key(path, key, sizeof(key), why, sizeof(why)), -EXF_E_INVALID);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, KEY "\nrest\n", 38, 0), 38);
	assert_int_equal(seal_read_key(path, key, sizeof(key), why, sizeof(why)), 0);
	assert_string_equal(key, KEY);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(seal_read_key(path, key, sizeof(key), why, sizeof(why)), -EXF_E_INVALID);
	assert_non_null(strstr(why, "chmod"));
	close(fd);
	unlink(path);
	assert_int_equal(seal_read_key(path, key, sizeof(key), why, sizeof(why)), -EXF_E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mac_is_that_of_openssl),
		cmocka_unit_test(one_that_is_good_passes_once),
		cmocka_unit_test(the_window_has_two_ends),
		cmocka_unit_test(each_byte_counts),
		cmocka_unit_test(what_has_other_fields_is_no_message),
		cmocka_unit_test(nonces_are_bounded),
		cmocka_unit_test(places_and_nonces_outlive_the_process),
		cmocka_unit_test(keys_of_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
