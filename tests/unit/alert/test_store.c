#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/alert/samples.h"

#define SEEN_MAX 256

struct fixture {
	struct alert_store *store;
	struct alert_options options;
	struct alert seen[SEEN_MAX];
	size_t count;
};

static struct fixture fx;

static void keep(void *arg, const struct alert *a)
{
	struct fixture *f = arg;
	assert_true(f->count < SEEN_MAX);
	f->seen[f->count++] = *a;
}

static void start(void)
{
	alert_store_free(fx.store);
	fx.count = 0;
	fx.store = alert_store_new(&fx.options, keep, &fx);
	assert_non_null(fx.store);
}

static int setup(void **state)
{
	(void)state;
	fx.options = sample_options();
	start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alert_store_free(fx.store);
	fx.store = NULL;
	return 0;
}

static struct finding at(uint64_t seconds, enum severity severity)
{
	struct finding f = sample_finding();
	f.severity = severity;
	f.start_ns = f.end_ns = f.time_ns = SAMPLE_TIME_NS + seconds * SECOND_NS;
	f.count = 1;
	f.subject.bytes = 100;
	f.peer.bytes = 0;
	return f;
}

static void put(struct finding f)
{
	alert_store_finding(fx.store, &f);
}

static void first_finding_is_sent_at_once(void **state)
{
	(void)state;
	put(at(0, SEVERITY_HIGH));
	assert_int_equal(fx.count, 1);
	const struct alert *a = &fx.seen[0];
	assert_int_equal(a->revision, 1);
	assert_int_equal(a->sequence, 1);
	assert_int_equal(a->count, 1);
	assert_int_equal(strlen(a->alert_id), 32);
	assert_int_equal(strlen(a->event_id), 32);
	assert_int_equal(strlen(a->community_id), 30);
	assert_true(a->risk_score >= 73 * 0.91 - 1e-9);
	assert_string_equal(a->direction, "unknown"); /* no context given */
	assert_int_equal(alert_store_counts(fx.store)->by_severity[2], 1);
}

/* A busy gateway reads them late and gives all one time. */
static void single_events_of_one_time_are_added(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct finding f = at(0, SEVERITY_HIGH);
		f.is_single = true;
		put(f);
	}
	assert_int_equal(fx.count, 3); /* 1, 10, 100: as with times apart */
	assert_int_equal(fx.seen[2].finding.count, 100);
	start();
	for (unsigned i = 0; i < 9; i++)
		put(at(0, SEVERITY_HIGH)); /* may be one sum, told again */
	alert_store_flush(fx.store);
	assert_int_equal(fx.seen[fx.count - 1].finding.count, 1);
}

/* It is told once, counts for no host's risk, and has no company. */
static void a_drill_is_told_once_and_weighs_nothing(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 40; i++) {
		struct finding f = at(i, SEVERITY_CRITICAL);
		f.is_drill = true;
		f.llr = 12;
		str_copy(f.object, sizeof(f.object), "a token");
		put(f);
	}
	assert_int_equal(fx.count, 1);
	assert_int_equal(fx.seen[0].finding.severity, SEVERITY_CRITICAL);
	assert_true(fx.seen[0].finding.is_drill);
	assert_true(fx.seen[0].risk_score <= 0);
	alert_store_flush(fx.store);
	assert_int_equal(fx.count, 1);
	/* a theft by the same host begins as with any other */
	struct finding theft = at(50, SEVERITY_MEDIUM);
	double alone;
	put(theft);
	alone = fx.seen[1].risk_score;
	assert_int_equal(fx.seen[1].chain_count, 0);
	start();
	put(theft);
	assert_float_equal(fx.seen[0].risk_score, alone, 1e-9);
}

static void the_same_again_is_merged_silently(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 9; i++)
		put(at(i, SEVERITY_HIGH));
	assert_int_equal(fx.count, 1);
	assert_int_equal(alert_store_counts(fx.store)->merged, 8);
	assert_int_equal(alert_store_counts(fx.store)->emitted, 1);
}

static void tenfold_is_a_revision(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		put(at(i, SEVERITY_HIGH));
	assert_int_equal(fx.count, 3); /* 1, 10, 100 */
	assert_int_equal(fx.seen[1].count, 10);
	assert_int_equal(fx.seen[1].revision, 2);
	assert_int_equal(fx.seen[1].finding.count, 10);
	assert_int_equal(fx.seen[1].finding.subject.bytes, 1000);
	assert_int_equal(fx.seen[2].count, 100);
	assert_int_equal(fx.seen[2].sequence, 3);
	assert_string_equal(fx.seen[0].alert_id, fx.seen[2].alert_id);
	assert_string_not_equal(fx.seen[0].event_id, fx.seen[1].event_id);
	assert_int_equal(fx.seen[2].finding.start_ns, SAMPLE_TIME_NS);
	assert_int_equal(fx.seen[2].finding.end_ns, SAMPLE_TIME_NS + 99 * SECOND_NS);
	assert_int_equal(alert_store_counts(fx.store)->by_severity[2], 1);
}

static void rising_severity_is_a_revision_with_the_stronger_words(void **state)
{
	struct finding strong = at(2, SEVERITY_CRITICAL);
	struct finding weak = at(3, SEVERITY_LOW);
	(void)state;
	str_copy(strong.message, sizeof(strong.message), "worse");
	str_copy(weak.message, sizeof(weak.message), "weak");
	put(at(0, SEVERITY_MEDIUM));
	put(strong);
	put(weak);
	assert_int_equal(fx.count, 2);
	assert_int_equal(fx.seen[1].finding.severity, SEVERITY_CRITICAL);
	assert_string_equal(fx.seen[1].finding.message, "worse");
	assert_int_equal(fx.seen[1].revision, 2);
	const struct alert_counts *c = alert_store_counts(fx.store);
	assert_int_equal(c->by_severity[1], 0); /* the alert is critical now, and one */
	assert_int_equal(c->by_severity[3], 1);
}

static void new_stage_is_a_revision(void **state)
{
	struct finding f = at(1, SEVERITY_HIGH);
	(void)state;
	put(at(0, SEVERITY_HIGH));
	f.class = FINDING_C2;
	put(f);
	put(f);
	assert_int_equal(fx.count, 2);
}

static void below_minimum_waits_until_it_is_not(void **state)
{
	(void)state;
	fx.options.minimum = SEVERITY_MEDIUM;
	start();
	put(at(0, SEVERITY_LOW));
	assert_int_equal(fx.count, 0);
	assert_int_equal(alert_store_counts(fx.store)->below_minimum, 1);
	put(at(1, SEVERITY_MEDIUM));
	assert_int_equal(fx.count, 1);
	assert_int_equal(fx.seen[0].revision, 1);
	assert_int_equal(fx.seen[0].sequence, 1);
	assert_int_equal(fx.seen[0].count, 2);
	assert_int_equal(alert_store_counts(fx.store)->below_minimum, 0);
}

static void window_ends_and_a_new_alert_begins(void **state)
{
	(void)state;
	put(at(0, SEVERITY_HIGH));
	put(at(3599, SEVERITY_HIGH));
	assert_int_equal(fx.count, 1);
	put(at(3600, SEVERITY_HIGH));
	assert_int_equal(fx.count, 3);
	assert_string_equal(fx.seen[0].alert_id, fx.seen[1].alert_id);
	assert_int_equal(fx.seen[1].finding.subject.bytes, 200); /* closed with its total */
	assert_string_not_equal(fx.seen[0].alert_id, fx.seen[2].alert_id);
	assert_int_equal(fx.seen[2].revision, 1);
	assert_int_equal(fx.seen[2].count, 1);
	assert_int_equal(fx.seen[2].sequence, 3);
}

static void closing_tells_what_grew(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		put(at(i, SEVERITY_HIGH));
	assert_int_equal(fx.count, 1);
	alert_store_tick(fx.store, SAMPLE_TIME_NS + 3600 * SECOND_NS);
	assert_int_equal(fx.count, 2);
	assert_int_equal(fx.seen[1].revision, 2);
	assert_int_equal(fx.seen[1].count, 4);
	assert_int_equal(fx.seen[1].finding.subject.bytes, 400);
	alert_store_flush(fx.store);
	assert_int_equal(fx.count, 2);
}

static void flush_is_silent_when_nothing_grew(void **state)
{
	struct finding f = at(0, SEVERITY_HIGH);
	(void)state;
	put(f);
	put(f); /* the same span and amount */
	alert_store_flush(fx.store);
	assert_int_equal(fx.count, 1);
	put(at(4, SEVERITY_HIGH)); /* it is still open, as the state of a next process needs it */
	assert_int_equal(fx.count, 1);
	alert_store_flush(fx.store);
	assert_int_equal(fx.count, 2);
	assert_string_equal(fx.seen[0].alert_id, fx.seen[1].alert_id);
	assert_int_equal(fx.seen[1].revision, 2);
}

static struct finding totals(uint64_t seconds, uint64_t bytes)
{
	struct finding f = at(0, SEVERITY_HIGH);
	f.end_ns = f.time_ns = SAMPLE_TIME_NS + seconds * SECOND_NS;
	f.subject.bytes = bytes;
	f.is_update = true;
	finding_text(f.message, sizeof(f.message), "%u in all", (unsigned)bytes);
	return f;
}

static void totals_are_in_the_last_revision(void **state)
{
	(void)state;
	put(at(0, SEVERITY_HIGH));
	put(totals(60, 150));
	put(totals(120, 170));
	assert_int_equal(fx.count, 1); /* none of their own */
	alert_store_flush(fx.store);
	assert_int_equal(fx.count, 2);
	assert_int_equal(fx.seen[1].revision, 2);
	assert_int_equal(fx.seen[1].count, 1);
	assert_int_equal(fx.seen[1].finding.subject.bytes, 170);
	assert_string_equal(fx.seen[1].finding.message, "170 in all");
	assert_false(fx.seen[1].finding.is_update);
}

static void totals_after_the_window_are_told_once_a_window(void **state)
{
	(void)state;
	put(at(0, SEVERITY_HIGH));
	put(totals(1800, 120));
	put(totals(3700, 150)); /* the window has ended with 120 */
	assert_int_equal(fx.count, 2);
	assert_int_equal(fx.seen[1].finding.subject.bytes, 120);
	put(totals(5000, 160));
	assert_int_equal(fx.count, 2);
	alert_store_tick(fx.store, SAMPLE_TIME_NS + 7300 * SECOND_NS);
	assert_int_equal(fx.count, 3);
	assert_int_equal(fx.seen[2].finding.subject.bytes, 160);
	assert_string_equal(fx.seen[0].alert_id, fx.seen[2].alert_id);
	put(totals(7400, 160)); /* nothing more */
	alert_store_flush(fx.store);
	assert_int_equal(fx.count, 3);
}

static void totals_of_nothing_known_open_no_alert(void **state)
{
	(void)state;
	put(totals(60, 150));
	alert_store_flush(fx.store);
	assert_int_equal(fx.count, 0);
}

static void flush_sends_what_was_held_back(void **state)
{
	struct finding f = at(1, SEVERITY_HIGH);
	(void)state;
	put(at(0, SEVERITY_HIGH));
	f.subject.bytes = 1000000;
	put(f);
	assert_int_equal(fx.count, 1);
	alert_store_flush(fx.store);
	assert_int_equal(fx.count, 2);
	assert_int_equal(fx.seen[1].finding.subject.bytes, 1000100);
}

/* A detector that reports its growing sum of the day is not added to itself. */
static void overlapping_spans_are_not_summed(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 20; i++) {
		struct finding f = at(i * 60, SEVERITY_HIGH);
		f.start_ns = SAMPLE_TIME_NS;
		f.count = 10 * i;
		f.subject.bytes = 1000 * i;
		put(f);
	}
	assert_int_equal(fx.seen[fx.count - 1].count, 10);
	assert_int_equal(fx.seen[fx.count - 1].finding.count, 100);
	assert_int_equal(fx.seen[fx.count - 1].finding.subject.bytes, 10000);
	assert_int_equal(fx.seen[fx.count - 1].finding.start_ns, SAMPLE_TIME_NS);
}

static void packets_and_related_are_joined(void **state)
{
	struct finding a = at(0, SEVERITY_MEDIUM), b = at(1, SEVERITY_HIGH);
	(void)state;
	b.packet_count = 0;
	finding_packet(&b, 103); /* between those of a */
	finding_packet(&b, 107);
	b.peer = sample_end("192.0.2.1", 54, 0);
	b.techniques[0] = "T1041";
	put(a);
	put(b);
	const struct finding *f = &fx.seen[1].finding;
	assert_int_equal(f->packet_count, 9);
	for (unsigned i = 1; i < f->packet_count; i++)
		assert_true(f->packets[i] > f->packets[i - 1]);
	assert_int_equal(f->peer.port, 0); /* two ports */
	assert_string_equal(f->techniques[0], "T1041");
	assert_string_equal(f->techniques[2], "T1048.003");
	bool has_old_peer = false;
	for (unsigned i = 0; i < f->related_count; i++)
		has_old_peer = has_old_peer || ipaddr_equal(&f->related[i], &a.peer.ip);
	assert_true(has_old_peer);
}

static void put_host(unsigned host, uint64_t seconds, enum severity severity)
{
	struct finding f = at(seconds, severity);
	f.subject.ip.u.b[14] = (uint8_t)(host >> 8);
	f.subject.ip.u.b[15] = (uint8_t)host;
	put(f);
}

static void full_store_closes_the_least_and_longest_silent(void **state)
{
	(void)state;
	fx.options.max_open = 3;
	start();
	put_host(1, 0, SEVERITY_LOW);
	put_host(2, 1, SEVERITY_LOW);
	put_host(3, 2, SEVERITY_HIGH);
	put_host(1, 3, SEVERITY_LOW);  /* host 2 is now the longest silent */
	put_host(4, 4, SEVERITY_HIGH); /* closes 2 */
	assert_int_equal(alert_store_counts(fx.store)->closed_early, 1);
	assert_int_equal(fx.count, 4);
	put_host(1, 5, SEVERITY_LOW); /* still open */
	put_host(3, 5, SEVERITY_HIGH);
	assert_int_equal(fx.count, 4);
	put_host(2, 6, SEVERITY_LOW); /* new again, closes 1, which had grown */
	assert_int_equal(fx.count, 6);
	assert_int_equal(fx.seen[4].revision, 2);
	put_host(3, 7, SEVERITY_HIGH);
	assert_int_equal(fx.count, 6);
}

static void sequence_has_no_gaps(void **state)
{
	(void)state;
	fx.options.max_open = 5;
	fx.options.minimum = SEVERITY_MEDIUM;
	start();
	for (unsigned i = 0; i < 120; i++)
		put_host(i % 7, i * 100, i % 3 ? SEVERITY_HIGH : SEVERITY_LOW);
	alert_store_flush(fx.store);
	assert_true(fx.count > 10);
	for (size_t i = 0; i < fx.count; i++)
		assert_int_equal(fx.seen[i].sequence, i + 1);
	assert_int_equal(alert_store_counts(fx.store)->emitted, fx.count);
}

static void the_same_findings_give_the_same_alerts(void **state)
{
	static struct alert first[SEEN_MAX];
	size_t count = 0;
	(void)state;
	for (int run = 0; run < 2; run++) {
		start();
		for (unsigned i = 0; i < 100; i++)
			put_host(i * i % 23, i * 97, i % 5 ? SEVERITY_MEDIUM : SEVERITY_HIGH);
		alert_store_flush(fx.store);
		if (run == 0) {
			memcpy(first, fx.seen, sizeof(first));
			count = fx.count;
		}
	}
	assert_int_equal(fx.count, count);
	for (size_t i = 0; i < count; i++) {
		struct buf a, b;
		buf_init(&a, 16384);
		buf_init(&b, 16384);
		alert_json(&first[i], &fx.options, &a);
		alert_json(&fx.seen[i], &fx.options, &b);
		assert_string_equal(a.data, b.data);
		buf_deinit(&a);
		buf_deinit(&b);
	}
}

static void late_packet_is_handled_now(void **state)
{
	(void)state;
	put(at(5000, SEVERITY_HIGH));
	put(at(0, SEVERITY_HIGH)); /* older than the window: joins what is open */
	assert_int_equal(fx.count, 1);
}

static void company_raises_and_is_told(void **state)
{
	struct finding other = at(0, SEVERITY_HIGH), f = at(1, SEVERITY_LOW);
	(void)state;
	other.rule = other.detector = "upload_volume";
	other.llr = 4;
	put(other);
	f.rule = f.detector = "mismatch";
	f.class = FINDING_C2;
	f.llr = 2;
	put(f);
	assert_int_equal(fx.seen[1].finding.severity, SEVERITY_MEDIUM);
	assert_int_equal(fx.seen[1].chain_count, 1);
	assert_string_equal(fx.seen[1].chain[0].rule, "upload_volume");
}

static void finding_without_anything_is_survived(void **state)
{
	struct finding f;
	(void)state;
	finding_init(&f, "x", "x", "X");
	put(f); /* severity none: never sent */
	assert_int_equal(fx.count, 0);
	f.severity = SEVERITY_LOW;
	put(f);
	assert_int_equal(fx.count, 1);
	assert_string_equal(fx.seen[0].community_id, "");
}

static void another_configuration_holds_for_what_is_open(void **state)
{
	(void)state;
	put(at(0, SEVERITY_LOW)); /* not sent */
	size_t before = fx.count;
	alert_store_change(fx.store, &(struct alert_options){ .merge_ns = 10 * SECOND_NS,
							      .minimum = SEVERITY_CRITICAL });
	put(at(1, SEVERITY_HIGH));
	assert_int_equal(fx.count, before);
	alert_store_change(fx.store, &(struct alert_options){ .merge_ns = 10 * SECOND_NS,
							      .minimum = SEVERITY_LOW });
	put(at(2, SEVERITY_HIGH));
	assert_int_equal(fx.count, before + 1);
	assert_int_equal(fx.seen[before].count, 3); /* what was held back is in it */
	put(at(11, SEVERITY_HIGH));                 /* the window of ten seconds is over */
	const struct alert *last = &fx.seen[fx.count - 1];
	assert_string_not_equal(last->alert_id, fx.seen[before].alert_id);
	assert_int_equal(last->count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_finding_is_sent_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_drill_is_told_once_and_weighs_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_same_again_is_merged_silently, setup, teardown),
		cmocka_unit_test_setup_teardown(single_events_of_one_time_are_added, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tenfold_is_a_revision, setup, teardown),
		cmocka_unit_test_setup_teardown(
			rising_severity_is_a_revision_with_the_stronger_words, setup, teardown),
		cmocka_unit_test_setup_teardown(new_stage_is_a_revision, setup, teardown),
		cmocka_unit_test_setup_teardown(below_minimum_waits_until_it_is_not, setup,
						teardown),
		cmocka_unit_test_setup_teardown(window_ends_and_a_new_alert_begins, setup,
						teardown),
		cmocka_unit_test_setup_teardown(closing_tells_what_grew, setup, teardown),
		cmocka_unit_test_setup_teardown(flush_is_silent_when_nothing_grew, setup, teardown),
		cmocka_unit_test_setup_teardown(totals_are_in_the_last_revision, setup, teardown),
		cmocka_unit_test_setup_teardown(totals_after_the_window_are_told_once_a_window,
						setup, teardown),
		cmocka_unit_test_setup_teardown(totals_of_nothing_known_open_no_alert, setup,
						teardown),
		cmocka_unit_test_setup_teardown(flush_sends_what_was_held_back, setup, teardown),
		cmocka_unit_test_setup_teardown(overlapping_spans_are_not_summed, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_and_related_are_joined, setup, teardown),
		cmocka_unit_test_setup_teardown(full_store_closes_the_least_and_longest_silent,
						setup, teardown),
		cmocka_unit_test_setup_teardown(sequence_has_no_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_findings_give_the_same_alerts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(another_configuration_holds_for_what_is_open, setup,
						teardown),
		cmocka_unit_test_setup_teardown(late_packet_is_handled_now, setup, teardown),
		cmocka_unit_test_setup_teardown(company_raises_and_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(finding_without_anything_is_survived, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
