/*
 * Which policy decides, what it escalates to, what it requires, and what speaks against it.
 */
#include <math.h>

#include "policies.h"

struct desk {
	struct policy *policy;
	struct policy_memory *memory;
	struct event_log *log;
};

static struct desk desk_of(const char *text)
{
	struct desk d = { sound(text), policy_memory_new(4), event_log_new() };
	assert_non_null(d.memory);
	assert_non_null(d.log);
	return d;
}

static void desk_end(struct desk *d)
{
	policy_free(d->policy);
	policy_memory_free(d->memory);
	event_log_free(d->log);
}

static struct policy_decision ask(struct desk *d, const char *fields)
{
	return decide_with(d->policy, d->memory, d->log, fields, NULL);
}

static const char *name_of(const struct policy_decision *d)
{
	return d->rule ? d->rule->name : "none";
}

static void test_the_first_decides(void **state)
{
	(void)state;
	struct desk d = desk_of(
		POLICY("backup", "source_zone: backup, tenant: 'own-*'", "action: label") "---\n" POLICY(
			"payroll", "source_zone: payroll, bytes_out|gte: 1000000",
			"action: quarantine, ttl: 2h") "---\n" POLICY("theft",
								      "category: exfil, severity|gte: 73",
								      "action: alert"));
	assert_int_equal(policy_count(d.policy), 3);
	struct policy_decision got =
		ask(&d, "\"source_zone\":\"backup\",\"tenant\":\"own-eu\",\"severity\":99,"
			"\"category\":\"exfil\"");
	assert_string_equal(name_of(&got), "backup");
	assert_int_equal(got.action, POLICY_LABEL);
	got = ask(&d, "\"source_zone\":\"payroll\",\"bytes_out\":1000000");
	assert_string_equal(name_of(&got), "payroll");
	assert_int_equal(got.ttl_s, 7200);
	assert_non_null(strstr(got.why, "source_zone: 'payroll'"));
	got = ask(&d, "\"source_zone\":\"payroll\",\"bytes_out\":999999");
	assert_string_equal(name_of(&got), "none");
	got = ask(&d, "\"category\":\"exfil\",\"severity\":73");
	assert_string_equal(name_of(&got), "theft");
	/* what an earlier one took is shadowed */
	assert_int_equal(policy_rule_at(d.policy, 2)->shadowed, 1);
	assert_int_equal(policy_rule_at(d.policy, 2)->decided, 1);
	assert_true(policy_acts(d.policy));
	desk_end(&d);
}

static void test_words_and_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *search, *fields;
		bool holds;
	} rows[] = {
		{ "severity: high", "\"severity\":73", true },
		{ "severity: high", "\"severity\":47", false },
		{ "direction: outbound", "\"direction\":\"outbound\"", true },
		{ "proof: handshake", "\"proof\":\"handshake\"", true },
		{ "'src|cidr': 10.8.0.0/14", "\"src\":\"10.9.1.1\",\"has_src\":true", true },
		{ "'src|cidr': 10.8.0.0/14", "\"src\":\"10.12.1.1\",\"has_src\":true", false },
		{ "content: card", "\"content\":\"iban, card\"", true },
		{ "content: card", "\"content\":\"iban\"", false },
		{ "source_tags: crown-jewels", "\"source_tags\":\"pci, crown-jewels\"", true },
		{ "sanctioned: false", "\"service\":\"dropbox\"", true },
		{ "sanctioned: false", "\"sanctioned\":true", false },
		{ "'confidence|gte': 0.8", "\"confidence\":0.9", true },
		{ "'risk|gt': 90", "\"risk\":90", false },
		{ "'rule|startswith': 'intel:'", "\"rule\":\"intel:feodo\"", true },
		{ "'domain|endswith': .example", "\"domain\":\"a.example\"", true },
		{ "stages: lateral", "\"stages\":\"recon, lateral\"", true },
		/* 2026-11-29 is a Sunday */
		{ "weekday: sunday, 'hour|lt': 6", "\"time\":\"2026-11-29T05:59:59Z\"", true },
		{ "weekday: sunday, 'hour|lt': 6", "\"time\":\"2026-11-29T06:00:00Z\"", false },
		{ "'weekday|gte': 6", "\"time\":\"2026-11-28T12:00:00Z\"", true },
		{ "'weekday|gte': 6", "\"time\":\"2026-11-27T12:00:00Z\"", false },
		{ "dst_port: 443", "\"dport\":443", true },
		{ "tenant: null", "\"rule\":\"a\"", true },
		{ "source_owner: it-team", "\"source_owner\":\"it-team\"", true },
		{ "source_data: pii", "\"source_data\":\"pii\"", true },
		{ "user: alice", "\"user\":\"alice\"", true },
		{ "service: dropbox", "\"service\":\"dropbox\"", true },
		{ "service_category: storage", "\"service_category\":\"storage\"", true },
		{ "country: US", "\"country\":\"US\"", true },
		{ "as: 15169", "\"as_number\":15169", true },
		{ "residency: DE", "\"residency\":\"US, DE\"", true },
		{ "content_label: visa", "\"content_label\":\"iban_de, visa\"", true },
		{ "fingerprint: plans", "\"content_label\":\"plans\"", true },
		{ "'bytes_out_hour|gte': 10", "\"bytes_out_hour\":10", true },
		{ "'bytes_out_day|gte': 10", "\"bytes_out_day\":9", false },
		{ "'total_out_day|gt': 10", "\"total_out_day\":11", true },
		{ "'flows_hour|gte': 3", "\"flows_hour\":3", true },
		{ "workday: false", "\"time\":\"2026-11-28T12:00:00Z\"", true },
		{ "working_hours: true", "\"time\":\"2026-11-27T12:00:00Z\"", true },
		{ "working_hours: false", "\"time\":\"2026-11-27T20:00:00Z\"", true },
		{ "holiday: true", "\"time\":\"2026-11-27T20:00:00Z\"", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[600];
		snprintf(text, sizeof(text),
			 "title: t\nname: t\n" LOGSOURCE
			 "detection: {s: {%s}, condition: s}\nexfild: {action: label}\n",
			 rows[i].search);
		struct desk d = desk_of(text);
		struct policy_decision got = ask(&d, rows[i].fields);
		if ((got.rule != NULL) != rows[i].holds)
			fail_msg("%s of %s: %d", rows[i].search, rows[i].fields, got.rule != NULL);
		desk_end(&d);
	}
}

#define AT(id, hours, rule)                                                       \
 "\"id\":\"" id "\",\"rule\":\"" rule "\",\"src\":\"10.0.0.1\",\"has_src\":true," \
 "\"severity\":73,\"category\":\"exfil\",\"time\":\"2026-11-28T" hours ":00:00Z\""

static void test_escalates_on_repeats(void **state)
{
	(void)state;
	struct desk d = desk_of(POLICY(
		"drop", "rule: a",
		"action: alert, escalate: [{repeats: 1, within: 4h, action: rate_limit, ttl: 10m}, "
		"{repeats: 2, within: 1d, action: quarantine, ttl: 1h}]"));
	struct policy_decision got = ask(&d, AT("1", "01", "a"));
	assert_int_equal(got.action, POLICY_ALERT);
	got = ask(&d, AT("1", "02", "a")); /* a revision of it is no repeat */
	assert_int_equal(got.action, POLICY_ALERT);
	assert_int_equal(got.step, 0);
	got = ask(&d, AT("2", "03", "a"));
	assert_int_equal(got.action, POLICY_RATE_LIMIT);
	assert_int_equal(got.ttl_s, 600);
	got = ask(&d, AT("3", "04", "b")); /* not one of this policy's */
	assert_null(got.rule);
	got = ask(&d, AT("4", "05", "a"));
	assert_int_equal(got.action, POLICY_QUARANTINE);
	assert_int_equal(got.step, 2);
	assert_int_equal(got.repeats, 2);
	desk_end(&d);
}

static void test_an_old_one_is_no_repeat(void **state)
{
	(void)state;
	struct desk d = desk_of(POLICY(
		"drop", "rule: a", "action: alert, escalate: {within: 4h, action: quarantine}"));
	(void)ask(&d, AT("1", "01", "a"));
	struct policy_decision got = ask(&d, AT("2", "06", "a"));
	assert_int_equal(got.action, POLICY_ALERT);
	got = ask(&d, AT("3", "10", "a"));
	assert_int_equal(got.action, POLICY_QUARANTINE);
	got = ask(&d, "\"id\":\"4\",\"rule\":\"a\",\"src\":\"10.0.0.2\",\"has_src\":true,"
		      "\"time\":\"2026-11-28T10:00:00Z\"");
	assert_int_equal(got.action, POLICY_ALERT); /* another source */
	desk_end(&d);
}

static void test_requires_another(void **state)
{
	(void)state;
	struct desk d = desk_of(
		POLICY("both", "rule: a", "action: quarantine, require: {rule: 'intel:*', severity: high, within: 2h}") "---\n" POLICY(
			"alone", "rule: a", "action: label"));
	struct policy_decision got = ask(&d, AT("1", "01", "a"));
	assert_string_equal(name_of(&got), "alone");
	(void)ask(&d, AT("2", "01", "intel:feodo"));
	got = ask(&d, AT("1", "03", "a"));
	assert_string_equal(name_of(&got), "both");
	got = ask(&d, AT("1", "04", "a"));
	assert_string_equal(name_of(&got), "alone"); /* too long ago */
	desk_end(&d);
}

static void test_memory_is_bounded(void **state)
{
	(void)state;
	struct desk d = desk_of(POLICY(
		"drop", "rule: a", "action: alert, escalate: {within: 1d, action: quarantine}"));
	char fields[300];
	for (unsigned i = 0; i < 64; i++) {
		snprintf(fields, sizeof(fields),
			 "\"id\":\"%u\",\"rule\":\"a\",\"src\":\"10.0.0.%u\",\"has_src\":true,"
			 "\"time\":\"2026-11-28T01:%02u:00Z\"",
			 i, i, i % 60);
		assert_int_equal(ask(&d, fields).action, POLICY_ALERT);
	}
	/* the last is known, the first was pushed out */
	assert_int_equal(ask(&d,
			     "\"id\":\"x\",\"rule\":\"a\",\"src\":\"10.0.0.59\",\"has_src\":true,"
			     "\"time\":\"2026-11-28T02:00:00Z\"")
				 .action,
			 POLICY_QUARANTINE);
	assert_int_equal(ask(&d,
			     "\"id\":\"y\",\"rule\":\"a\",\"src\":\"10.0.0.1\",\"has_src\":true,"
			     "\"time\":\"2026-11-28T02:00:00Z\"")
				 .action,
			 POLICY_ALERT);
	desk_end(&d);
}

#define ENDS                                                                       \
 "\"src\":\"10.0.0.1\",\"has_src\":true,\"dst\":\"203.0.113.9\",\"has_dst\":true," \
 "\"direction\":\"outbound\",\"proof\":\"handshake\""

static void test_what_speaks_against(void **state)
{
	(void)state;
	static const struct {
		const char *block, *fields, *want; /* NULL: nothing */
	} rows[] = {
		{ "action: quarantine", ENDS, NULL },
		{ "action: quarantine", ENDS ",\"drill\":true", "a drill" },
		{ "action: quarantine", "\"rule\":\"a\"", "no address of a source" },
		{ "action: block", "\"src\":\"10.0.0.1\",\"has_src\":true,\"proof\":\"handshake\"",
		  "no address of a destination" },
		{ "action: block", ENDS, NULL },
		{ "action: block", ENDS ",\"shared\":true", "serves many names" },
		{ "action: block, shared: true", ENDS ",\"shared\":true", NULL },
		{ "action: quarantine", ENDS ",\"shared\":true", NULL },
		{ "action: block, target: pair", ENDS ",\"shared\":true", NULL },
		{ "action: block, target: source", ENDS, "only an outside address is blocked" },
		{ "action: quarantine, target: destination", ENDS, "only a host of the inside" },
		{ "action: rate_limit", ENDS, NULL },
		{ "action: quarantine", ENDS ",\"source_roles\":\"server, resolver\"",
		  "it is a resolver" },
		{ "action: quarantine", ENDS ",\"source_roles\":\"nat\"", "several hosts share" },
		{ "action: quarantine", ENDS ",\"source_roles\":\"server, manager\"", NULL },
		{ "action: quarantine", ENDS ",\"moved\":true", "two link addresses" },
		{ "action: quarantine",
		  "\"src\":\"10.0.0.1\",\"has_src\":true,\"direction\":\"outbound\"",
		  "one forged sender" },
		{ "action: block, target: source",
		  "\"src\":\"203.0.113.9\",\"has_src\":true,\"dst\":\"10.0.0.1\",\"has_dst\":true,"
		  "\"direction\":\"inbound\",\"proof\":\"answered\"",
		  NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[600];
		snprintf(text, sizeof(text),
			 "title: t\nname: t\n" LOGSOURCE
			 "detection: {s: {'severity|lt': 100}, condition: s}\nexfild: {%s}\n",
			 rows[i].block);
		struct desk d = desk_of(text);
		const struct event_alert *e;
		struct policy_decision got =
			decide_with(d.policy, d.memory, d.log, rows[i].fields, &e);
		assert_non_null(got.rule);
		const char *why = policy_gate(&got, e);
		if (rows[i].want ? !why || !strstr(why, rows[i].want) : why != NULL)
			fail_msg("%s of %s: '%s'", rows[i].block, rows[i].fields,
				 why ? why : "nothing");
		desk_end(&d);
	}
}

static void test_explains(void **state)
{
	(void)state;
	struct desk d = desk_of(POLICY("out", "severity: high", "action: quarantine, ttl: 1h"));
	const struct event_alert *e;
	struct policy_decision got =
		decide_with(d.policy, d.memory, d.log, "\"severity\":73," ENDS, &e);
	struct buf text;
	buf_init(&text, 2000);
	policy_explain(&got, e, &text);
	assert_non_null(strstr(text.data, "policy out (p.yaml:1): quarantine source for 1"));
	assert_non_null(strstr(text.data, "because severity: 'high'"));
	buf_deinit(&text);
	desk_end(&d);
}

#define TRAFFIC(what, name, search, block)                                             \
 "title: " name "\nname: " name "\nlogsource: {product: exfild, category: " what "}\n" \
 "detection: {s: {" search "}, condition: s}\nexfild: {" block "}\n"

/* A step of a connection is shown to policies over flows and to those over usage, to no others. */
static void test_a_step_is_seen_by_its_own(void **state)
{
	(void)state;
	struct desk d = desk_of(
		POLICY("alerts", "src_port: 1", "action: label") "---\n" TRAFFIC("flow", "large", "bytes_out|gte: 1000", "action: alert, escalate: {within: 1d, action: quarantine}") "---\n" TRAFFIC(
			"flow", "any", "src_port: 1",
			"action: alert") "---\n" TRAFFIC("usage", "much",
							 "bytes_out_day|gte: 5000, source_zone: office",
							 "action: quarantine"));
	struct policy_decision flow, usage, own;
	const struct event_alert *e;
	assert_true(policy_looks_at(d.policy, ALERT_ABOUT_FLOW));
	assert_true(policy_looks_at(d.policy, ALERT_ABOUT_USAGE));
	assert_true(policy_reads(d.policy, "bytes_out_day"));
	assert_false(policy_reads(d.policy, "bytes_out_hour"));
	(void)decide_with(d.policy, d.memory, d.log,
			  "\"about\":\"step\",\"sport\":1,\"bytes_out\":999,"
			  "\"source_zone\":\"office\",\"bytes_out_day\":5000",
			  &e);
	policy_decide_step(d.policy, d.memory, e, &flow, &usage);
	assert_string_equal(name_of(&flow), "any");
	assert_string_equal(name_of(&usage), "much");
	/* from outside: a flow, and nobody's usage */
	(void)decide_with(d.policy, d.memory, d.log,
			  "\"about\":\"flow\",\"bytes_out\":1000,\"source_zone\":\"office\","
			  "\"bytes_out_day\":5000",
			  &e);
	policy_decide_step(d.policy, d.memory, e, &flow, &usage);
	assert_string_equal(name_of(&flow), "large");
	assert_null(usage.rule);
	/* its alert is decided by itself, and counts for its escalation */
	for (unsigned i = 0; i < 2; i++) {
		char fields[120];
		snprintf(fields, sizeof(fields),
			 "\"id\":\"%u\",\"src\":\"10.0.0.1\",\"has_src\":true,"
			 "\"time\":\"2026-11-28T12:0%u:00Z\"",
			 i, i);
		(void)decide_with(d.policy, d.memory, d.log, fields, &e);
		assert_true(policy_decide_own(d.policy, d.memory, e, "large", "it was", &own));
		assert_int_equal(own.action, i ? POLICY_QUARANTINE : POLICY_ALERT);
		assert_string_equal(own.why, "it was");
	}
	assert_false(policy_decide_own(d.policy, d.memory, e, "alerts", "", &own));
	desk_end(&d);
}

/* Below this nothing has to be asked: never more than what a policy asks for. */
static void test_the_least_that_can_hold(void **state)
{
	(void)state;
	static const struct {
		const char *search, *condition;
		double any, office; /* whatever the zones are; of the zone office, outbound */
	} rows[] = {
		{ "bytes_out|gte: 1000", "s", 1000, 1000 },
		{ "bytes_out_day|gt: 500, source_zone: office", "s", 500, 500 },
		{ "bytes_out|gte: 1000, source_zone: lab", "s", 1000, INFINITY },
		{ "source_zone: lab", "s", 0, INFINITY },
		{ "source_zone: lab", "not s", 0, 0 },
		{ "source_zone: [office, lab]", "not s", 0, INFINITY },
		{ "direction: inbound, dst_port: 22", "s", 0, INFINITY },
		{ "dst_port: 22", "s", 0, 0 },
		{ "bytes_in|gte: 1000", "s", 0, 0 },
		{ "bytes_out|lte: 1000", "s", 0, 0 },
		{ "content|exists: true", "s", 0, INFINITY },
		{ "bytes_out|gte: 1000", "s or t", 10, 10 },
		{ "bytes_out|gte: 1000", "s and t", 1000, 1000 },
		{ "bytes_out|gte: 1000", "not s", 0, 0 },
		{ "bytes_out|gte: 1000", "1 of s* or u", 0, 1000 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[600];
		const struct event_alert *e;
		snprintf(text, sizeof(text),
			 "title: t\nname: t\nlogsource: {product: exfild, category: flow}\n"
			 "detection: {s: {%s}, t: {total_out_hour|gte: 10}, u: {source_zone: lab}, "
			 "condition: %s}\nexfild: {action: label}\n",
			 rows[i].search, rows[i].condition);
		struct desk d = desk_of(text);
		(void)decide_with(d.policy, d.memory, d.log,
				  "\"source_zone\":\"office\",\"direction\":\"outbound\"", &e);
		double any = policy_least(d.policy, ALERT_ABOUT_FLOW, NULL, false);
		double office = policy_least(d.policy, ALERT_ABOUT_FLOW, e, false);
		if (any < rows[i].any || any > rows[i].any || office < rows[i].office ||
		    office > rows[i].office)
			fail_msg("%s, %s: %g %g", rows[i].search, rows[i].condition, any, office);
		assert_true(policy_least(d.policy, ALERT_ABOUT_USAGE, NULL, false) > 1e300);
		desk_end(&d);
	}
}

/* Nothing is held against the source: what asks for risk or stages cannot hold. */
static void test_the_least_of_a_quiet_source(void **state)
{
	(void)state;
	static const struct {
		const char *search;
		double any, quiet;
	} rows[] = {
		{ "risk|gte: 50, direction: outbound", 0, INFINITY },
		{ "stages: lateral, bytes_out|gte: 1000", 1000, INFINITY },
		{ "risk|lt: 10, bytes_out|gte: 1000", 1000, 1000 },
		{ "stages: null", 0, 0 },
		{ "bytes_out|gte: 1000", 1000, 1000 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[400];
		const struct event_alert *e;
		snprintf(text, sizeof(text),
			 "title: t\nname: t\nlogsource: {product: exfild, category: flow}\n"
			 "detection: {s: {%s}, condition: s}\nexfild: {action: label}\n",
			 rows[i].search);
		struct desk d = desk_of(text);
		(void)decide_with(
			d.policy, d.memory, d.log,
			"\"source_zone\":\"office\",\"direction\":\"outbound\",\"risk\":0", &e);
		double any = policy_least(d.policy, ALERT_ABOUT_FLOW, e, false);
		double quiet = policy_least(d.policy, ALERT_ABOUT_FLOW, e, true);
		if (any < rows[i].any || any > rows[i].any || quiet < rows[i].quiet ||
		    quiet > rows[i].quiet)
			fail_msg("%s: %g %g", rows[i].search, any, quiet);
		desk_end(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_decides),
		cmocka_unit_test(test_the_least_of_a_quiet_source),
		cmocka_unit_test(test_words_and_numbers),
		cmocka_unit_test(test_a_step_is_seen_by_its_own),
		cmocka_unit_test(test_the_least_that_can_hold),
		cmocka_unit_test(test_escalates_on_repeats),
		cmocka_unit_test(test_an_old_one_is_no_repeat),
		cmocka_unit_test(test_requires_another),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_what_speaks_against),
		cmocka_unit_test(test_explains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
