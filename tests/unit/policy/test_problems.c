/*
 * What is wrong with a policy is said with its place, and nothing of the file is taken.
 */
#include "places.h"
#include "policies.h"

#define HEAD        "title: t\n" LOGSOURCE "detection: {s: {rule: a}, condition: s}\n"
#define BLOCK(text) HEAD "exfild: {" text "}\n"

static const struct {
	const char *text, *want;
} rows[] = {
	{ HEAD, "p.yaml:1:1: the policy 't' lacks its 'exfild' block" },
	{ "title: t\nlogsource: {category: dns}\ndetection: {s: {query: a}, condition: s}\n"
	  "exfild: {action: label}\n",
	  "a policy looks at alerts" },
	{ "title: t\ncorrelation: {type: event_count}\nexfild: {action: label}\n",
	  "a policy is no correlation" },
	{ HEAD "exfild: block\n", "'exfild' is a map" },
	{ BLOCK("target: source"), "needs an 'action'" },
	{ BLOCK("action: quarantin"), "p.yaml:4:18: 'action' is label, alert, rate_limit, "
				      "quarantine or block; did you mean 'quarantine'?" },
	{ BLOCK("action: [label]"), "'action' is" },
	{ BLOCK("acton: label"), "'acton' is no key of 'exfild'; did you mean 'action'?" },
	{ BLOCK("action: block, target: nobody"), "'target' is source, destination or pair" },
	{ BLOCK("action: block, ttl: soon"), "'ttl' is a duration" },
	{ BLOCK("action: block, ttl: 31d"), "to 30 days" },
	{ BLOCK("action: block, ttl: 0s"), "'ttl' is a duration" },
	{ BLOCK("action: block, shared: maybe"), "'shared' is true or false" },
	{ BLOCK("action: alert, escalate: often"), "'escalate' is a map" },
	{ BLOCK("action: alert, escalate: {action: block}"), "needs 'within'" },
	{ BLOCK("action: alert, escalate: {within: 1h}"), "changes nothing" },
	{ BLOCK("action: alert, escalate: {within: 1h, action: block, repeats: 0}"),
	  "'repeats' is a number from 1 to 7" },
	{ BLOCK("action: alert, escalate: {within: 1h, action: block, repeat: 1}"),
	  "'repeat' is no key of 'escalate'; did you mean 'repeats'?" },
	{ BLOCK("action: alert, escalate: [{within: 1h, ttl: 1h}, {within: 1h, ttl: 2h}, "
		"{within: 1h, ttl: 3h}, {within: 1h, ttl: 4h}, {within: 1h, ttl: 5h}]"),
	  "more than 4 steps" },
	{ BLOCK("action: alert, require: dns_tunnel"), "'require' is a map" },
	{ BLOCK("action: alert, require: {rule: dns_tunnel}"), "'require' needs 'within'" },
	{ BLOCK("action: alert, require: {rule: '', within: 1h}"), "'rule' is the rule.id" },
	{ BLOCK("action: alert, require: {severity: hi, within: 1h}"), "'severity' is low" },
	{ BLOCK("action: alert, require: {category: exfill, within: 1h}"),
	  "did you mean 'exfil'?" },
	{ BLOCK("action: rate_limit, target: pair"), "'rate_limit' slows down a source" },
	{ BLOCK("action: label, target: pair, escalate: {within: 1h, action: rate_limit}"),
	  "'rate_limit' slows down a source" },
	{ "title: t\n" LOGSOURCE
	  "detection: {s: {rul: a}, condition: s}\nexfild: {action: label}\n",
	  "the field 'rul' is not seen in alert events; seen are" },
	{ "title: t\n" LOGSOURCE "detection: {s: {rule: a}, condition: x}\n"
	  "exfild: {action: label}\n",
	  "no such search" },
	{ "title: t\nname: n\n" LOGSOURCE "detection: {s: {rule: a}, condition: s}\n"
	  "exfild: {action: label}\n---\n"
	  "title: u\nname: n\n" LOGSOURCE "detection: {s: {rule: a}, condition: s}\n"
	  "exfild: {action: label}\n",
	  "p.yaml:7:1: the name 'n' is taken, by p.yaml:1" },
	{ "title: [\n", "p.yaml:" },
};

static void test_each_is_said_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy *p = NULL;
		char why[800] = "";
		const char *text = rows[i].text;
		assert_int_equal(
			policy_parse("p.yaml", text, strlen(text), "UTC", &p, why, sizeof(why)),
			-EXF_E_INVALID);
		assert_null(p);
		if (!strstr(why, rows[i].want) || strncmp(why, "p.yaml:", 7) != 0)
			fail_msg("'%s' came to '%s', not to '%s'", text, why, rows[i].want);
	}
}

/* Cut anywhere, a file is sound or an error; it never ends up as half a policy. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	static const char text[] = POLICY("one", "severity|gte: 73",
					  "action: quarantine, ttl: 1h, escalate: "
					  "{within: 1d, repeats: 2, ttl: 4h}, require: "
					  "{rule: 'intel:*', within: 1h}");
	for (size_t len = 0; len < sizeof(text); len++) {
		struct policy *p = NULL;
		char why[800] = "";
		int err = policy_parse("p.yaml", text, len, "UTC", &p, why, sizeof(why));
		if (err == 0) {
			assert_true(policy_count(p) == 0 ||
				    policy_rule_at(p, 0)->action == POLICY_QUARANTINE);
			policy_free(p);
		} else {
			assert_int_equal(strncmp(why, "p.yaml:", 7), 0);
		}
	}
}

static void test_a_signature_is_no_policy(void **state)
{
	(void)state;
	static const char with_block[] =
		"title: t\nlogsource: {category: dns}\ndetection: {s: {query: a}, condition: s}\n"
		"exfild: {action: block}\n";
	static const char of_alerts[] = HEAD;
	struct signatures *s = NULL;
	assert_int_equal(signatures_parse("t.yml", with_block, strlen(with_block), &s), 0);
	assert_int_equal(signatures_count(s), 0);
	assert_non_null(strstr(signatures_problem(s, 0), "t.yml:4:9: an 'exfild' block makes"));
	signatures_free(s);
	assert_int_equal(signatures_parse("t.yml", of_alerts, strlen(of_alerts), &s), 0);
	assert_int_equal(signatures_count(s), 0);
	assert_non_null(strstr(signatures_problem(s, 0),
			       "rules over alerts, flows and usage are policies"));
	signatures_free(s);
}

/* What is shipped as an example can be used as it is. */
static void test_the_example_loads(void **state)
{
	(void)state;
	const char *path = EXFILD_SOURCE_DIR "/data/policy.yaml";
	struct policy *p = NULL;
	char why[800] = "";
	if (policy_load(&path, 1, "UTC", &p, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_true(policy_count(p) >= 12);
	assert_string_equal(policy_rule_at(p, 0)->name, "sanctioned-backup");
	policy_free(p);
}

static void test_a_missing_file_is_none(void **state)
{
	(void)state;
	const char *path = "/nonexistent/policy.yaml";
	struct policy *p = NULL;
	char why[800] = "";
	assert_int_equal(policy_load(&path, 1, "UTC", &p, why, sizeof(why)), 0);
	assert_int_equal(policy_count(p), 0);
	assert_false(policy_acts(p));
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_said_with_its_place),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_a_signature_is_no_policy),
		cmocka_unit_test(test_the_example_loads),
		cmocka_unit_test(test_a_missing_file_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
