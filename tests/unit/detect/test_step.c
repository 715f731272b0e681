/*
 * The frame of a finding about one act: whose it is, how grave, and what text it may hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/event/log.h"
#include "../../../src/detect/step.h"

static struct finding raised;
static unsigned count;

static void keep(void *arg, const struct finding *f)
{
	(void)arg;
	raised = *f;
	count++;
}

static const struct step_rule rule = {
	.detector = "some_step",
	.rule = "some_step",
	.title = "Some step",
	.class = FINDING_LATERAL,
	.techniques = { "T1569.002", "T1021.002" },
	.tactic = "TA0008",
	.unseen = "what the program does",
	.next_steps = { "Look at the service" },
};

static struct event event_of(const char *src, const char *dst, uint8_t proto)
{
	struct event e;
	memset(&e, 0, sizeof(e));
	assert_int_equal(ipaddr_parse(src, &e.src), 0);
	assert_int_equal(ipaddr_parse(dst, &e.dst), 0);
	e.sport = 50000;
	e.dport = 445;
	e.proto = proto;
	e.ip_version = ipaddr_is_v4(&e.src) ? 4 : 6;
	e.packet = 7;
	e.time_ns = 1000;
	return e;
}

static void begins_with_the_events_ends(void **state)
{
	(void)state;
	struct detect_env env = { .now_ns = 2000, .raise = keep };
	struct finding f;
	struct event e = event_of("10.0.0.1", "10.0.0.2", 6);
	step_begin(&f, &rule, &env, &e);
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	step_ends(&f, from, to);
	assert_string_equal(from, "10.0.0.1");
	assert_string_equal(to, "10.0.0.2");
	assert_int_equal(f.subject.port, 0);
	assert_int_equal(f.peer.port, 445);
	assert_int_equal(f.flow_sport, 50000);
	assert_string_equal(f.filter,
			    "ip.addr == 10.0.0.1 && ip.addr == 10.0.0.2 && tcp.port == 445");
	assert_string_equal(f.techniques[1], "T1021.002");
	assert_null(f.techniques[2]);
	assert_int_equal(f.step_count, 1);
	assert_int_equal(f.packets[0], 7);
	assert_true(f.start_ns == 1000 && f.time_ns == 2000);
	e = event_of("fe80::1", "fe80::2", 58);
	step_begin(&f, &rule, &env, &e);
	assert_string_equal(f.filter, "ipv6.addr == fe80::1 && ipv6.addr == fe80::2");
}

static void severity_follows_the_score(void **state)
{
	(void)state;
	static const struct {
		double score;
		enum severity severity;
	} cases[] = {
		{ 0.34, SEVERITY_NONE },    { 0.35, SEVERITY_LOW },    { 0.5, SEVERITY_MEDIUM },
		{ 0.7, SEVERITY_HIGH },     { 0.69, SEVERITY_MEDIUM }, { 0.9, SEVERITY_CRITICAL },
		{ 1.4, SEVERITY_CRITICAL },
	};
	struct detect_env env = { .now_ns = 2000, .raise = keep };
	struct event e = event_of("10.0.0.1", "10.0.0.2", 6);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct finding f;
		count = 0;
		step_begin(&f, &rule, &env, &e);
		finding_feature(&f, "half", 1, 0, 1, 0.5, cases[i].score / 2, "half");
		finding_feature(&f, "half", 1, 0, 1, 0.5, cases[i].score / 2, "half");
		step_raise(&f, &env);
		assert_int_equal(count, cases[i].severity != SEVERITY_NONE);
		if (count) {
			assert_int_equal(raised.severity, cases[i].severity);
			assert_true(raised.score <= 1);
		}
	}
}

static void strings_are_made_harmless(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	struct event_login *e = event_log_begin(log, EVENT_LOGIN, sizeof(*e), 1);
	event_log_str(log, &e->user, "Ad\x1bm\xffn", 6, 6);
	char text[16];
	assert_string_equal(step_string(text, sizeof(text), &e->e, &e->user), "Ad?m?n");
	assert_string_equal(step_string(text, 4, &e->e, &e->user), "Ad?");
	assert_string_equal(step_string(text, sizeof(text), &e->e, &e->domain), "");
	event_log_str(log, &e->service, "SMB", 3, 3);
	assert_true(step_is(&e->e, &e->service, "smb"));
	assert_false(step_is(&e->e, &e->service, "smb2"));
	assert_false(step_is(&e->e, &e->domain, ""));
	event_log_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_with_the_events_ends),
		cmocka_unit_test(severity_follows_the_score),
		cmocka_unit_test(strings_are_made_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
