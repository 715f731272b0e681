/*
 * Holds the limits of a minute: what goes, what is held, what is said of it, and that it comes
 * later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "unit/alert/samples.h"

#define MINUTE_NS (60 * SECOND_NS)

struct seen {
	struct alert list[2000];
	size_t count;
};

static struct seen seen;

static void see(void *arg, const struct alert *a)
{
	(void)arg;
	if (seen.count < 2000)
		seen.list[seen.count++] = *a;
}

static struct alert_store *store_of(uint64_t all, uint64_t each)
{
	struct alert_options o = sample_options();
	seen.count = 0;
	o.rate_per_minute = all;
	o.rule_per_minute = each;
	o.max_open = 4096;
	return alert_store_new(&o, see, NULL);
}

static void give(struct alert_store *s, const char *rule, unsigned number, enum severity severity,
		 uint64_t time_ns)
{
	struct finding f = sample_finding();
	f.rule = rule;
	f.severity = severity;
	f.llr = 0;
	snprintf(f.object, sizeof(f.object), "object %u", number);
	f.start_ns = f.end_ns = f.time_ns = time_ns;
	alert_store_finding(s, &f);
}

static size_t count_of(const char *rule)
{
	size_t n = 0;
	for (size_t i = 0; i < seen.count; i++)
		n += strcmp(seen.list[i].finding.rule, rule) == 0;
	return n;
}

static uint64_t minute(unsigned i)
{
	return SAMPLE_TIME_NS / MINUTE_NS * MINUTE_NS + i * MINUTE_NS;
}

static void without_limits_all_go(void **state)
{
	struct alert_store *s = store_of(0, 0);
	(void)state;
	for (unsigned i = 0; i < 500; i++)
		give(s, "a", i, SEVERITY_HIGH, minute(0) + i);
	alert_store_flush(s);
	assert_int_equal(seen.count, 500);
	assert_int_equal(alert_store_counts(s)->held, 0);
	alert_store_free(s);
}

static void a_rule_that_floods_is_summed_up(void **state)
{
	struct alert_store *s = store_of(0, 10);
	(void)state;
	for (unsigned i = 0; i < 300; i++)
		give(s, "a", i, SEVERITY_MEDIUM, minute(0) + i);
	give(s, "b", 1, SEVERITY_LOW, minute(0) + 300); /* another has its own */
	assert_int_equal(count_of("a"), 10);
	assert_int_equal(count_of("b"), 1);
	assert_int_equal(alert_store_counts(s)->held, 290);
	alert_store_tick(s, minute(1));
	assert_int_equal(count_of("alerts_summarised"), 1);
	const struct alert *sum = &seen.list[seen.count - 1];
	assert_int_equal(sum->finding.count, 290);
	assert_int_equal(sum->finding.severity, SEVERITY_MEDIUM);
	assert_string_equal(sum->finding.object, "a");
	assert_non_null(strstr(sum->finding.message, "290 more alerts of a within a minute"));
	for (size_t i = 1; i < seen.count; i++) /* no gap where one was held */
		assert_int_equal(seen.list[i].sequence, seen.list[i - 1].sequence + 1);
	/* what was held goes when it is seen again and there is room */
	give(s, "a", 250, SEVERITY_MEDIUM, minute(1) + 5);
	assert_int_equal(count_of("a"), 11);
	assert_int_equal(seen.list[seen.count - 1].count, 2);
	alert_store_free(s);
}

static void little_things_hide_no_great_one(void **state)
{
	struct alert_store *s = store_of(100, 0);
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		give(s, "low", i, SEVERITY_LOW, minute(0) + i);
	assert_int_equal(count_of("low"), 50);
	for (unsigned i = 0; i < 1000; i++)
		give(s, "medium", i, SEVERITY_MEDIUM, minute(0) + 1000 + i);
	assert_int_equal(count_of("medium"), 25);
	for (unsigned i = 0; i < 1000; i++)
		give(s, "high", i, SEVERITY_HIGH, minute(0) + 2000 + i);
	assert_int_equal(count_of("high"), 25);
	give(s, "critical", 1, SEVERITY_CRITICAL, minute(0) + 3000);
	assert_int_equal(count_of("critical"), 1);
	alert_store_flush(s);
	assert_int_equal(count_of("alerts_summarised"), 3);
	alert_store_free(s);
}

static void more_rules_than_places_are_told_as_others(void **state)
{
	static char names[200][16];
	struct alert_store *s = store_of(0, 1);
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		snprintf(names[i], sizeof(names[i]), "rule%u", i);
		give(s, names[i], 1, SEVERITY_LOW, minute(0) + 2 * i);
		give(s, names[i], 2, SEVERITY_LOW, minute(0) + 2 * i + 1);
	}
	alert_store_flush(s);
	assert_int_equal(count_of("alerts_summarised"), 65);
	assert_string_equal(seen.list[seen.count - 1].finding.object, "others");
	alert_store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_limits_all_go),
		cmocka_unit_test(a_rule_that_floods_is_summed_up),
		cmocka_unit_test(little_things_hide_no_great_one),
		cmocka_unit_test(more_rules_than_places_are_told_as_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
