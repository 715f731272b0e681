/*
 * Holds the parser of requests: what it takes, what it refuses, every prefix of a good line.
 */
#include "../../../src/control/request.h"
#include "samples.h"

static const char *refused(const char *line)
{
	static struct request_error e;
	struct request r;
	assert_int_not_equal(request_parse(line, strlen(line), &r, &e), 0);
	assert_true(e.message[0]);
	return e.code;
}

static void test_good(void **state)
{
	static const char line[] = "{\"v\":1,\"id\":7,\"command\":\"flows\",\"args\":{\"limit\":20,"
				   "\"sort\":\"sent\",\"filter\":\"10.\",\"follow\":true,"
				   "\"minimum\":\"high\",\"kind\":\"dns\","
				   "\"to\":\"192.0.2.1\",\"alert\":\"abc\"}}";
	struct request r;
	struct request_error e;
	(void)state;
	assert_int_equal(request_parse(line, strlen(line), &r, &e), 0);
	assert_string_equal(r.command, "flows");
	assert_int_equal(r.id, 7);
	assert_true(r.has_id && r.follow);
	assert_int_equal(r.limit, 20);
	assert_string_equal(r.sort, "sent");
	assert_string_equal(r.filter, "10.");
	assert_string_equal(r.minimum, "high");
	assert_string_equal(r.kind, "dns");
	assert_string_equal(r.to, "192.0.2.1");
	assert_string_equal(r.alert, "abc");
	for (size_t i = 0; i < strlen(line); i++) {
		char *part = malloc(i ? i : 1); /* exact: the sanitizer sees a byte too far */
		memcpy(part, line, i);
		assert_int_not_equal(request_parse(part, i, &r, &e), 0);
		free(part);
	}
}

static void test_refused(void **state)
{
	(void)state;
	assert_string_equal(refused(""), "bad_request");
	assert_string_equal(refused("[]"), "bad_request");
	assert_string_equal(refused("{}"), "bad_version");
	assert_string_equal(refused("{\"v\":2,\"command\":\"status\"}"), "bad_version");
	assert_string_equal(refused("{\"v\":1}"), "bad_request");
	assert_string_equal(refused("{\"v\":1,\"command\":5}"), "bad_request");
	assert_string_equal(refused("{\"v\":1,\"id\":\"a\",\"command\":\"status\"}"),
			    "bad_request");
	assert_string_equal(refused("{\"v\":1,\"v\":1,\"command\":\"status\"}"), "bad_request");
	assert_string_equal(refused("{\"v\":1,\"command\":\"a\\nb\"}"), "bad_request");
	assert_string_equal(refused("{\"v\":1,\"command\":\"status\",\"args\":[]}"), "bad_request");
	assert_string_equal(refused("{\"v\":1,\"command\":\"a\",\"args\":{\"limit\":0}}"),
			    "bad_argument");
	assert_string_equal(refused("{\"v\":1,\"command\":\"a\",\"args\":{\"limit\":513}}"),
			    "bad_argument");
	assert_string_equal(refused("{\"v\":1,\"command\":\"a\",\"args\":{\"limit\":-1}}"),
			    "bad_argument");
	assert_string_equal(refused("{\"v\":1,\"command\":\"a\",\"args\":{\"x\":1}}"),
			    "bad_argument");
	assert_string_equal(refused("{\"v\":1,\"command\":\"a\",\"args\":{\"follow\":1}}"),
			    "bad_argument");
	assert_string_equal(refused("[[[[[[[[[[1]]]]]]]]]]"), "too_deep");
}

static void test_long_and_deep(void **state)
{
	struct request r;
	struct request_error e;
	char *deep = malloc(CONTROL_REQUEST_MAX + 1);
	(void)state;
	memset(deep, '[', CONTROL_REQUEST_MAX + 1);
	assert_int_not_equal(request_parse(deep, CONTROL_REQUEST_MAX, &r, &e), 0);
	assert_string_equal(e.code, "too_deep");
	assert_int_not_equal(request_parse(deep, CONTROL_REQUEST_MAX + 1, &r, &e), 0);
	assert_string_equal(e.code, "too_long");
	free(deep);
	/* brackets within a string are no levels */
	static const char text[] =
		"{\"v\":1,\"command\":\"status\",\"args\":{\"filter\":\"[[[[[[[[[[[[\"}}";
	assert_int_equal(request_parse(text, strlen(text), &r, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_and_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
