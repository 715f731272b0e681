/*
 * unit/inspect/test_http_auth.c - log-ins by HTTP, with their outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector http_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &http_inspector, PROTO_TCP, 40000, 8000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void client(const char *text)
{
	(void)harness_stream(&h, true, text, strlen(text));
}

static void ask(const char *field)
{
	char text[1024];
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", field);
	client(text);
}

static void post(const char *body)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: "
		 "application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
		 strlen(body), body);
	client(text);
}

static void answer(const char *status)
{
	char text[256];
	snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status);
	(void)harness_stream(&h, false, text, strlen(text));
}

static unsigned logins(void)
{
	return harness_count(&h, EVENT_LOGIN);
}

static const struct event_login *login(unsigned n)
{
	const struct event_login *e = harness_event(&h, EVENT_LOGIN, n);
	assert_non_null(e);
	return e;
}

/* alice:secret, alice:other */
#define BASIC "Authorization: Basic YWxpY2U6c2VjcmV0"
#define OTHER "Authorization: Basic YWxpY2U6b3RoZXI="

static void basic_is_told_with_its_outcome(void **state)
{
	(void)state;
	ask(BASIC);
	assert_int_equal(logins(), 0);
	answer("401 Unauthorized");
	assert_int_equal(logins(), 1);
	assert_int_equal(login(0)->outcome, LOGIN_FAILURE);
	assert_int_equal(login(0)->method, LOGIN_PASSWORD);
	assert_true(login(0)->secret_mark != 0);
	assert_true(harness_str_is(login(0), &login(0)->user, "alice"));
	assert_true(harness_str_is(login(0), &login(0)->service, "http"));
	uint8_t mark = login(0)->secret_mark;
	ask(OTHER);
	answer("200 OK");
	assert_int_equal(logins(), 2);
	assert_int_equal(login(1)->outcome, LOGIN_SUCCESS);
	assert_true(login(1)->secret_mark != mark);
}

static void the_same_success_is_told_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		ask(BASIC);
		answer("200 OK");
	}
	assert_int_equal(logins(), 1);
	ask(BASIC);
	answer("401 Unauthorized");
	assert_int_equal(logins(), 2);
}

static void what_tells_nothing_is_unknown(void **state)
{
	(void)state;
	ask(BASIC);
	answer("503 Service Unavailable");
	assert_int_equal(login(0)->outcome, LOGIN_UNKNOWN);
}

static void a_proxy_has_its_own(void **state)
{
	(void)state;
	ask("Proxy-Authorization: Basic YWxpY2U6c2VjcmV0");
	answer("407 Proxy Authentication Required");
	assert_int_equal(login(0)->outcome, LOGIN_FAILURE);
	assert_true(harness_str_is(login(0), &login(0)->service, "http-proxy"));
}

static void digest_names_the_account(void **state)
{
	(void)state;
	ask("Authorization: Digest username=\"bob\", realm=\"x\", nonce=\"1\", uri=\"/\", "
	    "response=\"6629fae49393a05397450978507c4ef1\"");
	answer("401 Unauthorized");
	assert_int_equal(login(0)->method, LOGIN_HASH);
	assert_int_equal(login(0)->secret_mark, 0);
	assert_true(harness_str_is(login(0), &login(0)->user, "bob"));
}

/* Type 3 of NTLM, user "al" as UTF-16, an answer of 24 bytes that begins with 1 to 8. */
static void ntlm_is_told_at_its_last_turn(void **state)
{
	(void)state;
	ask("Authorization: NTLM TlRMTVNTUAABAAAAB4IIAAAAAAAAAAAAAAAAAAAAAAA=");
	answer("401 Unauthorized");
	assert_int_equal(logins(), 0);
	ask("Authorization: NTLM TlRMTVNTUAADAAAAAAAAAEAAAAAYABgAQAAAAAAAAABYAAAABAAEAFgAAAAAAAAAXA"
	    "AAAAAAAABcAAAABYIIAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGGEAbAA=");
	answer("200 OK");
	assert_int_equal(logins(), 1);
	assert_int_equal(login(0)->method, LOGIN_HASH);
	assert_true(login(0)->proof == 0x0102030405060708ull);
	assert_true(harness_str_is(login(0), &login(0)->user, "al"));
}

static void forms_are_told(void **state)
{
	(void)state;
	post("username=alice&password=secret&go=1");
	answer("302 Found");
	assert_int_equal(login(0)->outcome, LOGIN_UNKNOWN);
	assert_true(harness_str_is(login(0), &login(0)->service, "http-form"));
	post("log=alice&pwd=x");
	answer("403 Forbidden");
	assert_int_equal(login(1)->outcome, LOGIN_FAILURE);
	post("q=alice&page=2");
	answer("200 OK");
	post("username=alice");
	answer("200 OK");
	assert_int_equal(logins(), 2);
}

static void nonsense_is_passed_over(void **state)
{
	static const char *const fields[] = {
		"Authorization: Basic",
		"Authorization: Basic !!!!",
		"Authorization: Basic YWxpY2U=",
		"Authorization: Digest realm=\"x\"",
		"Authorization: Digest username=\"x",
		"Authorization: NTLM TlRMTVNTUAAD",
		"Authorization: Bearer abcdef",
		"Authorization: Negotiate ",
		"Authorization:",
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		ask(fields[i]);
		answer("401 Unauthorized");
	}
	assert_int_equal(logins(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(basic_is_told_with_its_outcome),
		TEST(the_same_success_is_told_once),
		TEST(what_tells_nothing_is_unknown),
		TEST(a_proxy_has_its_own),
		TEST(digest_names_the_account),
		TEST(ntlm_is_told_at_its_last_turn),
		TEST(forms_are_told),
		TEST(nonsense_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
