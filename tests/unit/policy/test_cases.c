/*
 * The table of cases: tests/policy/cases.yaml over the example, and what is wrong with a table.
 */
#include <unistd.h>

#include "exfild/policy/cases.h"
#include "places.h"
#include "policies.h"

static void test_the_example_decides_as_it_says(void **state)
{
	(void)state;
	struct policy_cases c = { .out = stdout };
	char why[800] = "";
	if (policy_cases_cover(&c, EXFILD_SOURCE_DIR "/tests/policy/cases.yaml", why,
			       sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_int_equal(c.wrong, 0);
	assert_true(c.count >= 30);
}

static const char *write_file(const char *text)
{
	static char path[] = "/tmp/exfild-cases-XXXXXX";
	snprintf(path, sizeof(path), "/tmp/exfild-cases-XXXXXX");
	int fd = mkstemp(path);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	return path;
}

static const char *const policies[] = { EXFILD_SOURCE_DIR "/data/policy.yaml" };

static void test_a_wrong_expectation_is_said(void **state)
{
	(void)state;
	static const char *const wants[][2] = {
		{ "{policy: lateral}", "policy dns-tunnel decides, not lateral" },
		{ "{action: block}", "the action is quarantine, not block" },
		{ "{ttl: 2h}", "the time to live is 3600 s, not 2h" },
		{ "{refused: a drill}", "it is asked for, not refused because of 'a drill'" },
	};
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		char text[600], why[800] = "", *said = NULL;
		size_t len = 0;
		snprintf(
			text, sizeof(text),
			"cases: [{name: n, alert: {rule: dns_tunnel, severity: high, src: 10.0.0.1, "
			"direction: outbound, proof: answered}, expect: %s}]\n",
			wants[i][0]);
		struct policy_cases c = { .policies = policies,
					  .policy_count = 1,
					  .out = open_memstream(&said, &len) };
		const char *path = write_file(text);
		assert_int_equal(policy_cases_run(&c, path, why, sizeof(why)), 0);
		fclose(c.out);
		unlink(path);
		assert_int_equal(c.wrong, 1);
		if (!strstr(said, wants[i][1]))
			fail_msg("'%s' came to '%s'", wants[i][0], said);
		free(said);
	}
}

static void test_a_wrong_table_is_said(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "- 1\n", "is a map with 'cases'" },
		{ "cases: []\n", "'cases' is a list" },
		{ "case: []\n", "'case' is no key" },
		{ "cases: [{name: n}]\n", "a case is a map with" },
		{ "cases: [{name: n, alert: {rul: a}, expect: {policy: none}}]\n",
		  "events of kind alert have no field rul" },
		{ "cases: [{name: n, alert: {src: here}, expect: {policy: none}}]\n",
		  "the field src cannot have this value" },
		{ "cases: [{name: n, alert: {rule: a}, expect: {polici: none}}]\n",
		  "'polici' is no key of 'expect'" },
		{ "cases: [{name: n, alert: {rule: a}, expects: {policy: none}}]\n",
		  "a case is a map with" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_cases c = { .policies = policies, .policy_count = 1, .out = stdout };
		char why[800] = "";
		const char *path = write_file(rows[i][0]);
		assert_int_not_equal(policy_cases_run(&c, path, why, sizeof(why)), 0);
		if (!strstr(why, rows[i][1]) || strncmp(why, path, strlen(path)) != 0)
			fail_msg("'%s' came to '%s'", rows[i][0], why);
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_example_decides_as_it_says),
		cmocka_unit_test(test_a_wrong_expectation_is_said),
		cmocka_unit_test(test_a_wrong_table_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
