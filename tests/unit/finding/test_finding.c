/*
 * Findings: every list and text stays within its bounds.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/finding/finding.h"

static struct finding f;

static int start(void **state)
{
	(void)state;
	finding_init(&f, "dns_tunnel", "dns_tunnel", "Data leaves through DNS names");
	return 0;
}

static void init_is_neutral(void **state)
{
	(void)state;
	assert_int_equal(f.version, FINDING_VERSION);
	assert_string_equal(f.detector, "dns_tunnel");
	assert_int_equal(f.severity, SEVERITY_NONE);
	assert_int_equal(f.feature_count, 0);
	assert_null(f.techniques[0]);
	assert_string_equal(f.message, "");
	assert_false(f.subject.has_ip);
}

static void text_is_cut_at_a_whole_character(void **state)
{
	(void)state;
	char small[6];
	finding_text(small, sizeof(small), "%s", "abcdefgh");
	assert_string_equal(small, "abcde");
	finding_text(small, sizeof(small), "%s", "abcd\xc3\xa9");
	assert_string_equal(small, "abcd");
	finding_text(small, sizeof(small), "%s", "abc\xe2\x82\xacz");
	assert_string_equal(small, "abc");
	finding_text(small, sizeof(small), "%s", "ab\xe2\x82\xacz");
	assert_string_equal(small, "ab\xe2\x82\xac");
	finding_text(small, sizeof(small), "%s", "\x80\x80\x80\x80\x80\x80\x80");
	assert_int_equal(strlen(small), 5);
	finding_text(small, 1, "%s", "abc");
	assert_string_equal(small, "");
	finding_text(small, 0, "%s", "abc");
}

static void a_moment_has_no_length(void **state)
{
	char span[32];
	(void)state;
	assert_string_equal(finding_span(span, sizeof(span), 0), "at once");
	assert_string_equal(finding_span(span, sizeof(span), 1), "in 1 ns");
	assert_string_equal(finding_span(span, sizeof(span), 2000000000), "in 2 s");
	assert_string_equal(finding_span(span, 4, 0), "at ");
}

static void features_stop_at_their_number(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FINDING_FEATURES + 5; i++)
		finding_feature(&f, "new_information", i, NAN, 4096, 0.5, 0.25, "%u bytes of %s", i,
				"a text that is far longer than the ninety-six bytes that a line "
				"of the proof may have, so it is cut");
	assert_int_equal(f.feature_count, FINDING_FEATURES);
	const struct finding_feature *last = &f.features[FINDING_FEATURES - 1];
	assert_true(last->value == FINDING_FEATURES - 1);
	assert_true(isnan(last->baseline));
	assert_int_equal(strlen(last->text), sizeof(last->text) - 1);
	assert_int_equal(strncmp(last->text, "11 bytes", 8), 0);
}

static void lists_stop_at_their_number_and_skip_repeats(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++)
		finding_step(&f, "step %u", i);
	assert_int_equal(f.step_count, FINDING_STEPS);
	assert_string_equal(f.next_steps[FINDING_STEPS - 1], "step 3");

	static const char *const ids[] = { "T1", "T2", "T1", "T3", "T4", "T5" };
	for (unsigned i = 0; i < 6; i++)
		finding_technique(&f, ids[i]);
	assert_string_equal(f.techniques[0], "T1");
	assert_string_equal(f.techniques[3], "T4");

	finding_packet(&f, 0);
	for (uint64_t i = 1; i < 100; i++) {
		finding_packet(&f, i);
		finding_packet(&f, i);
	}
	assert_int_equal(f.packet_count, FINDING_PACKETS);
	assert_int_equal(f.packets[0], 1);
	assert_int_equal(f.packets[FINDING_PACKETS - 1], FINDING_PACKETS);

	for (uint8_t i = 0; i < 40; i++) {
		struct ipaddr a = ipaddr_v4((const uint8_t[]){ 10, 0, 0, (uint8_t)(i / 2) });
		finding_related(&f, &a);
	}
	assert_int_equal(f.related_count, FINDING_RELATED);
	assert_int_equal(f.related[FINDING_RELATED - 1].u.b[15], FINDING_RELATED - 1);
}

static void event_gives_ends_and_flow(void **state)
{
	(void)state;
	struct event e = { .src = ipaddr_v4((const uint8_t[]){ 10, 0, 0, 1 }),
			   .dst = ipaddr_v4((const uint8_t[]){ 192, 0, 2, 1 }),
			   .sport = 40000,
			   .dport = 53,
			   .proto = 17,
			   .app = APP_DNS,
			   .flow = 77,
			   .tunnel_id = 4711,
			   .vlan = 12,
			   .packet = 5,
			   .time_ns = 99 };
	finding_from_event(&f, &e);
	assert_true(f.subject.has_ip && ipaddr_equal(&f.subject.ip, &e.src));
	assert_int_equal(f.subject.port, 40000);
	assert_true(f.peer.has_ip && ipaddr_equal(&f.peer.ip, &e.dst));
	assert_int_equal(f.peer.port, 53);
	assert_int_equal(f.flow, 77);
	assert_int_equal(f.vlan, 12);
	assert_int_equal(f.tunnel_id, 4711);
	assert_int_equal(f.app, APP_DNS);
	assert_int_equal(f.time_ns, 99);
	assert_int_equal(f.packets[0], 5);
}

static void subject_may_be_the_responder(void **state)
{
	(void)state;
	struct event e = { .src = ipaddr_v4((const uint8_t[]){ 192, 0, 2, 1 }),
			   .dst = ipaddr_v4((const uint8_t[]){ 10, 0, 0, 1 }),
			   .sport = 40000,
			   .dport = 4444 };
	f.subject.ip = e.dst;
	f.subject.has_ip = true;
	finding_from_event(&f, &e);
	assert_int_equal(f.subject.port, 4444);
	assert_true(ipaddr_equal(&f.peer.ip, &e.src));
	assert_int_equal(f.peer.port, 40000);
	assert_true(ipaddr_equal(&f.flow_src, &e.src));
}

static void names_are_words(void **state)
{
	(void)state;
	assert_string_equal(severity_name(SEVERITY_HIGH), "high");
	assert_string_equal(severity_name((enum severity)5), "unknown");
	assert_string_equal(finding_class_name(FINDING_EXFIL), "exfil");
	assert_string_equal(finding_class_name(FINDING__COUNT), "unknown");
	for (unsigned i = 0; i < FINDING__COUNT; i++)
		assert_string_not_equal(finding_class_name(i), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(init_is_neutral, start),
		cmocka_unit_test_setup(text_is_cut_at_a_whole_character, start),
		cmocka_unit_test_setup(a_moment_has_no_length, start),
		cmocka_unit_test_setup(features_stop_at_their_number, start),
		cmocka_unit_test_setup(lists_stop_at_their_number_and_skip_repeats, start),
		cmocka_unit_test_setup(event_gives_ends_and_flow, start),
		cmocka_unit_test_setup(subject_may_be_the_responder, start),
		cmocka_unit_test_setup(names_are_words, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
