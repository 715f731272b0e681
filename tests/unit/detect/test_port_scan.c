/*
 * Scans by walks over first contacts: what is told, and what looks like one and is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/detect_harness.h"

extern const struct detector port_scan_detector;

#define TCP  6
#define UDP  17
#define ICMP 1

static struct detect_harness h;

static int setup(void **state)
{
	(void)state;
	detect_init(&h, &port_scan_detector);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	detect_deinit(&h);
	return 0;
}

static const char *host(char *dst, size_t size, const char *prefix, unsigned n)
{
	snprintf(dst, size, "%s%u", prefix, n);
	return dst;
}

static void contact(const char *src, const char *dst, uint16_t port, enum flow_outcome outcome)
{
	static uint16_t sport = 40000;
	struct event_flow f = detect_flow(&h, src, ++sport, dst, port, TCP);
	detect_start(&h, &f);
	f.outcome = (uint8_t)outcome;
	if (outcome != FLOW_OUTCOME_UNANSWERED) {
		f.packets[1] = 1;
		f.one_sided = 0;
	}
	detect_progress(&h, &f, 1);
	if (outcome == FLOW_OUTCOME_ESTABLISHED) {
		f.payload[0] = 100;
		f.payload[1] = 1000;
		f.packets[0] = 5;
	}
	detect_finish(&h, &f, FLOW_END_CLOSED);
}

static void udp_contact(const char *src, uint16_t sport, const char *dst, uint16_t port,
			enum flow_outcome outcome)
{
	struct event_flow f = detect_flow(&h, src, sport, dst, port, UDP);
	detect_start(&h, &f);
	f.outcome = (uint8_t)outcome;
	detect_finish(&h, &f, FLOW_END_IDLE);
}

static void echo(const char *src, const char *dst, bool is_answered)
{
	struct event_flow f = detect_flow(&h, src, 8u << 8, dst, 77, ICMP);
	detect_start(&h, &f);
	f.outcome = is_answered ? FLOW_OUTCOME_ESTABLISHED : FLOW_OUTCOME_UNANSWERED;
	f.packets[1] = is_answered;
	detect_finish(&h, &f, FLOW_END_IDLE);
}

static void flags(const char *src, const char *dst, uint16_t port, uint32_t first)
{
	struct event_flow f = detect_flow(&h, src, 50001, dst, port, TCP);
	f.syn_flags = first;
	f.tcp_flags[0] = (uint8_t)first;
	f.initiator_known = 0;
	detect_start(&h, &f);
	f.packets[1] = 1;
	f.tcp_flags[1] = 4;
	f.outcome = first & 16 ? FLOW_OUTCOME_MIDSTREAM : FLOW_OUTCOME_REFUSED;
	if (!(first & 16))
		detect_progress(&h, &f, 1);
	detect_finish(&h, &f, FLOW_END_RESET);
}

/* ---- scans ---- */

static void nine_refused_ports_of_a_host_are_a_scan(void **state)
{
	(void)state;
	for (uint16_t port = 20; port < 28; port++)
		contact("10.0.0.5", "10.0.0.9", port, FLOW_OUTCOME_REFUSED);
	assert_int_equal(h.count, 0);
	contact("10.0.0.5", "10.0.0.9", 28, FLOW_OUTCOME_REFUSED);
	assert_int_equal(h.count, 1);
	const struct finding *f = &h.findings[0];
	assert_string_equal(f->rule, "port_scan");
	assert_int_equal(f->severity, SEVERITY_MEDIUM);
	assert_int_equal(f->class, FINDING_RECON);
	assert_true(detect_has_technique(f, "T1046"));
	assert_true(f->peer.has_ip);
	assert_non_null(strstr(f->message, "tried 9 TCP ports of 10.0.0.9"));
	assert_non_null(strstr(f->message, "9 refused"));
	assert_float_equal(detect_sum(f), f->score, 1e-9);
	assert_true(f->packet_count > 0);
}

static void repeated_contacts_count_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++)
		for (uint16_t port = 20; port < 25; port++)
			contact("10.0.0.5", "10.0.0.9", port, FLOW_OUTCOME_REFUSED);
	assert_int_equal(h.count, 0);
}

static void sweep_of_smb_is_high_when_it_has_grown(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned i = 1; i <= 80; i++)
		contact("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), i % 2 ? 445 : 139,
			FLOW_OUTCOME_UNANSWERED);
	assert_true(h.count >= 2 && h.count <= 6);
	assert_int_equal(h.findings[0].severity, SEVERITY_MEDIUM);
	assert_int_equal(h.findings[h.count - 1].severity, SEVERITY_HIGH);
	assert_false(h.findings[0].peer.has_ip);
	assert_string_equal(h.findings[0].object, "services");
	assert_non_null(strstr(h.findings[0].message, "hosts"));
}

static void a_host_an_hour_is_still_a_sweep(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned i = 1; i <= 20; i++) {
		contact("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), 22, FLOW_OUTCOME_REFUSED);
		detect_advance(&h, 3600);
	}
	assert_true(h.count >= 1);
}

static void a_dead_host_a_day_is_none(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned i = 1; i <= 100; i++) {
		contact("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), 22, FLOW_OUTCOME_REFUSED);
		detect_advance(&h, 90000);
	}
	assert_int_equal(h.count, 0);
}

static void flag_scans_need_five_ports(void **state)
{
	static const uint32_t first[] = { 0, 1, 0x29 };
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		detect_restart(&h);
		for (uint16_t port = 1; port <= 5; port++)
			flags("10.0.0.5", "10.0.0.9", port, first[i]);
		assert_int_equal(h.count, 1);
		assert_non_null(
			strstr(h.findings[0].message, "flags that no connection begins with"));
	}
}

static void ack_scan_of_service_ports_is_told(void **state)
{
	(void)state;
	for (uint16_t port = 1; port <= 9; port++)
		flags("10.0.0.5", "10.0.0.9", port, 16);
	assert_int_equal(h.count, 1);
}

static void rests_of_connections_are_no_ack_scan(void **state)
{
	(void)state;
	for (uint16_t port = 50000; port < 50100; port++)
		flags("10.0.0.5", "10.0.0.9", port, 17);
	assert_int_equal(h.count, 0);
}

static void udp_scan_is_told_by_unreachable_ports(void **state)
{
	static const uint16_t ports[] = { 7, 9, 17, 19, 49, 53, 67, 69, 88, 111, 123, 137 };
	(void)state;
	for (unsigned i = 0; i < 12; i++)
		udp_contact("10.0.0.5", 50001, "10.0.0.9", ports[i], FLOW_OUTCOME_REFUSED);
	assert_int_equal(h.count, 1);
	assert_non_null(strstr(h.findings[0].message, "UDP ports"));
}

static void ip_protocols_are_scanned_too(void **state)
{
	(void)state;
	for (uint8_t proto = 60; proto < 72; proto++) {
		struct event_flow f = detect_flow(&h, "10.0.0.5", 0, "10.0.0.9", 0, proto);
		f.outcome = FLOW_OUTCOME_UNANSWERED;
		detect_finish(&h, &f, FLOW_END_IDLE);
	}
	assert_int_equal(h.count, 1);
	assert_non_null(strstr(h.findings[0].message, "IP protocols"));
}

static void ping_sweep_is_discovery_of_hosts(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned i = 1; i <= 9; i++)
		echo("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), false);
	assert_int_equal(h.count, 1);
	assert_true(detect_has_technique(&h.findings[0], "T1018"));
	assert_non_null(strstr(h.findings[0].message, "by ping"));
}

static void ping_sweep_of_a_lively_network_is_told(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned i = 0; i <= 255; i++)
		echo("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), i % 2 && i != 255);
	assert_true(h.count >= 1);
}

static void arp_sweep_in_order_is_told(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 5 };
	char dst[32];
	(void)state;
	for (unsigned i = 2; i <= 30; i++)
		detect_arp(&h, 1, "10.0.0.5", mac, host(dst, sizeof(dst), "10.0.0.", i));
	assert_int_equal(h.count, 0);
	detect_advance(&h, 2);
	assert_true(h.count >= 1);
	assert_true(detect_has_technique(&h.findings[0], "T1018"));
}

static void scan_from_outside_is_low(void **state)
{
	(void)state;
	for (uint16_t port = 20; port < 60; port++)
		contact("198.51.100.9", "10.0.0.9", port, FLOW_OUTCOME_UNANSWERED);
	assert_true(h.count >= 1);
	for (size_t i = 0; i < h.count; i++)
		assert_int_equal(h.findings[i].severity, SEVERITY_LOW);
	assert_true(detect_has_technique(&h.findings[0], "T1595.001"));
}

static void two_outside_ends_are_judged_as_insiders(void **state)
{
	(void)state;
	for (uint16_t port = 20; port < 40; port++)
		contact("198.51.100.9", "203.0.113.9", port, FLOW_OUTCOME_REFUSED);
	assert_true(h.count >= 1);
	assert_int_equal(h.findings[0].severity, SEVERITY_MEDIUM);
}

static void many_hosts_and_ports_stay_few_findings(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned i = 1; i <= 40; i++)
		for (uint16_t port = 1; port <= 50; port++)
			contact("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), port,
				FLOW_OUTCOME_REFUSED);
	assert_in_range(h.count, 3, 30);
}

/* ---- what is none ---- */

static void dead_server_with_few_ports_is_none(void **state)
{
	static const uint16_t ports[] = { 53, 88, 135, 389, 445, 464, 636, 3268 };
	(void)state;
	for (unsigned n = 0; n < 100; n++) {
		for (unsigned i = 0; i < 8; i++)
			contact("10.0.0.5", "10.0.0.9", ports[i], FLOW_OUTCOME_UNANSWERED);
		detect_advance(&h, 60);
	}
	assert_int_equal(h.count, 0);
}

static void an_outage_is_no_scan_by_the_monitor(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned i = 1; i <= 100; i++)
		contact("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), 22,
			FLOW_OUTCOME_ESTABLISHED);
	detect_advance(&h, 600);
	for (unsigned i = 1; i <= 100; i++)
		contact("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), 22,
			FLOW_OUTCOME_UNANSWERED);
	assert_int_equal(h.count, 0);
}

static void busy_client_with_mixed_results_walks_down(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned i = 1; i <= 250; i++)
		contact("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), 8080,
			i % 3 ? FLOW_OUTCOME_ESTABLISHED : FLOW_OUTCOME_REFUSED);
	assert_int_equal(h.count, 0);
}

static void dead_sites_that_were_looked_up_are_none(void **state)
{
	char dst[32], name[32];
	(void)state;
	for (unsigned i = 1; i <= 60; i++) {
		host(dst, sizeof(dst), "198.51.100.", i);
		snprintf(name, sizeof(name), "site%u.example.org", i);
		detect_name(&h, dst, name);
		contact("10.0.0.5", dst, 443, FLOW_OUTCOME_UNANSWERED);
	}
	assert_int_equal(h.count, 0);
}

static void peers_of_bittorrent_that_have_gone_are_none(void **state)
{
	char dst[32];
	struct event_flow f;
	(void)state;
	f = detect_flow(&h, "10.0.0.5", 6881, "198.51.100.200", 51413, TCP);
	detect_classified(&h, &f, APP_BITTORRENT);
	for (unsigned i = 1; i <= 200; i++)
		contact("10.0.0.5", host(dst, sizeof(dst), "198.51.100.", i), 6881,
			FLOW_OUTCOME_UNANSWERED);
	assert_int_equal(h.count, 0);
}

/* Who asks host beside host sweeps; who asks here and there has had it from others. */
static void a_sweep_by_udp_goes_in_order(void **state)
{
	char dst[40];
	(void)state;
	for (unsigned i = 0; i < 200; i++)
		udp_contact("10.0.0.6", 50001, host(dst, sizeof(dst), "198.51.100.", i * 71 % 200),
			    5060, FLOW_OUTCOME_UNANSWERED);
	assert_int_equal(h.count, 0);
	for (unsigned i = 1; i < 60; i++)
		udp_contact("10.0.0.5", 50001, host(dst, sizeof(dst), "198.51.100.", i), 5060,
			    FLOW_OUTCOME_UNANSWERED);
	assert_in_range(h.count, 1, 2);
	assert_int_equal(h.findings[0].severity, SEVERITY_MEDIUM);
}

static void a_traceroute_is_none(void **state)
{
	(void)state;
	for (uint16_t port = 33434; port < 33434 + 90; port++)
		udp_contact("10.0.0.5", 50001, "198.51.100.1", port, FLOW_OUTCOME_UNANSWERED);
	for (uint16_t port = 33434; port < 33434 + 90; port++)
		udp_contact("10.0.0.5", 50001, "198.51.100.1", port, FLOW_OUTCOME_REFUSED);
	assert_int_equal(h.count, 0);
}

static void answers_to_searches_on_the_link_are_none(void **state)
{
	(void)state;
	for (uint16_t port = 50000; port < 50200; port++) {
		udp_contact("10.0.0.9", 1900, "10.0.0.5", port, FLOW_OUTCOME_REFUSED);
		udp_contact("10.0.0.9", 49000, "10.0.0.5", port, FLOW_OUTCOME_REFUSED);
	}
	udp_contact("10.0.0.5", 50001, "239.255.255.250", 1900, FLOW_OUTCOME_UNANSWERED);
	udp_contact("10.0.0.5", 50001, "10.0.0.255", 137, FLOW_OUTCOME_UNANSWERED);
	assert_int_equal(h.count, 0);
}

static void routers_ask_arp_for_others(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	char dst[32];
	(void)state;
	for (unsigned i = 1; i <= 4; i++) {
		struct event_flow f = detect_flow(&h, host(dst, sizeof(dst), "198.51.100.", i),
						  50000, "10.0.0.9", 80, TCP);
		f.has_mac = 1;
		memcpy(f.mac[0], mac, 6);
		detect_start(&h, &f);
	}
	for (unsigned i = 2; i <= 200; i++)
		detect_arp(&h, 1, "10.0.0.1", mac, host(dst, sizeof(dst), "10.0.0.", i));
	detect_advance(&h, 3);
	assert_int_equal(h.count, 0);
}

static void probes_before_taking_an_address_are_none(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	char dst[32];
	(void)state;
	for (unsigned i = 2; i <= 60; i++) {
		host(dst, sizeof(dst), "10.0.0.", i);
		detect_arp(&h, 1, "0.0.0.0", mac, dst);
		detect_arp(&h, 1, dst, mac, dst);
	}
	detect_advance(&h, 3);
	assert_int_equal(h.count, 0);
}

static void hosts_that_answer_arp_are_no_failures(void **state)
{
	static const uint8_t asker[6] = { 2, 0, 0, 0, 0, 8 };
	char dst[32];
	(void)state;
	for (unsigned i = 20; i <= 90; i++) {
		uint8_t mac[6] = { 2, 0, 0, 0, 1, (uint8_t)i };
		host(dst, sizeof(dst), "10.0.0.", i);
		detect_arp(&h, 1, "10.0.0.8", asker, dst);
		detect_arp(&h, 2, dst, mac, "10.0.0.8");
	}
	detect_advance(&h, 3);
	assert_int_equal(h.count, 0);
}

static void one_sided_input_says_nothing(void **state)
{
	(void)state;
	h.env.one_sided = true;
	for (uint16_t port = 1; port < 200; port++)
		contact("10.0.0.5", "10.0.0.9", port, FLOW_OUTCOME_UNANSWERED);
	assert_int_equal(h.count, 0);
}

static void silence_of_a_connection_that_went_on_means_nothing(void **state)
{
	(void)state;
	for (uint16_t port = 1; port < 100; port++) {
		struct event_flow f = detect_flow(&h, "10.0.0.5", 40000, "10.0.0.9", port, TCP);
		f.tcp_flags[0] = 2 | 16;
		f.outcome = FLOW_OUTCOME_UNANSWERED;
		detect_progress(&h, &f, 1);
	}
	assert_int_equal(h.count, 0);
}

static void a_flood_of_sources_stays_within_its_tables(void **state)
{
	char src[32];
	struct detector_counters counters;
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(src, sizeof(src), "198.%u.%u.%u", 18 + (i >> 16), i >> 8 & 255, i & 255);
		contact(src, "10.0.0.9", 80, FLOW_OUTCOME_REFUSED);
	}
	port_scan_detector.counters(h.state, &counters);
	assert_true(counters.entries <= 2 * 8192);
	assert_true(counters.evictions > 0);
	assert_int_equal(h.count, 0);
}

/* The first finding comes with the least number of targets that its sentence names. */
static void the_counterfactual_is_exact(void **state)
{
	static const uint16_t ports[] = { 445, 60000 };
	(void)state;
	for (unsigned n = 0; n < 2; n++) {
		char dst[32];
		unsigned long long least = 0;
		unsigned i = 0;
		teardown(NULL);
		setup(NULL);
		while (h.count == 0 && ++i < 250)
			contact("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), ports[n],
				FLOW_OUTCOME_UNANSWERED);
		assert_int_equal(h.count, 1);
		assert_int_equal(
			sscanf(h.findings[0].counterfactual, "silent below %llu hosts", &least), 1);
		assert_int_equal(least, i);
	}
}

/* What came after the last doubling is in the totals, and the parts are the whole. */
static void totals_are_told_at_the_end(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned i = 1; i <= 30; i++)
		contact("10.0.0.5", host(dst, sizeof(dst), "10.0.1.", i), 445,
			i % 3 ? FLOW_OUTCOME_UNANSWERED : FLOW_OUTCOME_REFUSED);
	contact("10.0.0.5", "10.0.1.200", 445, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(h.updates, 0);
	h.detector->on_end(h.state, &h.env);
	assert_int_equal(h.updates, 1);
	assert_int_equal(h.update.count, 30);
	assert_non_null(strstr(h.update.message, "tried 31 hosts on TCP port 445"));
	assert_non_null(strstr(h.update.message, "1 answered, 10 refused, 20 stayed silent"));
	h.detector->on_end(h.state, &h.env);
	assert_int_equal(h.updates, 1);
}

/* Another alpha while it runs: the limit moves, what was walked stays. */
static void other_parameters_hold_at_once(void **state)
{
	(void)state;
	for (uint16_t port = 20; port < 27; port++)
		contact("10.0.0.5", "10.0.0.9", port, FLOW_OUTCOME_REFUSED);
	assert_int_equal(h.count, 0);
	detect_param(&h, "alpha", "0.01");
	contact("10.0.0.7", "10.0.0.9", 20, FLOW_OUTCOME_REFUSED);
	port_scan_detector.retune(h.state);
	contact("10.0.0.5", "10.0.0.9", 27,
		FLOW_OUTCOME_REFUSED); /* the eighth: before, the ninth */
	assert_int_equal(h.count, 1);
	assert_non_null(strstr(h.findings[0].message, "tried 8 TCP ports"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_counterfactual_is_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(totals_are_told_at_the_end, setup, teardown),
		TEST(nine_refused_ports_of_a_host_are_a_scan),
		TEST(other_parameters_hold_at_once),
		TEST(repeated_contacts_count_once),
		TEST(sweep_of_smb_is_high_when_it_has_grown),
		TEST(a_host_an_hour_is_still_a_sweep),
		TEST(a_dead_host_a_day_is_none),
		TEST(flag_scans_need_five_ports),
		TEST(ack_scan_of_service_ports_is_told),
		TEST(rests_of_connections_are_no_ack_scan),
		TEST(udp_scan_is_told_by_unreachable_ports),
		TEST(ip_protocols_are_scanned_too),
		TEST(ping_sweep_is_discovery_of_hosts),
		TEST(ping_sweep_of_a_lively_network_is_told),
		TEST(arp_sweep_in_order_is_told),
		TEST(scan_from_outside_is_low),
		TEST(two_outside_ends_are_judged_as_insiders),
		TEST(many_hosts_and_ports_stay_few_findings),
		TEST(dead_server_with_few_ports_is_none),
		TEST(an_outage_is_no_scan_by_the_monitor),
		TEST(busy_client_with_mixed_results_walks_down),
		TEST(dead_sites_that_were_looked_up_are_none),
		TEST(peers_of_bittorrent_that_have_gone_are_none),
		TEST(a_sweep_by_udp_goes_in_order),
		TEST(a_traceroute_is_none),
		TEST(answers_to_searches_on_the_link_are_none),
		TEST(routers_ask_arp_for_others),
		TEST(probes_before_taking_an_address_are_none),
		TEST(hosts_that_answer_arp_are_no_failures),
		TEST(one_sided_input_says_nothing),
		TEST(silence_of_a_connection_that_went_on_means_nothing),
		TEST(a_flood_of_sources_stays_within_its_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
