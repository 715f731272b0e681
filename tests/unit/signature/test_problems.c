/*
 * What is wrong with a rule is said with its place, and the others load.
 */
#include "rules.h"

#define HEAD "title: t\nlogsource: {category: webserver}\ndetection:\n"
#define SOUND \
 "title: sound\nlogsource: {category: dns}\ndetection:\n  s: {query: a}\n  condition: s\n"

static const struct {
	const char *text, *want;
} rows[] = {
	{ "title: [\n", "t.yml:" },
	{ "a: 1\na: 2\n", "the key 'a' was given before" },
	{ "\xff\xfe"
	  "t\0",
	  "t.yml" },
	{ "title: \xc3\x28\n", "t.yml" },
	{ "- 1\n", "a rule is a map" },
	{ "logsource: {category: dns}\n", "needs a 'title'" },
	{ "title: t\n", "needs a 'detection'" },
	{ "title: t\ndetection: {s: {a: b}, condition: s}\n", "needs a 'logsource'" },
	{ "title: t\nid: [5]\n", "must be a UUID" },
	{ "title: t\nid: a b\n", "must be a UUID" },
	{ "title: t\nlevel: bad\n", "'level' is" },
	{ HEAD "  s: {cs-uri: a}\n", "needs a 'condition'" },
	{ HEAD "  s: {cs-uri: a}\n  condition: s and\n", "ends where a search is expected" },
	{ HEAD "  s: {cs-uri: a}\n  condition: (s\n", "lacks a ')'" },
	{ HEAD "  s: {cs-uri: a}\n  condition: s t\n", "where 'and' or 'or'" },
	{ HEAD "  s: {cs-uri: a}\n  condition: x\n", "no such search" },
	{ HEAD "  s: {cs-uri: a}\n  condition: 1 of x*\n", "0 searches are named so" },
	{ HEAD "  s: {cs-uri: a}\n  condition: s | count() > 3\n", "counts without end" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1m\n  condition: s\n", "goes with '| count()'" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1x\n  condition: s | count() > 3\n",
	  "'timeframe' is" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1m\n  condition: s | near t\n",
	  "'near' behind '|'" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1m\n  condition: s | count(\n", "lacks a ')'" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1m\n  condition: s | sum() > 3\n", "need a field" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1m\n  condition: s | count() by src_ip\n",
	  "a comparison with a number" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1m\n  condition: s | count() > x\n",
	  "a comparison with a number" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1m\n  condition: s | count() > 3 and s\n",
	  "a comparison with a number" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1m\n  condition: s | count(x) > 3\n",
	  "'x' is not seen in http events" },
	{ HEAD "  s: {cs-uri: a}\n  timeframe: 1m\n  condition: x | count() > 3\n",
	  "no such search" },
	{ HEAD "  s: {cs-uri: a}\n  condition: [s, s | count() > 3]\n", "at the end of a rule" },
	{ "title: t\nlogsource: {category: firewall}\ndetection:\n  s: {action: [deny, 'drop*'], dst_port: 1}\n"
	  "  condition: s\n",
	  "it can never match: here 'action' is always 'accept'" },
	{ "title: t\nlogsource: {product: zeek}\ndetection:\n  s: {query: a}\n  condition: s\n",
	  "'product zeek' is not seen on the network; seen are of it dns, http" },
	{ "title: t\nlogsource: {category: proxy}\ndetection:\n  s: {c-uri: a, cs-body: b}\n"
	  "  condition: s\n",
	  "'cs-body' is not seen in http events: bodies" },
	{ HEAD "  s: {cs-uri: a}\n  condition: s & s\n", "'&'" },
	{ HEAD "  s: {}\n  condition: s\n", "is empty" },
	{ HEAD "  s: [[a]]\n  condition: s\n", "list within a list" },
	{ HEAD "  s: [a, {cs-uri: b}]\n  condition: s\n", "mixes" },
	{ HEAD "  s: {cs-uri: []}\n  condition: s\n", "the list is empty" },
	{ HEAD "  s: {cs-uri: {a: b}}\n  condition: s\n", "expected a value" },
	{ HEAD "  s: {'cs-uri|near': a}\n  condition: s\n", "'near' is not known" },
	{ HEAD "  s: {'cs-uri|re|cidr': a}\n  condition: s\n", "do not go together" },
	{ HEAD "  s: {'cs-uri|i': a}\n  condition: s\n", "goes behind 're'" },
	{ HEAD "  s: {'cs-uri|re': '(a'}\n  condition: s\n", "cannot be used" },
	{ HEAD "  s: {'cs-uri|re': '(?=a)b'}\n  condition: s\n", "cannot be used" },
	{ HEAD "  s: {'cs-uri|re': '(a)\\1'}\n  condition: s\n", "cannot be used" },
	{ HEAD "  s: {'cs-uri|re': '((a{1,1000}){1,1000}){1,1000}'}\n  condition: s\n", "repeats" },
	{ HEAD "  s: {'dst_ip|cidr': 10.0.0.0/40}\n  condition: s\n", "is no network" },
	{ HEAD "  s: {'cs-bytes|gt': many}\n  condition: s\n", "is no number" },
	{ HEAD "  s: {'cs-host|exists': perhaps}\n  condition: s\n", "true or false" },
	{ HEAD "  s: {'cs-host|hour': 3}\n  condition: s\n", "is no time" },
	{ HEAD "  s: {'cs-host|expand': '%None%'}\n  condition: s\n", "is not given" },
	{ HEAD "  s: {'cs-host|base64': 'a*'}\n  condition: s\n", "wildcard" },
	{ HEAD "  s: {'cs-host|wide': \"\\u00e9\"}\n  condition: s\n", "ASCII" },
	{ HEAD "  s: {Image: a}\n  condition: s\n",
	  "'Image' is not seen in http events: the computer knows it" },
	{ "title: t\nlogsource: {category: process_creation, product: windows}\ndetection:\n"
	  "  s: {Image: a}\n  condition: s\n",
	  "'product windows, category process_creation' is not seen on the network" },
};

static void test_each_is_said_and_the_rest_loads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct signatures *s = rules_of(rows[i].text);
		if (signatures_problem_count(s) != 1 ||
		    !strstr(signatures_problem(s, 0), rows[i].want))
			fail_msg("'%s' came to '%s', not to '%s'", rows[i].text,
				 signatures_problem(s, 0), rows[i].want);
		if (strncmp(signatures_problem(s, 0), "t.yml:", 6) != 0)
			fail_msg("no place: %s", signatures_problem(s, 0));
		signatures_free(s);
	}
	struct signatures *s = rules_of(HEAD "  s: {Image: a}\n  condition: s\n---\n" SOUND);
	assert_int_equal(signatures_problem_count(s), 1);
	assert_string_equal(
		signatures_problem(s, 0),
		"t.yml:4:14: the field 'Image' is not seen in http events: the computer "
		"knows it, not the network; seen are "
		"cs-method, cs-uri, cs-uri-stem, cs-uri-query, cs-host, cs-user-agent, "
		"cs-referer, cs-cookie, cs-content-type, cs-bytes, c-uri-extension, sc-status, "
		"sc-bytes, sc-content-type, src_ip, src_port, dst_ip, dst_port, proto, ts, network.vlan.id, "
		"network.type, service");
	assert_int_equal(show(s, "{\"kind\":\"dns\",\"name\":\"a\"}").count, 1);
	signatures_free(s);
}

static void test_an_id_is_taken_once(void **state)
{
	(void)state;
	static const char id[] = "id: 2f6d5b5c-6a35-4a0a-9d5e-1b1f3d7a6c11\n";
	char text[1024];
	snprintf(text, sizeof(text), "%s%s---\n%s%s", id, SOUND, id, SOUND);
	struct signatures *s = rules_of(text);
	assert_int_equal(signatures_count(s), 1);
	assert_non_null(strstr(signatures_problem(s, 0), "is taken, by t.yml:1"));
	signatures_free(s);
}

static void test_depth_is_bounded(void **state)
{
	(void)state;
	char text[8192];
	int n = snprintf(text, sizeof(text), HEAD "  s: {cs-uri: a}\n  condition: ");
	for (unsigned i = 0; i < 1000; i++)
		text[n++] = '(';
	snprintf(text + n, sizeof(text) - (size_t)n, "s\n");
	struct signatures *s = rules_of(text);
	assert_non_null(strstr(signatures_problem(s, 0), "nested deeper"));
	signatures_free(s);
}

static void test_lines_are_checked(void **state)
{
	(void)state;
	static const char *const lines[] = { "",
					     "[",
					     "[]",
					     "{}",
					     "{\"kind\":\"none\"}",
					     "{\"kind\":\"dns\",\"nome\":\"a\"}",
					     "{\"kind\":\"dns\",\"src\":\"x\"}",
					     "{\"kind\":\"dns\",\"qtype\":-1}",
					     "{\"kind\":\"arp\",\"sender_mac\":\"zz\"}" };
	struct event_log *log = event_log_new();
	char why[200];
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(
			signature_line(log, lines[i], strlen(lines[i]), 1, why, sizeof(why)),
			-EXF_E_FORMAT);
	assert_int_equal(event_log_count(log), 0);
	event_log_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_said_and_the_rest_loads),
		cmocka_unit_test(test_an_id_is_taken_once),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_lines_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
