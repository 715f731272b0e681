/*
 * What shows that a sender is who its address says, and what does not.
 */
#include "exfild/policy/proof.h"
#include "policies.h"

#define NOW_NS 1795460400000000000ull

static struct ipaddr ip(const char *text)
{
	struct ipaddr a;
	assert_int_equal(ipaddr_parse(text, &a), 0);
	return a;
}

struct stage {
	struct policy_proofs *proofs;
	struct finding finding;
};

static struct stage stage_of(uint8_t proto, uint64_t flow)
{
	struct stage s = { .proofs = policy_proofs_new(&hash_key_fixed) };
	assert_non_null(s.proofs);
	finding_init(&s.finding, "d", "r", "t");
	s.finding.proto = proto;
	s.finding.flow = flow;
	s.finding.time_ns = NOW_NS;
	s.finding.flow_src = s.finding.subject.ip = ip("10.0.0.1");
	s.finding.flow_dst = s.finding.peer.ip = ip("203.0.113.9");
	s.finding.subject.has_ip = s.finding.peer.has_ip = true;
	return s;
}

static struct event_flow flow_event(enum event_kind kind, uint8_t proto, uint64_t flow)
{
	struct event_flow f;
	memset(&f, 0, sizeof(f));
	f.e.kind = kind;
	f.e.size = sizeof(f);
	f.e.proto = proto;
	f.e.flow = flow;
	f.e.time_ns = NOW_NS;
	f.e.src = ip("10.0.0.1");
	f.e.dst = ip("203.0.113.9");
	f.outcome = FLOW_OUTCOME_ESTABLISHED;
	return f;
}

static enum alert_proof told(struct stage *s, const struct event *e)
{
	policy_proofs_event(s->proofs, e);
	enum alert_proof p = policy_proofs_of(s->proofs, &s->finding).proof;
	policy_proofs_free(s->proofs);
	return p;
}

static void test_an_answered_syn_is_no_handshake(void **state)
{
	(void)state;
	struct event_flow f = flow_event(EVENT_FLOW_PROGRESS, 6, 7);
	struct stage s = stage_of(6, 7);
	assert_int_equal(told(&s, &f.e), ALERT_PROOF_NONE);
	f.payload[1] = 100;
	s = stage_of(6, 7);
	assert_int_equal(told(&s, &f.e), ALERT_PROOF_HANDSHAKE);
	f.tcp_flags[1] = 4; /* it was refused after all */
	s = stage_of(6, 7);
	assert_int_equal(told(&s, &f.e), ALERT_PROOF_NONE);
	f.tcp_flags[1] = 0;
	f.one_sided = 1;
	s = stage_of(6, 7);
	assert_int_equal(told(&s, &f.e), ALERT_PROOF_NONE);
	f.one_sided = 0;
	f.outcome = FLOW_OUTCOME_MIDSTREAM;
	s = stage_of(6, 7);
	assert_int_equal(told(&s, &f.e), ALERT_PROOF_NONE);
}

/* A true connection to the same place does not vouch for a forged one. */
static void test_each_tcp_flow_stands_for_itself(void **state)
{
	(void)state;
	struct event_flow f = flow_event(EVENT_FLOW_END, 6, 8);
	struct stage s = stage_of(6, 7);
	f.payload[1] = 100;
	assert_int_equal(told(&s, &f.e), ALERT_PROOF_NONE);
	s = stage_of(6, 0); /* of many flows: the pair */
	assert_int_equal(told(&s, &f.e), ALERT_PROOF_HANDSHAKE);
}

static void test_what_a_server_says(void **state)
{
	(void)state;
	struct event_dns d;
	memset(&d, 0, sizeof(d));
	d.e = flow_event(EVENT_DNS, 17, 9).e;
	d.e.kind = EVENT_DNS;
	struct stage s = stage_of(17, 7);
	assert_int_equal(told(&s, &d.e), ALERT_PROOF_NONE); /* a question */
	d.e.from_server = 1;
	s = stage_of(17, 7); /* another question of the pair */
	assert_int_equal(told(&s, &d.e), ALERT_PROOF_ANSWERED);
	s = stage_of(17, 7);
	s.finding.time_ns += PROOF_PAIR_NS + 1;
	assert_int_equal(told(&s, &d.e), ALERT_PROOF_NONE); /* long ago */
	s = stage_of(17, 7);
	s.finding.flow_dst = ip("203.0.113.10");
	assert_int_equal(told(&s, &d.e), ALERT_PROOF_NONE); /* of somebody else */
	d.e.proto = 6;
	s = stage_of(6, 9);
	assert_int_equal(told(&s, &d.e), ALERT_PROOF_HANDSHAKE);
}

static void test_two_link_addresses(void **state)
{
	(void)state;
	struct stage s = stage_of(17, 7);
	struct event_flow f = flow_event(EVENT_FLOW_START, 17, 7);
	f.has_mac = 1;
	f.mac[0][5] = 1;
	f.outcome = FLOW_OUTCOME_PENDING;
	policy_proofs_event(s.proofs, &f.e);
	policy_proofs_event(s.proofs, &f.e);
	assert_false(policy_proofs_of(s.proofs, &s.finding).moved);
	f.mac[0][5] = 2;
	policy_proofs_event(s.proofs, &f.e);
	assert_true(policy_proofs_of(s.proofs, &s.finding).moved);
	s.finding.time_ns = NOW_NS + PROOF_MOVED_NS;
	assert_false(policy_proofs_of(s.proofs, &s.finding).moved);
	policy_proofs_free(s.proofs);
}

static void test_a_flood_does_not_grow_it(void **state)
{
	(void)state;
	struct stage s = stage_of(17, 1);
	for (uint64_t i = 0; i < 3 * PROOF_FLOWS; i++) {
		struct event_flow f = flow_event(EVENT_FLOW_END, 17, 10 + i);
		f.e.time_ns = NOW_NS + i * 1000000;
		f.e.src.u.b[15] = (uint8_t)i;
		f.e.src.u.b[14] = (uint8_t)(i >> 8);
		policy_proofs_event(s.proofs, &f.e);
	}
	s.finding.flow = 10 + 3 * PROOF_FLOWS - 1; /* the last is known */
	assert_int_equal(policy_proofs_of(s.proofs, &s.finding).proof, ALERT_PROOF_ANSWERED);
	policy_proofs_free(s.proofs);
}

/* An alert as the record that rules see. */
static void test_record_of_an_alert(void **state)
{
	(void)state;
	struct policy *p = sound(POLICY("c",
					"content: card, stages: lateral, service: dropbox, "
					"severity: high, bytes_out: 77, intel_feed: f, "
					"source_tags: crown-jewels",
					"action: label"));
	struct event_log *log = event_log_new();
	struct alert a;
	memset(&a, 0, sizeof(a));
	struct stage made = stage_of(6, 1);
	a.finding = made.finding;
	policy_proofs_free(made.proofs);
	struct finding *f = &a.finding;
	f->severity = SEVERITY_HIGH;
	f->class = FINDING_EXFIL;
	f->subject.bytes = 77;
	snprintf(f->service, sizeof(f->service), "dropbox");
	snprintf(f->indicator.feed, sizeof(f->indicator.feed), "f");
	finding_feature(f, "card", 6, 0, 0, 1, 1, "6 cards");
	snprintf(a.alert_id, sizeof(a.alert_id), "0123456789abcdef");
	snprintf(a.source_zone, sizeof(a.source_zone), "payroll");
	a.direction = "outbound";
	a.chain_count = 2;
	a.chain[0] = (struct fusion_link){ .class = FINDING_RECON, .llr = 0.9 }; /* faded */
	a.chain[1] = (struct fusion_link){ .class = FINDING_LATERAL, .llr = 3 };
	static const char *const tags[] = { "pci", "crown-jewels" };
	static const struct config_zone zones[] = {
		{ .name = "office" },
		{ .name = "payroll", .tags = tags, .tag_count = 2 }
	};
	const struct config config = { .zones = zones, .zone_count = 2 };
	const struct policy_facts facts = { .proof = ALERT_PROOF_HANDSHAKE,
					    .moved = true,
					    .config = &config };
	const struct event_alert *e = policy_record(p, log, &a, NULL, &facts);
	assert_int_equal(e->direction, ALERT_OUTBOUND);
	assert_int_equal(e->proof, ALERT_PROOF_HANDSHAKE);
	assert_true(e->moved);
	assert_int_equal(e->hour, 19);
	assert_int_equal(e->weekday, 1);
	assert_int_equal(e->stages.len, strlen("lateral"));
	assert_memory_equal(event_str_data(&e->e, &e->stages), "lateral", e->stages.len);
	struct policy_memory *m = policy_memory_new(1);
	struct policy_decision d;
	policy_decide(p, m, e, &d);
	assert_non_null(d.rule);
	assert_false(policy_memory_asked(m, e, POLICY_BLOCK));
	assert_true(policy_memory_asked(m, e, POLICY_BLOCK));
	assert_false(policy_memory_asked(m, e, POLICY_QUARANTINE)); /* escalated */
	policy_memory_free(m);
	event_log_free(log);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answered_syn_is_no_handshake),
		cmocka_unit_test(test_each_tcp_flow_stands_for_itself),
		cmocka_unit_test(test_what_a_server_says),
		cmocka_unit_test(test_two_link_addresses),
		cmocka_unit_test(test_a_flood_does_not_grow_it),
		cmocka_unit_test(test_record_of_an_alert),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
