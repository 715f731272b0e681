/*
 * Alerts before policies: what they say, what waits for an answer, and the policies' own alerts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/engine/policies.h"

#define NOW_NS 1795460400000000000ull
#define RULE(name, search, block)                                                   \
 "title: " name "\nname: " name "\nlogsource: {product: exfild, category: alert}\n" \
 "detection: {s: {" search "}, condition: s}\nlevel: critical\nexfild: {" block "}\n"

#define FLOW(name, search, block)                                                  \
 "title: " name "\nname: " name "\nlogsource: {product: exfild, category: flow}\n" \
 "detection: {s: {" search "}, condition: s}\nlevel: high\nexfild: {" block "}\n"

static const char text[] =
	RULE("cut", "rule: dns_tunnel", "action: quarantine, ttl: 1h") "---\n" RULE("tell", "rule: upload_volume", "action: alert") "---\n" FLOW(
		"copy", "dst_port: 873",
		"action: label") "---\n" FLOW("ssh", "dst_port: [22, 873], bytes_out|gte: 1000",
					      "action: quarantine, ttl: 2h") "---\n" FLOW("suspect",
											  "dst_port: 8080, risk|gte: 60, stages: lateral",
											  "action: rate_limit") "---\n" FLOW("after",
															     "dst_port: 8443",
															     "action: alert, require: {rule: dns_tunnel, within: 1d}");

struct stage {
	struct config *config;
	struct rule_names names;
	struct policies *policies;
	struct fusion *fusion;
};

static struct stage begin(void)
{
	struct stage s = { .config = NULL };
	const struct config_options o = { .path = NULL };
	char why[800] = "";
	assert_int_equal(config_load(&o, &s.config, why, sizeof(why)), 0);
	return s;
}

static void start(struct stage *s)
{
	struct policy *set = NULL;
	char why[800] = "";
	assert_int_equal(
		policy_parse("p.yaml", text, sizeof(text) - 1, "UTC", &set, why, sizeof(why)), 0);
	s->fusion = fusion_new(64, &hash_key_fixed);
	assert_non_null(s->fusion);
	const struct policies_options o = { .config = s->config,
					    .names = &s->names,
					    .fusion = s->fusion,
					    .key = &hash_key_fixed,
					    .lasting = &hash_key_fixed };
	assert_int_equal(policies_new(&o, set, &s->policies, why, sizeof(why)), 0);
}

static void end(struct stage *s)
{
	policies_free(s->policies);
	fusion_free(s->fusion);
	rule_names_deinit(&s->names);
	config_free(s->config);
}

static struct alert *alert_of(const char *rule)
{
	struct alert *a = calloc(1, sizeof(*a));
	assert_non_null(a);
	finding_init(&a->finding, "d", rule, "t");
	a->finding.severity = SEVERITY_MEDIUM;
	a->finding.score = 0.5;
	a->finding.proto = 17;
	a->finding.flow = 7;
	a->finding.time_ns = NOW_NS;
	assert_int_equal(ipaddr_parse("10.0.0.1", &a->finding.subject.ip), 0);
	assert_int_equal(ipaddr_parse("10.0.0.53", &a->finding.peer.ip), 0);
	a->finding.subject.has_ip = a->finding.peer.has_ip = true;
	a->finding.flow_src = a->finding.subject.ip;
	a->finding.flow_dst = a->finding.peer.ip;
	a->direction = "internal";
	snprintf(a->alert_id, sizeof(a->alert_id), "0123456789abcdef0123456789abcdef");
	return a;
}

static struct event_dns answer(void)
{
	struct event_dns d;
	memset(&d, 0, sizeof(d));
	d.e.kind = EVENT_DNS;
	d.e.size = sizeof(d);
	d.e.proto = 17;
	d.e.flow = 7;
	d.e.time_ns = NOW_NS;
	d.e.from_server = 1;
	assert_int_equal(ipaddr_parse("10.0.0.1", &d.e.src), 0);
	assert_int_equal(ipaddr_parse("10.0.0.53", &d.e.dst), 0);
	return d;
}

static void test_a_replay_says_what_would_be_done(void **state)
{
	(void)state;
	struct stage s = begin();
	struct finding f;
	start(&s);
	struct event_dns d = answer();
	policies_event(s.policies, &d.e);
	struct alert *a = alert_of("dns_tunnel");
	policies_decide(s.policies, a);
	assert_string_equal(a->policy.rule, "cut");
	assert_string_equal(a->policy.action, "quarantine");
	assert_string_equal(a->policy.mode, "replay");
	assert_int_equal(a->policy.ttl_s, 3600);
	assert_non_null(strstr(a->policy.outcome, "a replay asks nobody"));
	assert_non_null(strstr(a->policy.why, "rule: 'dns_tunnel'"));
	assert_false(policies_next(s.policies, NOW_NS, &f));
	free(a);
	end(&s);
}

static void test_one_side_alone_is_refused_so_far(void **state)
{
	(void)state;
	struct stage s = begin();
	start(&s);
	struct alert *a = alert_of("dns_tunnel");
	policies_decide(s.policies, a);
	assert_non_null(strstr(a->policy.outcome, "refused so far: only one side has spoken"));
	struct event_dns d = answer();
	policies_event(s.policies, &d.e); /* it waits no more */
	a->policy = (struct alert_policy){ .action = NULL };
	policies_decide(s.policies, a);
	assert_non_null(strstr(a->policy.outcome, "would be asked"));
	for (unsigned i = 0; i < 3 * POLICY_UNPROVEN; i++) { /* a flood of forged ones */
		a->finding.flow = 100 + i;
		a->finding.flow_src.u.b[15] = (uint8_t)(100 + i);
		policies_decide(s.policies, a);
		assert_non_null(strstr(a->policy.outcome, "refused so far"));
	}
	free(a);
	end(&s);
}

static void test_a_policys_own_alert(void **state)
{
	(void)state;
	struct stage s = begin();
	struct finding f;
	start(&s);
	struct alert *a = alert_of("upload_volume");
	policies_decide(s.policies, a);
	assert_string_equal(a->policy.action, "alert");
	assert_null(a->policy.mode);
	assert_true(policies_next(s.policies, NOW_NS, &f));
	assert_string_equal(f.rule, "policy:tell");
	assert_int_equal(f.severity, SEVERITY_CRITICAL);
	assert_int_equal(f.class, FINDING_POLICY);
	assert_false(policies_next(s.policies, NOW_NS, &f));
	/* which no policy judges again */
	a->finding.rule = "policy:tell";
	a->policy = (struct alert_policy){ .action = NULL };
	policies_decide(s.policies, a);
	assert_string_equal(a->policy.rule, "");
	free(a);
	end(&s);
}

static void test_own_alerts_are_bounded(void **state)
{
	(void)state;
	struct stage s = begin();
	struct finding f;
	unsigned count = 0;
	start(&s);
	struct alert *a = alert_of("upload_volume");
	for (unsigned i = 0; i < 3 * POLICY_WAITING; i++)
		policies_decide(s.policies, a);
	while (policies_next(s.policies, NOW_NS, &f))
		count++;
	assert_int_equal(count, POLICY_WAITING);
	free(a);
	end(&s);
}

static struct event_flow flow_of(uint64_t id, uint16_t port, uint64_t bytes)
{
	struct event_flow f;
	memset(&f, 0, sizeof(f));
	f.e.kind = EVENT_FLOW_PROGRESS;
	f.e.size = sizeof(f);
	f.e.proto = 6;
	f.e.flow = id;
	f.e.dport = port;
	f.e.time_ns = f.last_ns = NOW_NS;
	f.first_ns = NOW_NS - 1000000000;
	f.bytes[0] = bytes;
	f.payload[0] = f.payload[1] = bytes;
	f.outcome = FLOW_OUTCOME_ESTABLISHED;
	f.is_interim = 2;
	assert_int_equal(ipaddr_parse("10.0.0.1", &f.e.src), 0);
	assert_int_equal(ipaddr_parse("10.0.0.53", &f.e.dst), 0);
	return f;
}

static void test_a_policy_over_flows(void **state)
{
	(void)state;
	struct stage s = begin();
	struct finding f;
	start(&s);
	struct event_flow e = flow_of(9, 22, 999);
	assert_false(policies_event(s.policies, &e.e));
	e = flow_of(10, 873, 5000); /* an exemption stands first, and says nothing */
	assert_false(policies_event(s.policies, &e.e));
	e = flow_of(9, 22, 1000);
	assert_true(policies_event(s.policies, &e.e));
	assert_true(policies_next(s.policies, NOW_NS, &f));
	assert_string_equal(f.rule, "policy:ssh");
	assert_string_equal(f.object, "10.0.0.53");
	assert_int_equal(f.severity, SEVERITY_HIGH);
	assert_non_null(strstr(f.message, "1 kB to 10.0.0.53"));
	/* its alert is what the responder would be asked for */
	struct alert *a = alert_of("policy:ssh");
	a->finding = f;
	policies_decide(s.policies, a);
	assert_string_equal(a->policy.rule, "ssh");
	assert_string_equal(a->policy.action, "quarantine");
	assert_int_equal(a->policy.ttl_s, 7200);
	assert_non_null(strstr(a->policy.outcome, "would be asked"));
	assert_non_null(strstr(a->policy.why, "dst_port"));
	/* once a connection, whatever more it sends */
	e = flow_of(9, 22, 100000);
	assert_false(policies_event(s.policies, &e.e));
	e = flow_of(11, 22, 100000);
	assert_true(policies_event(s.policies, &e.e));
	free(a);
	end(&s);
}

/* What is known against a host, by other alerts, and which there were. */
static void test_a_policy_over_flows_of_a_suspect(void **state)
{
	(void)state;
	struct stage s = begin();
	struct finding f;
	start(&s);
	struct event_flow e = flow_of(20, 8080, 1000);
	assert_false(policies_event(s.policies, &e.e)); /* nothing yet */
	struct alert *a = alert_of("smb_exec");
	a->finding.class = FINDING_LATERAL;
	a->finding.llr = 12;
	assert_true(fusion_add(s.fusion, &a->finding) >= 60);
	e = flow_of(21, 8080, 1000);
	assert_int_equal(ipaddr_parse("10.0.0.2", &e.e.src), 0);
	assert_false(policies_event(s.policies, &e.e)); /* another host */
	e = flow_of(20, 8080, 2000);
	assert_true(policies_event(s.policies, &e.e)); /* the same connection, which goes on */
	assert_true(policies_next(s.policies, NOW_NS, &f));
	assert_string_equal(f.rule, "policy:suspect");
	e = flow_of(22, 8443, 1000);
	assert_false(policies_event(s.policies, &e.e));
	a->finding.rule = "dns_tunnel";
	policies_decide(s.policies, a); /* an earlier alert */
	e = flow_of(23, 8443, 1000);
	assert_true(policies_event(s.policies, &e.e));
	assert_true(policies_next(s.policies, NOW_NS, &f));
	assert_string_equal(f.rule, "policy:after");
	free(a);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_replay_says_what_would_be_done),
		cmocka_unit_test(test_one_side_alone_is_refused_so_far),
		cmocka_unit_test(test_a_policys_own_alert),
		cmocka_unit_test(test_own_alerts_are_bounded),
		cmocka_unit_test(test_a_policy_over_flows),
		cmocka_unit_test(test_a_policy_over_flows_of_a_suspect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
