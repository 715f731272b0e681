/*
 * Correlations: each type found, just below, over the span, by group; chains, circles, silence.
 */
#include "rules.h"

#define BASE                                                                 \
 "title: base\nname: base\nlogsource: {category: webserver}\ndetection:\n"   \
 "  s: {cs-method: GET}\n  condition: s\n---\n"                              \
 "title: other\nname: other\nlogsource: {category: webserver}\ndetection:\n" \
 "  s: {cs-method: PUT}\n  condition: s\n---\n"

/* One event: second within the minute 10:00, source's last number, method, path, bytes. */
static void put(char *dst, size_t size, unsigned second, unsigned host, const char *method,
		const char *uri, unsigned bytes)
{
	size_t n = strlen(dst);
	snprintf(
		dst + n, size - n,
		"{\"kind\":\"http\",\"time\":\"2026-03-02T10:%02u:%02uZ\",\"src\":\"10.0.0.%u\","
		"\"dst\":\"203.0.113.9\",\"method\":\"%s\",\"uri\":\"%s\",\"content_length\":%u}\n",
		second / 60, second % 60, host, method, uri, bytes);
}

static unsigned hits(const char *correlation, const char *events)
{
	char rules[2048];
	snprintf(rules, sizeof(rules), BASE "title: c\ncorrelation:\n%s", correlation);
	struct signatures *s = sound_rules(rules);
	unsigned count = show(s, events).count;
	signatures_free(s);
	return count;
}

#define COUNT_3                                                                  \
 "  type: event_count\n  rules: [base]\n  group-by: [src_ip]\n  timespan: 10s\n" \
 "  condition: {gte: 3}\n"

static void test_event_count(void **state)
{
	(void)state;
	char three[2048] = "", late[2048] = "", split[2048] = "";
	for (unsigned i = 0; i < 3; i++) {
		put(three, sizeof(three), i, 5, "GET", "/", 0);
		put(late, sizeof(late), i * 6, 5, "GET", "/", 0);
		put(split, sizeof(split), i, 5 + i, "GET", "/", 0);
	}
	assert_int_equal(hits(COUNT_3, three), 1);
	assert_int_equal(hits(COUNT_3, late), 0);
	assert_int_equal(hits(COUNT_3, split), 0);
}

/* Said once in a span, however many follow. */
static void test_a_burst_is_said_once(void **state)
{
	(void)state;
	char many[16384] = "";
	for (unsigned i = 0; i < 60; i++)
		put(many, sizeof(many), i / 10, 5, "GET", "/", 0);
	assert_int_equal(hits(COUNT_3, many), 1);
}

/* More than the slots of a group: neighbours are joined, the count stays. */
static void test_a_large_count(void **state)
{
	(void)state;
	static char many[65536];
	many[0] = '\0';
	for (unsigned i = 0; i < 150; i++)
		put(many, sizeof(many), i / 10, 5, "GET", "/", 0);
#define COUNT(n) \
 "  type: event_count\n  rules: [base]\n  timespan: 1m\n  condition: {gte: " #n "}\n"
	assert_int_equal(hits(COUNT(150), many), 1);
	assert_int_equal(hits(COUNT(151), many), 0);
}

static void test_value_count(void **state)
{
	(void)state;
	char different[2048] = "", same[2048] = "";
	for (unsigned i = 0; i < 3; i++) {
		char uri[8] = { '/', (char)('a' + i), '\0' };
		put(different, sizeof(different), i, 5, "GET", uri, 0);
		put(same, sizeof(same), i, 5, "GET", "/a", 0);
	}
#define VALUES                                                                   \
 "  type: value_count\n  rules: [base]\n  group-by: [src_ip]\n  timespan: 10s\n" \
 "  condition: {field: cs-uri, gte: 3}\n"
	assert_int_equal(hits(VALUES, different), 1);
	assert_int_equal(hits(VALUES, same), 0);
}

static void test_temporal(void **state)
{
	(void)state;
	char both[1024] = "", turned[1024] = "", late[1024] = "";
	put(both, sizeof(both), 1, 5, "GET", "/", 0);
	put(both, sizeof(both), 3, 5, "PUT", "/", 0);
	put(turned, sizeof(turned), 1, 5, "PUT", "/", 0);
	put(turned, sizeof(turned), 3, 5, "GET", "/", 0);
	put(late, sizeof(late), 1, 5, "GET", "/", 0);
	put(late, sizeof(late), 30, 5, "PUT", "/", 0);
#define TEMPORAL(type) \
 "  type: " type "\n  rules: [base, other]\n  group-by: [src_ip]\n  timespan: 10s\n"
	assert_int_equal(hits(TEMPORAL("temporal"), both), 1);
	assert_int_equal(hits(TEMPORAL("temporal"), turned), 1);
	assert_int_equal(hits(TEMPORAL("temporal"), late), 0);
	assert_int_equal(hits(TEMPORAL("temporal_ordered"), both), 1);
	assert_int_equal(hits(TEMPORAL("temporal_ordered"), turned), 0);
	assert_int_equal(hits(TEMPORAL("temporal_ordered"), late), 0);
}

static void test_sums_and_means(void **state)
{
	(void)state;
	char events[2048] = "";
	put(events, sizeof(events), 1, 5, "GET", "/", 100);
	put(events, sizeof(events), 2, 5, "GET", "/", 200);
	put(events, sizeof(events), 3, 5, "GET", "/", 600);
#define OF(type, bound) \
 "  type: " type "\n  rules: [base]\n  timespan: 10s\n  condition: {field: cs-bytes, " bound "}\n"
	assert_int_equal(hits(OF("value_sum", "gte: 900"), events), 1);
	assert_int_equal(hits(OF("value_sum", "gt: 900"), events), 0);
	assert_int_equal(hits(OF("value_avg", "gte: 300"), events), 1);
	assert_int_equal(hits(OF("value_avg", "gt: 300"), events), 0);
	assert_int_equal(hits(OF("value_percentile", "percentile: 50, gte: 200"), events), 1);
	assert_int_equal(hits(OF("value_percentile", "percentile: 50, gt: 200"), events), 0);
	assert_int_equal(hits(OF("value_percentile", "percentile: 100, gte: 600"), events), 1);
	assert_int_equal(hits(OF("value_sum", "gt: 250, lt: 500"), events), 1);
}

static void test_generate_and_chains(void **state)
{
	(void)state;
	char events[2048] = "";
	for (unsigned i = 0; i < 3; i++)
		put(events, sizeof(events), i, 5, "GET", "/", 0);
	put(events, sizeof(events), 5, 5, "PUT", "/", 0);
	assert_int_equal(hits(COUNT_3 "  generate: true\n", events), 3 + 1 + 1);
	struct signatures *s =
		sound_rules(BASE "title: burst\nname: burst\ncorrelation:\n" COUNT_3
				 "---\ntitle: chain\ncorrelation:\n  type: temporal_ordered\n"
				 "  rules: [burst, other]\n  group-by: [src_ip]\n  timespan: 1m\n");
	struct seen seen = show(s, events);
	assert_string_equal(seen.titles, "chain;");
	assert_string_equal(seen.last.group, "10.0.0.5");
	signatures_free(s);
}

/* The same value under another name in each rule. */
static void test_aliases(void **state)
{
	(void)state;
	char events[1024] = "";
	put(events, sizeof(events), 1, 5, "GET", "/x", 0);
	put(events, sizeof(events), 2, 5, "PUT", "/x", 0);
	assert_int_equal(
		hits("  type: temporal\n  rules: [base, other]\n  group-by: [what]\n"
		     "  timespan: 1m\n  aliases:\n    what: {base: cs-uri, other: cs-uri-stem}\n",
		     events),
		1);
}

static void refuse_correlation(const char *text, const char *want)
{
	char rules[2048];
	snprintf(rules, sizeof(rules), BASE "%s", text);
	struct signatures *s = rules_of(rules);
	bool is_said = false;
	for (size_t i = 0; i < signatures_problem_count(s); i++)
		is_said |= strstr(signatures_problem(s, i), want) != NULL;
	if (!is_said)
		fail_msg("not said: %s", want);
	signatures_free(s);
}

static void test_what_is_refused(void **state)
{
	(void)state;
	refuse_correlation("title: c\ncorrelation: {type: sum, rules: [base], timespan: 1m}\n",
			   "the type of a correlation");
	refuse_correlation("title: c\ncorrelation: {type: temporal, rules: [base], timespan: x}\n",
			   "'timespan'");
	refuse_correlation("title: c\ncorrelation: {type: temporal, rules: [none], timespan: 1m}\n",
			   "no rule of this name");
	refuse_correlation(
		"title: c\ncorrelation: {type: event_count, rules: [base], timespan: 1m}\n",
		"needs a 'condition'");
	refuse_correlation(
		"title: c\ncorrelation: {type: event_count, rules: [base], timespan: 1m, "
		"condition: {above: 3}}\n",
		"is no bound");
	refuse_correlation(
		"title: c\ncorrelation: {type: value_count, rules: [base], timespan: 1m, "
		"condition: {gte: 3}}\n",
		"needs a 'field'");
	refuse_correlation(
		"title: c\ncorrelation: {type: value_count, rules: [base], timespan: 1m, "
		"condition: {field: cs-uri, gte: 5000}}\n",
		"different values");
	refuse_correlation("title: c\ncorrelation: {type: temporal, rules: [base], timespan: 1m, "
			   "group-by: [Image]}\n",
			   "is not seen");
	refuse_correlation("title: c\nname: c\ncorrelation: {type: temporal, rules: [c], "
			   "timespan: 1m}\n",
			   "refers to itself");
	refuse_correlation("title: c\nname: c\ncorrelation: {type: temporal, rules: [d], "
			   "timespan: 1m}\n---\ntitle: d\nname: d\ncorrelation: {type: temporal, "
			   "rules: [c], timespan: 1m}\n",
			   "refers to itself");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event_count),
		cmocka_unit_test(test_a_burst_is_said_once),
		cmocka_unit_test(test_a_large_count),
		cmocka_unit_test(test_value_count),
		cmocka_unit_test(test_temporal),
		cmocka_unit_test(test_sums_and_means),
		cmocka_unit_test(test_generate_and_chains),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_what_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
