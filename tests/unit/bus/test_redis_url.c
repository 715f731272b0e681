#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/bus/redis_url.h"

struct good {
	const char *url, *host;
	bool is_unix;
	unsigned port, db;
	const char *username, *password, *printed;
};

static const struct good goods[] = {
	{ "redis://127.0.0.1", "127.0.0.1", false, 6379, 0, "", "", "127.0.0.1:6379" },
	{ "redis://siem.lan:6380/4", "siem.lan", false, 6380, 4, "", "", "siem.lan:6380" },
	{ "redis://h/", "h", false, 6379, 0, "", "", "h:6379" },
	{ "redis://[::1]:7000/1", "::1", false, 7000, 1, "", "", "[::1]:7000" },
	{ "redis://[fe80::1]", "fe80::1", false, 6379, 0, "", "", "[fe80::1]:6379" },
	{ "redis://:pw@h", "h", false, 6379, 0, "", "pw", "h:6379" },
	{ "redis://user:p%40%3aw@h:1", "h", false, 1, 0, "user", "p@:w", "h:1" },
	{ "redis://user:p@w:x@h", "h", false, 6379, 0, "user", "p@w:x", "h:6379" },
	{ "redis://user@h", "h", false, 6379, 0, "user", "", "h:6379" },
	{ "unix:///run/redis.sock", "/run/redis.sock", true, 0, 0, "", "", "/run/redis.sock" },
	{ "unix:///a%20b?db=7", "/a b", true, 0, 7, "", "", "/a b" },
	{ "unix://u:p@/s", "/s", true, 0, 0, "u", "p", "/s" },
};

static const char *const bads[][2] = {
	{ "", "starts with redis://" },
	{ "localhost:6379", "starts with redis://" },
	{ "http://h", "starts with redis://" },
	{ "redis://", "host is missing" },
	{ "redis://:80", "host is missing" },
	{ "redis://h:0", "port" },
	{ "redis://h:65536", "port" },
	{ "redis://h:", "port" },
	{ "redis://h:6379x", "port" },
	{ "redis://[::1", "] after" },
	{ "redis://[::1]x", "only :port" },
	{ "redis://h/x", "database" },
	{ "redis://h/-1", "database" },
	{ "redis://h/123456789012345678901234", "database" },
	{ "redis://u:%4@h", "broken %XX" },
	{ "redis://u:%zz@h", "broken %XX" },
	{ "redis://u:%00@h", "broken %XX" },
	{ "unix://", "full path" },
	{ "unix://run/x", "full path" },
	{ "unix:///x?database=1", "only ?db=N" },
	{ "unix:///x?db=", "only ?db=N" },
	{ "unix:///x?db=a", "must be a number" },
};

static void good_urls_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		const struct good *g = &goods[i];
		struct redis_url u;
		char why[200], text[300];
		if (redis_url_parse(g->url, &u, why, sizeof(why)) < 0)
			fail_msg("%s: %s", g->url, why);
		assert_int_equal(u.is_unix, g->is_unix);
		assert_string_equal(u.host, g->host);
		assert_int_equal(u.port, g->port);
		assert_int_equal(u.db, g->db);
		assert_string_equal(u.username, g->username);
		assert_string_equal(u.password, g->password);
		assert_string_equal(redis_url_print(&u, text, sizeof(text)), g->printed);
	}
}

static void bad_urls_get_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct redis_url u;
		char why[200] = "";
		assert_int_equal(redis_url_parse(bads[i][0], &u, why, sizeof(why)), -EXF_E_INVALID);
		if (!strstr(why, bads[i][1]))
			fail_msg("%s: %s", bads[i][0], why);
	}
}

static void long_parts_are_refused(void **state)
{
	static const char *const forms[] = { "redis://%s", "redis://u:%s@h", "redis://%s:p@h",
					     "unix:///%s" };
	char part[600], url[700], why[200];
	struct redis_url u;
	(void)state;
	memset(part, 'x', sizeof(part) - 1);
	part[sizeof(part) - 1] = '\0';
	for (size_t i = 0; i < 4; i++) {
		const char *at = strstr(forms[i], "%s");
		snprintf(url, sizeof(url), "%.*s%s%s", (int)(at - forms[i]), forms[i], part,
			 at + 2);
		assert_int_equal(redis_url_parse(url, &u, why, sizeof(why)), -EXF_E_INVALID);
	}
}

static void tls_is_told_apart(void **state)
{
	struct redis_url u;
	char why[200];
	(void)state;
	assert_int_equal(redis_url_parse("rediss://u:geheim@h/2", &u, why, sizeof(why)), 0);
	assert_true(u.is_tls);
	assert_string_equal(u.host, "h");
	assert_int_equal(u.db, 2);
	assert_int_equal(redis_url_parse("redis://h", &u, why, sizeof(why)), 0);
	assert_false(u.is_tls);
	assert_int_equal(redis_url_parse("rediss://u:geheim@", &u, why, sizeof(why)),
			 -EXF_E_INVALID);
	assert_null(strstr(why, "geheim"));
}

static void every_cut_of_a_url_is_survived(void **state)
{
	static const char url[] = "redis://us%65r:p%40w@[2001:db8::1]:6379/12";
	char cut[sizeof(url)], why[200];
	struct redis_url u;
	(void)state;
	for (size_t n = 0; n < sizeof(url); n++) {
		memcpy(cut, url, n);
		cut[n] = '\0';
		(void)!redis_url_parse(cut, &u, why, sizeof(why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_urls_are_taken_apart),
		cmocka_unit_test(bad_urls_get_a_sentence),
		cmocka_unit_test(long_parts_are_refused),
		cmocka_unit_test(tls_is_told_apart),
		cmocka_unit_test(every_cut_of_a_url_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
