#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/fusion/fusion.h"

#define HOUR_NS                  (3600ull * 1000000000)
#define assert_near(a, b, limit) assert_true(fabs((a) - (b)) < (limit))
#define START_NS                 (1000 * HOUR_NS)

static struct finding make(const char *detector, enum finding_class class, double llr, uint8_t host,
			   uint64_t time_ns)
{
	static const uint8_t peer[4] = { 192, 0, 2, 9 };
	const uint8_t subject[4] = { 10, 0, 0, host };
	struct finding f;
	finding_init(&f, detector, detector, "Test");
	f.class = class;
	f.severity = SEVERITY_LOW;
	f.llr = llr;
	f.time_ns = time_ns;
	f.subject.ip = ipaddr_v4(subject);
	f.subject.has_ip = true;
	f.peer.ip = ipaddr_v4(peer);
	f.peer.has_ip = true;
	return f;
}

static double risk_of_nats(double nats)
{
	return 100 / (1 + exp(-(log(FUSION_PRIOR / (1 - FUSION_PRIOR)) + nats)));
}

static int setup(void **state)
{
	*state = fusion_new(64, &hash_key_fixed);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	fusion_free(*state);
	return 0;
}

static void no_evidence_is_the_prior(void **state)
{
	struct finding f = make("a", FINDING_EXFIL, 0, 1, START_NS);
	assert_near(fusion_add(*state, &f), 100 * FUSION_PRIOR, 1e-9);
	f.llr = NAN;
	assert_near(fusion_add(*state, &f), 100 * FUSION_PRIOR, 1e-9);
	f.llr = -4;
	assert_near(fusion_add(*state, &f), 100 * FUSION_PRIOR, 1e-9);
}

static void within_a_class_the_strongest_counts(void **state)
{
	struct finding f = make("a", FINDING_EXFIL, 6, 1, START_NS);
	assert_near(fusion_add(*state, &f), risk_of_nats(6), 1e-9);
	f = make("b", FINDING_EXFIL, 4, 1, START_NS);
	assert_near(fusion_add(*state, &f), risk_of_nats(6), 1e-9);
	f = make("b", FINDING_EXFIL, 7, 1, START_NS);
	assert_near(fusion_add(*state, &f), risk_of_nats(7), 1e-9);
}

static void classes_add_up(void **state)
{
	struct finding f = make("a", FINDING_EXFIL, 6, 1, START_NS);
	fusion_add(*state, &f);
	f = make("b", FINDING_LATERAL, 3, 1, START_NS);
	assert_near(fusion_add(*state, &f), risk_of_nats(9), 1e-9);
	f = make("b", FINDING_RECON, 2, 2, START_NS); /* another host */
	assert_near(fusion_add(*state, &f), risk_of_nats(2), 1e-9);
}

static void evidence_halves_by_its_class(void **state)
{
	struct finding f = make("a", FINDING_EXFIL, 8, 1, START_NS);
	fusion_add(*state, &f);
	f = make("b", FINDING_C2, 8, 1, START_NS);
	fusion_add(*state, &f);
	f = make("c", FINDING_RECON, 8, 1, START_NS);
	fusion_add(*state, &f);
	f = make("d", FINDING_LATERAL, 8, 1, START_NS);
	fusion_add(*state, &f);
	f = make("e", FINDING_EXFIL, 1e-9, 1, START_NS + 24 * HOUR_NS);
	double left = 8 * 0.5 + 8 * exp2(-1 / 3.0) + 8 * 0.25 + 8 * exp2(-0.5);
	assert_near(fusion_add(*state, &f), risk_of_nats(left), 1e-6);
}

static void one_finding_cannot_say_everything(void **state)
{
	struct finding f = make("a", FINDING_EXFIL, 1e300, 1, START_NS);
	assert_near(fusion_add(*state, &f), risk_of_nats(FUSION_LLR_MAX), 1e-9);
}

static void policy_and_sensor_are_no_evidence(void **state)
{
	struct finding f = make("a", FINDING_POLICY, 9, 1, START_NS);
	assert_near(fusion_add(*state, &f), 100 * FUSION_PRIOR, 1e-9);
	f.class = FINDING_SENSOR;
	assert_near(fusion_add(*state, &f), 100 * FUSION_PRIOR, 1e-9);
	f.class = (enum finding_class)999;
	assert_near(fusion_add(*state, &f), 100 * FUSION_PRIOR, 1e-9);
}

static void weak_alone_stays_low(void **state)
{
	struct finding f = make("mismatch", FINDING_C2, 2, 1, START_NS);
	fusion_add(*state, &f);
	fusion_add(*state, &f); /* saying it twice is not company */
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_LOW);
}

static void weak_in_company_becomes_medium(void **state)
{
	struct finding f = make("mismatch", FINDING_C2, 2, 1, START_NS);
	struct finding other = make("beacon", FINDING_C2, 2, 1, START_NS);
	fusion_add(*state, &other);
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_MEDIUM);
	f.severity = SEVERITY_HIGH;
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_HIGH);
	f.severity = SEVERITY_LOW;
	f.llr = 0;
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_LOW);
}

static void company_must_be_about_the_same_two(void **state)
{
	struct finding f = make("mismatch", FINDING_C2, 2, 1, START_NS);
	struct finding other = make("beacon", FINDING_C2, 2, 2, START_NS);
	fusion_add(*state, &other); /* another subject */
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_LOW);
	other = make("beacon", FINDING_C2, 2, 1, START_NS);
	other.peer.ip = other.subject.ip; /* another peer */
	fusion_add(*state, &other);
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_LOW);
	other = make("beacon", FINDING_C2, 2, 1, START_NS);
	other.tunnel_key = 7; /* another tenant */
	fusion_add(*state, &other);
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_LOW);
}

static void company_is_forgotten(void **state)
{
	struct finding other = make("beacon", FINDING_C2, 2, 1, START_NS);
	fusion_add(*state, &other);
	struct finding f = make("mismatch", FINDING_C2, 2, 1, START_NS + 71 * HOUR_NS);
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_MEDIUM);
	f.time_ns = START_NS + 73 * HOUR_NS; /* 2 nats are less than 1 after 72 h */
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_LOW);
}

static void weakest_witness_makes_room(void **state)
{
	static const char *const names[6] = { "a", "b", "c", "d", "e", "f" };
	struct finding f;
	for (int i = 0; i < 6; i++) {
		f = make(names[i], FINDING_C2, 1 + i, 1, START_NS);
		fusion_add(*state, &f);
	}
	assert_int_equal(fusion_severity(*state, &f), SEVERITY_MEDIUM);
}

static void chain_names_other_stages_in_order(void **state)
{
	struct fusion_link links[FUSION_LINKS];
	struct finding f = make("exfil", FINDING_EXFIL, 3, 1, START_NS + 9 * HOUR_NS);
	struct finding scan = make("scan", FINDING_RECON, 2, 1, START_NS + 2 * HOUR_NS);
	struct finding exec = make("exec", FINDING_LATERAL, 4, 1, START_NS + HOUR_NS);
	fusion_add(*state, &exec);
	fusion_add(*state, &scan);
	fusion_add(*state, &f);
	assert_int_equal(fusion_chain(*state, &f, links), 2);
	assert_string_equal(links[0].rule, "exec");
	assert_int_equal(links[0].class, FINDING_LATERAL);
	assert_string_equal(links[1].rule, "scan");
	assert_true(links[1].llr < 2);
	/* of a connection, which is no evidence itself, all of them */
	struct finding beacon = make("beacon", FINDING_C2, 2, 1, START_NS + 10 * HOUR_NS);
	struct finding flow = make("flow", FINDING_POLICY, 0, 1, START_NS + 11 * HOUR_NS);
	fusion_add(*state, &beacon);
	assert_int_equal(fusion_chain(*state, &flow, links), 4);
	assert_int_equal(links[3].class, FINDING_C2);
}

static void flood_of_hosts_keeps_the_guilty(void **state)
{
	struct fusion_stats stats;
	struct finding f = make("a", FINDING_EXFIL, 9, 250, START_NS);
	fusion_add(*state, &f);
	for (unsigned i = 0; i < 5000; i++) {
		struct finding weak = make("a", FINDING_RECON, 0.5, 0, START_NS + i);
		weak.subject.ip.u.b[13] = (uint8_t)(i >> 8);
		weak.subject.ip.u.b[14] = (uint8_t)i;
		fusion_add(*state, &weak);
	}
	fusion_stats(*state, &stats);
	assert_int_equal(stats.hosts, 64);
	assert_int_equal(stats.pairs, 64);
	assert_true(stats.host_evictions > 4000);
	f.llr = 0;
	assert_true(fusion_add(*state, &f) > risk_of_nats(8.9));
}

static bool same_incident(struct fusion_incident a, struct fusion_incident b)
{
	return a.began_ns == b.began_ns && ipaddr_equal(&a.root, &b.root);
}

static struct finding step(uint8_t from, uint8_t to, uint64_t time_ns)
{
	const uint8_t peer[4] = { 10, 0, 0, to };
	struct finding f = make("step", FINDING_LATERAL, 6, from, time_ns);
	f.severity = SEVERITY_MEDIUM;
	f.peer.ip = ipaddr_v4(peer);
	f.start_ns = time_ns;
	return f;
}

static void one_incident_runs_from_host_to_host(void **state)
{
	struct finding scan = make("scan", FINDING_RECON, 4, 1, START_NS);
	scan.start_ns = START_NS;
	fusion_add(*state, &scan);
	struct finding first = step(1, 2, START_NS + HOUR_NS);
	struct finding second = step(2, 3, START_NS + 2 * HOUR_NS);
	struct finding theft = make("theft", FINDING_EXFIL, 6, 3, START_NS + 3 * HOUR_NS);
	struct finding other = make("theft", FINDING_EXFIL, 6, 9, START_NS + 3 * HOUR_NS);
	fusion_add(*state, &first);
	fusion_add(*state, &second);
	fusion_add(*state, &theft);
	fusion_add(*state, &other);
	struct fusion_incident root = fusion_incident_of(*state, &scan);
	assert_int_equal(root.began_ns, START_NS);
	assert_true(ipaddr_equal(&root.root, &scan.subject.ip));
	assert_true(same_incident(root, fusion_incident_of(*state, &second)));
	assert_true(same_incident(root, fusion_incident_of(*state, &theft)));
	assert_false(same_incident(root, fusion_incident_of(*state, &other)));
}

static void what_is_low_or_no_step_takes_no_incident_along(void **state)
{
	struct finding low = step(1, 2, START_NS), scan = step(1, 3, START_NS);
	low.severity = SEVERITY_LOW;
	scan.class = FINDING_RECON;
	fusion_add(*state, &low);
	fusion_add(*state, &scan);
	struct finding of_2 = make("x", FINDING_EXFIL, 0, 2, START_NS);
	struct finding of_3 = make("x", FINDING_EXFIL, 0, 3, START_NS);
	assert_int_equal(fusion_incident_of(*state, &of_2).began_ns, 0);
	assert_int_equal(fusion_incident_of(*state, &of_3).began_ns, 0);
}

static void an_incident_ends_and_a_running_one_stays(void **state)
{
	struct finding own = step(2, 5, START_NS), late = step(1, 2, START_NS + HOUR_NS);
	fusion_add(*state, &own);
	struct fusion_incident before = fusion_incident_of(*state, &own);
	fusion_add(*state, &late); /* reaches a host that has a story of its own */
	assert_true(same_incident(before, fusion_incident_of(*state, &own)));
	struct finding again = step(2, 5, START_NS + HOUR_NS + FUSION_INCIDENT_NS);
	fusion_add(*state, &again);
	struct fusion_incident after = fusion_incident_of(*state, &again);
	assert_false(same_incident(before, after));
	assert_int_equal(after.began_ns, again.start_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_evidence_is_the_prior, setup, teardown),
		cmocka_unit_test_setup_teardown(one_incident_runs_from_host_to_host, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_low_or_no_step_takes_no_incident_along,
						setup, teardown),
		cmocka_unit_test_setup_teardown(an_incident_ends_and_a_running_one_stays, setup,
						teardown),
		cmocka_unit_test_setup_teardown(within_a_class_the_strongest_counts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(classes_add_up, setup, teardown),
		cmocka_unit_test_setup_teardown(evidence_halves_by_its_class, setup, teardown),
		cmocka_unit_test_setup_teardown(one_finding_cannot_say_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(policy_and_sensor_are_no_evidence, setup, teardown),
		cmocka_unit_test_setup_teardown(weak_alone_stays_low, setup, teardown),
		cmocka_unit_test_setup_teardown(weak_in_company_becomes_medium, setup, teardown),
		cmocka_unit_test_setup_teardown(company_must_be_about_the_same_two, setup,
						teardown),
		cmocka_unit_test_setup_teardown(company_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(weakest_witness_makes_room, setup, teardown),
		cmocka_unit_test_setup_teardown(chain_names_other_stages_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(flood_of_hosts_keeps_the_guilty, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
