/*
 * Rules tried without a daemon: events of a file, the nearest event, reasons counted.
 */
#include <unistd.h>

#include "exfild/signature/tool.h"
#include "rules.h"

#define RULE                                                                        \
 "title: T\nid: 00000000-0000-0000-0000-000000000001\nlogsource: {category: dns}\n" \
 "detection:\n  selection:\n    query|endswith: .test\n    record_type: TXT\n"      \
 "  condition: selection\n"

static char path[64];

static void write_lines(const char *text)
{
	snprintf(path, sizeof(path), "/tmp/exfild-test-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static struct tool_events run(struct signatures *s, size_t most, char **ret_out)
{
	struct tool_events seen;
	char why[300];
	size_t size;
	FILE *out = open_memstream(ret_out, &size);
	assert_int_equal(tool_run(s, path, 0, most, out, &seen, why, sizeof(why)), 0);
	fclose(out);
	return seen;
}

static void matches_are_told_and_the_nearest_event(void **state)
{
	(void)state;
	char *out;
	struct signatures *s = sound_rules(RULE);
	write_lines("{\"kind\":\"dns\",\"name\":\"a.b.org\",\"qtype\":16,\"src\":\"10.0.0.1\"}\n"
		    "{\"@timestamp\":\"an alert between them\"}\n"
		    "{\"kind\":\"dns\",\"name\":\"a.b.test\",\"qtype\":16,\"src\":\"10.0.0.1\"}\n"
		    "no event\n\n"
		    "{\"kind\":\"dns\",\"name\":\"c.b.test\",\"qtype\":16,\"src\":\"10.0.0.2\"}");
	struct tool_events seen = run(s, 1, &out);
	assert_int_equal(seen.events, 3);
	assert_int_equal(seen.hits, 2);
	assert_int_equal(seen.refused, 1);
	assert_non_null(strstr(seen.why, "line 4"));
	assert_int_equal(seen.best_line, 3);
	assert_int_equal(seen.best_held, 2);
	assert_int_equal(seen.of, 2);
	assert_non_null(strstr(out, "match: line 3"));
	assert_null(strstr(out, "match: line 6")); /* one was asked for */
	free(out);
	signatures_free(s);
}

static void what_failed_is_said(void **state)
{
	(void)state;
	char *out;
	struct signatures *s = sound_rules(RULE);
	write_lines("{\"kind\":\"dns\",\"name\":\"x.test\",\"qtype\":1}\n");
	struct tool_events seen = run(s, 9, &out);
	assert_int_equal(seen.hits, 0);
	assert_int_equal(seen.best_held, 1);
	assert_non_null(strstr(out, "  no  selection: record_type: TXT"));
	free(out);
	signatures_free(s);
}

static void hostile_lines_are_refused_and_counted(void **state)
{
	(void)state;
	char *out, *text = malloc(TOOL_LINE + 500);
	struct signatures *s = sound_rules(RULE);
	memset(text, '[', TOOL_LINE + 10); /* too long to be looked at */
	strcpy(text + TOOL_LINE + 10,
	       "\n{\"kind\":\"dns\",\"name\":\"x\\u0000\xff.test\",\"qtype\":16}\n"
	       "{\"kind\":\"dns\",\"name\":\"x\\u0000.test\",\"qtype\":16}\n{\n");
	text[0] = '{';
	write_lines(text);
	struct tool_events seen = run(s, 9, &out);
	assert_int_equal(seen.hits, 1); /* a NUL in a name is a byte as any other */
	assert_int_equal(seen.refused, 2);
	free(out);
	free(text);
	signatures_free(s);
}

static void reasons_are_counted_whatever_they_name(void **state)
{
	(void)state;
	char *out;
	size_t size;
	struct signatures *s = rules_of(
		"title: A\nlogsource: {category: process_creation}\ndetection: {a: {b: c}, condition: a}\n---\n"
		"title: B\nlogsource: {category: registry_set}\ndetection: {a: {b: c}, condition: a}\n---\n"
		"title: C\nlogsource: {category: registry_set}\ndetection: {a: {b: c}, condition: a}\n---\n"
		"title: D\nlogsource: {category: dns}\ndetection: {a: {Image: c}, condition: a}\n---\n"
		"title: E\nlogsource: {category: dns}\ndetection: {a: {b: c}, condition: d}\n---\n"
		"title: F\nlogsource: {category: dns}\ndetection: {a: {b: c}, condition: e}\n---\n" RULE);
	FILE *f = open_memstream(&out, &size);
	tool_report(s, f);
	fclose(f);
	assert_non_null(strstr(out, "1 of 7 rules can be used, 1 of them raise alerts\n"));
	assert_non_null(strstr(out, "     4      1  category dns  "));
	assert_non_null(strstr(out, "     2      0  category registry_set  "));
	assert_non_null(strstr(out, "     2 the log source 'category registry_set' is not seen"));
	assert_non_null(strstr(out, "     1 the log source 'category process_creation' is not"));
	assert_non_null(strstr(out, "     1 the field 'Image' is not seen in dns events: the "));
	assert_non_null(strstr(out, "     2 the condition names '"));
	assert_null(strstr(out, "of no rule"));
	free(out);
	signatures_free(s);
}

static void each_rule_is_told_with_its_events_or_its_reason(void **state)
{
	(void)state;
	char *out;
	size_t size;
	struct signatures *s = rules_of(
		RULE
		"---\ntitle: U\nlogsource: {category: dns}\ndetection: {a: {Image: c}, condition: a}\n---\n"
		"title: V\nlevel: grave\nlogsource: {category: dns}\ndetection: {a: {query: c}, condition: a}\n---\n"
		"title: W\nid: dns-1\nlogsource: {category: dns}\n"
		"detection: {a: {query: c}, timeframe: 1m, condition: 'a | count() by src_ip > 2'}\n");
	FILE *f = open_memstream(&out, &size);
	tool_report_rules(s, false, f);
	tool_report_rules(s, true, f);
	tool_report(s, f);
	fclose(f);
	assert_non_null(strstr(out, "yes  T (category dns: dns)\n"));
	assert_non_null(strstr(out, "no   U\n     t.yml:12:"));
	assert_non_null(strstr(out, "yes  W (category dns: dns)\n"));
	assert_null(strstr(strstr(out, "yes  W") + 6, "yes  W")); /* what it counts is no rule */
	assert_non_null(strstr(out, "no   t.yml:15:"));
	assert_non_null(strstr(out, "\"usable\":true,\"events\":[\"dns\"]"));
	assert_non_null(strstr(out, "\"usable\":false,\"events\":[],\"reason\":\"t.yml:12:"));
	assert_non_null(strstr(out, "{\"usable\":false,\"reason\":\"t.yml:15:"));
	assert_non_null(strstr(out, "2 of 3 rules can be used, 2 of them raise alerts\n"));
	assert_non_null(strstr(out, "1 problems are of no rule that could be read\n"));
	free(out);
	signatures_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(matches_are_told_and_the_nearest_event, teardown),
		cmocka_unit_test_teardown(what_failed_is_said, teardown),
		cmocka_unit_test_teardown(hostile_lines_are_refused_and_counted, teardown),
		cmocka_unit_test(reasons_are_counted_whatever_they_name),
		cmocka_unit_test(each_rule_is_told_with_its_events_or_its_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
