/* report: what is kept, what adds up, and a page that obeys no name. */
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

#include "exfild/base/json.h"
#include "exfild/report/report.h"
#include "../../../src/report/gather.h"

struct made {
	const char *id, *rule, *category, *source, *destination, *time;
	unsigned severity;
	uint64_t bytes;
	double risk;
};

/* The parts of an alert that a page looks at first; docs/alert.schema.json has all. */
static void make(struct buf *out, const struct made *m)
{
	struct json j = json_make(out);
	buf_reset(out);
	json_open_object(&j, NULL);
	json_string(&j, "message", m->destination);
	json_open_object(&j, "event");
	json_uint(&j, "severity", m->severity);
	json_double(&j, "risk_score", m->risk);
	json_string(&j, "start", m->time);
	json_string(&j, "end", m->time);
	json_uint(&j, "sequence", 1);
	json_close_object(&j);
	json_open_object(&j, "rule");
	json_string(&j, "id", m->rule);
	json_string(&j, "name", m->rule);
	json_string(&j, "category", m->category);
	json_close_object(&j);
	json_open_object(&j, "source");
	json_string(&j, "ip", m->source);
	json_uint(&j, "bytes", m->bytes);
	json_close_object(&j);
	json_open_object(&j, "destination");
	json_string(&j, "domain", m->destination);
	json_close_object(&j);
	json_open_object(&j, "exfild");
	json_string(&j, "alert_id", m->id);
	json_open_array(&j, "explain");
	json_open_object(&j, NULL);
	json_string(&j, "feature", m->destination);
	json_double(&j, "value", 5);
	json_double(&j, "contribution", 0.5);
	json_close_object(&j);
	json_close_array(&j);
	json_close_object(&j);
	json_close_object(&j);
}

static int add(struct report *r, const struct made *m)
{
	struct buf line;
	buf_init(&line, 65536);
	make(&line, m);
	int err = report_alert(r, line.data, line.len);
	buf_deinit(&line);
	return err;
}

static const struct made theft = { "aa",       "dns_tunnel",   "exfil",
				   "10.0.0.1", "evil.example", "2026-11-23T19:43:07.000000Z",
				   73,         1000,           62 };

static void the_last_word_of_an_alert_stays(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct made m = theft;
	assert_int_equal(add(r, &m), 0);
	m.severity = 99;
	m.bytes = 9000;
	assert_int_equal(add(r, &m), 0);
	assert_int_equal(r->count, 1);
	assert_int_equal(r->entries[0].bytes, 9000);
	assert_int_equal(r->levels[LEVEL_HIGH], 0);
	assert_int_equal(r->levels[LEVEL_CRITICAL], 1);
	report_free(r);
}

static void what_is_no_alert_is_refused(void **state)
{
	(void)state;
	static const char *const lines[] = { "",
					     "{",
					     "[]",
					     "{}",
					     "null",
					     "{\"exfild\":{\"alert_id\":\"a\"}}",
					     "{\"exfild\":3,\"rule\":[]}" };
	struct report *r = report_new();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(report_alert(r, lines[i], strlen(lines[i])), -EXF_E_FORMAT);
	assert_int_equal(r->count, 0);
	report_free(r);
}

static void rules_that_tell_of_the_same_bytes_do_not_add_up(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct sums s;
	struct made m = theft;
	assert_int_equal(add(r, &m), 0);
	m.id = "ab"; /* the same rule's next window */
	m.bytes = 500;
	m.time = "2026-11-23T21:00:00.000000Z";
	assert_int_equal(add(r, &m), 0);
	m.id = "ac"; /* another rule about the same pair */
	m.rule = "upload_volume";
	m.bytes = 1200;
	m.severity = 99;
	assert_int_equal(add(r, &m), 0);
	m = (struct made){ "ad",
			   "dns_tunnel",
			   "exfil",
			   "10.0.0.2",
			   "evil.example",
			   "2026-11-23T19:43:07.000000Z",
			   21,
			   7,
			   5 };
	assert_int_equal(add(r, &m), 0);
	m = (struct made){ "ae",       "port_scan", "recon",
			   "10.0.0.2", "10.0.0.9",  "2026-11-23T19:43:07.000000Z",
			   47,         99999,       80 };
	assert_int_equal(add(r, &m), 0);
	assert_int_equal(sums_make(r, &s), 0);
	assert_int_equal(s.pair_count, 2);
	assert_int_equal(s.theft, 1);
	assert_int_equal(s.pairs[0].bytes, 1500);
	assert_int_equal(s.pairs[0].alerts, 3);
	assert_string_equal(s.pairs[0].worst->id, "ac");
	assert_int_equal(s.pairs[1].bytes, 7);
	assert_int_equal(s.bytes, 1500);
	assert_int_equal(s.sources, 1);
	assert_int_equal(s.destinations, 1);
	assert_int_equal(s.host_count, 2);
	assert_string_equal(s.hosts[0].worst->source, "10.0.0.1");
	assert_int_equal(s.hosts[0].count, 3);
	assert_string_equal(s.by_host[s.hosts[1].first]->rule, "port_scan");
	assert_true(s.hosts[1].risk > 79);
	sums_free(&s);
	report_free(r);
}

static void beyond_the_limit_the_least_severe_are_only_counted(void **state)
{
	(void)state;
	struct report *r = report_new();
	char id[16];
	for (unsigned i = 0; i < REPORT_ALERTS; i++) {
		struct made m = theft;
		(void)snprintf(id, sizeof(id), "l%u", i);
		m.id = id;
		m.severity = i == 7 ? 21 : 47;
		assert_int_equal(add(r, &m), 0);
	}
	struct made m = theft;
	m.id = "one-more";
	m.severity = 21;
	assert_int_equal(add(r, &m), -EXF_E_LIMIT);
	m.severity = 99;
	assert_int_equal(add(r, &m), 0);
	assert_int_equal(r->count, REPORT_ALERTS);
	assert_int_equal(r->left_out[LEVEL_LOW], 2);
	assert_int_equal(r->levels[LEVEL_LOW], 2);
	assert_int_equal(r->levels[LEVEL_CRITICAL], 1);
	assert_string_equal(r->entries[7].id, "one-more");
	report_free(r);
}

static struct report_seen seen_of(const char *title)
{
	static const char *inputs[1];
	inputs[0] = title;
	return (struct report_seen){ .title = title,
				     .inside = title,
				     .inputs = inputs,
				     .input_count = 1,
				     .first_ns = 1795462987000000000ull,
				     .last_ns = 1795466587000000000ull,
				     .packets = 278 };
}

static void page_of(const struct report *r, const struct report_seen *seen, struct buf *out)
{
	buf_init(out, REPORT_BYTES);
	assert_int_equal(report_page(r, seen, out), 0);
}

static unsigned times(const char *text, const char *what)
{
	unsigned n = 0;
	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

static void a_hostile_name_stays_a_name(void **state)
{
	(void)state;
	static const char bad[] =
		"\"><script>alert(1)</script><img src=x onerror=y>\xe2\x80\xae\xff'";
	struct report *r = report_new();
	struct made m = theft;
	struct buf page, plain;
	struct report_seen seen = seen_of(bad);
	m.source = m.rule = m.destination = m.id = bad;
	assert_int_equal(add(r, &m), 0);
	page_of(r, &seen, &page);
	assert_non_null(strstr(page.data, "&lt;script&gt;alert(1)"));
	assert_null(strstr(page.data, "<script>alert"));
	assert_null(strstr(page.data, "<img"));
	assert_null(strstr(page.data, "onerror=y"));
	assert_null(strstr(page.data, "\xe2\x80\xae"));
	assert_null(strchr(page.data, 0xff));
	report_free(r);

	/* the same tags as with a name that means no harm */
	r = report_new();
	m.source = m.rule = m.destination = m.id = "name";
	seen = seen_of("name");
	assert_int_equal(add(r, &m), 0);
	page_of(r, &seen, &plain);
	assert_int_equal(times(page.data, "<"), times(plain.data, "<"));
	assert_int_equal(times(page.data, "\""), times(plain.data, "\""));
	report_free(r);
	buf_deinit(&page);
	buf_deinit(&plain);
}

static void the_answer_comes_first(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct report_seen seen = seen_of("x.pcap");
	struct buf page;
	page_of(r, &seen, &page);
	assert_non_null(strstr(page.data, "No sign of data theft was seen</h1>"));
	assert_non_null(strstr(page.data, "No packet was lost"));
	buf_deinit(&page);

	struct made m = theft;
	m.category = "lateral";
	assert_int_equal(add(r, &m), 0);
	page_of(r, &seen, &page);
	assert_non_null(strstr(page.data, "but steps that lead to one</h1>"));
	buf_deinit(&page);

	m = theft;
	m.id = "b";
	assert_int_equal(add(r, &m), 0);
	page_of(r, &seen, &page);
	assert_non_null(strstr(page.data, "Data left: 1 kB from 1 host to 1 destination</h1>"));
	buf_deinit(&page);

	const struct report_damage damage = { "x.pcap", 77, "the record ends too early" };
	const struct report_counter lost = { "Packets dropped", 5, "They were never looked at" };
	seen.damages = &damage;
	seen.counters = &lost;
	seen.damage_count = seen.counter_count = 1;
	page_of(r, &seen, &page);
	assert_null(strstr(page.data, "No packet was lost"));
	assert_non_null(strstr(page.data, "the record ends too early"));
	assert_non_null(strstr(page.data, "Packets dropped"));
	buf_deinit(&page);
	report_free(r);
}

/* What a policy forbids stands for itself, not among what policies decided about others' alerts. */
static void what_a_policy_forbids_is_a_violation(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct report_seen seen = seen_of("x.pcap");
	struct buf page;
	struct made m = theft;
	assert_int_equal(add(r, &m), 0);
	page_of(r, &seen, &page);
	assert_non_null(strstr(page.data, "No policy was violated"));
	assert_null(strstr(page.data, "Policy violations"));
	buf_deinit(&page);

	m.id = "bb";
	m.rule = "policy:no-uploads";
	m.category = "policy";
	m.destination = "files.example";
	m.bytes = 4000;
	assert_int_equal(add(r, &m), 0);
	page_of(r, &seen, &page);
	assert_null(strstr(page.data, "No policy was violated"));
	const char *table = strstr(page.data, "Policy violations");
	assert_non_null(table);
	const char *end = strstr(table, "</table>");
	assert_non_null(end);
	const char *parts[] = { "policy:no-uploads", "10.0.0.1", "files.example", "4 kB", "bb" };
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *at = strstr(table, parts[i]);
		assert_true(at && at < end);
	}
	const char *theirs = strstr(table, "evil.example");
	assert_true(!theirs || theirs > end);
	assert_non_null(strstr(page.data, "No policy decided anything about alerts of other"));
	buf_deinit(&page);
	report_free(r);
}

static void what_is_not_listed_is_counted(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct report_seen seen = seen_of("x.pcap");
	struct buf page;
	char id[16];
	for (unsigned i = 0; i < REPORT_LISTED + 50; i++) {
		struct made m = theft;
		(void)snprintf(id, sizeof(id), "l%u", i);
		m.id = id;
		m.severity = 47;
		assert_int_equal(add(r, &m), 0);
	}
	page_of(r, &seen, &page);
	assert_non_null(strstr(page.data, "for there are too many: 50 alerts (0 critical, 0 high, "
					  "50 medium, 0 low)"));
	assert_int_equal(times(page.data, "<article"), REPORT_FULL);
	buf_deinit(&page);
	report_free(r);
}

static void a_file_takes_its_place_whole(void **state)
{
	(void)state;
	char folder[] = "/tmp/exfild-report-XXXXXX", path[64], why[512] = "";
	struct report_file f;
	struct buf page;
	struct stat st;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/r.html", folder);
	buf_init(&page, 100);
	buf_str(&page, "whole");
	assert_int_equal(report_file_open(&f, path, why, sizeof(why)), 0);
	assert_int_not_equal(stat(path, &st), 0);
	assert_int_equal(report_file_put(&f, &page, why, sizeof(why)), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(st.st_mode & 0777, 0640);

	assert_int_equal(report_file_open(&f, path, why, sizeof(why)), 0);
	report_file_drop(&f); /* the old one stays, and nothing else */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(report_file_open(&f, folder, why, sizeof(why)), -EXF_E_INVALID);
	assert_non_null(strstr(why, "it is no file"));
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(report_file_open(&f, path, why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "No such file or directory; name a file in a folder"));
	buf_deinit(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_word_of_an_alert_stays),
		cmocka_unit_test(what_is_no_alert_is_refused),
		cmocka_unit_test(rules_that_tell_of_the_same_bytes_do_not_add_up),
		cmocka_unit_test(beyond_the_limit_the_least_severe_are_only_counted),
		cmocka_unit_test(a_hostile_name_stays_a_name),
		cmocka_unit_test(the_answer_comes_first),
		cmocka_unit_test(what_a_policy_forbids_is_a_violation),
		cmocka_unit_test(what_is_not_listed_is_counted),
		cmocka_unit_test(a_file_takes_its_place_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
