/*
 * Uploads: what is told, while it runs, and what ordinary traffic is not taken for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/detect_harness.h"

extern const struct detector upload_volume_detector;

#define TCP  6
#define UDP  17
#define MB   1000000ull
#define HOST "10.0.0.5"
#define OUT  "198.51.100.7"

static struct detect_harness h;

static int setup(void **state)
{
	(void)state;
	detect_init(&h, &upload_volume_detector);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	detect_deinit(&h);
	return 0;
}

static struct event_flow connection(const char *src, const char *dst, uint16_t port, uint8_t proto,
				    uint16_t app)
{
	struct event_flow f = detect_flow(&h, src, 50000, dst, port, proto);
	f.e.app = app;
	f.outcome = FLOW_OUTCOME_ESTABLISHED;
	f.one_sided = 0;
	f.packets[1] = 1;
	return f;
}

static void transfer(const char *src, const char *dst, uint16_t port, uint8_t proto, uint16_t app,
		     uint64_t up, uint64_t down)
{
	struct event_flow f = connection(src, dst, port, proto, app);
	f.payload[0] = up;
	f.payload[1] = down;
	detect_finish(&h, &f, FLOW_END_CLOSED);
}

/* ---- what is told ---- */

static void upload_to_an_unknown_name_is_told_while_it_runs(void **state)
{
	(void)state;
	detect_name(&h, OUT, "files.example.com");
	struct event_flow f = connection(HOST, OUT, 443, TCP, APP_TLS);
	f.payload[1] = 2000;
	for (uint64_t mb = 1; mb <= 12; mb++) {
		f.payload[0] = mb * MB;
		detect_advance(&h, 1);
		detect_progress(&h, &f, 2);
		assert_int_equal(h.count, mb > 10); /* the sum decays a little */
	}
	const struct finding *x = &h.findings[0];
	assert_int_equal(x->severity, SEVERITY_MEDIUM);
	assert_int_equal(x->class, FINDING_EXFIL);
	assert_string_equal(x->object, "example.com");
	assert_string_equal(x->domain, "files.example.com");
	assert_true(detect_has_technique(x, "T1041"));
	assert_true(detect_has_technique(x, "T1048.002"));
	assert_non_null(
		strstr(x->message, "sent 11 MB to files.example.com (198.51.100.7:443, TLS"));
	assert_non_null(strstr(x->message, "it got back 2 kB"));
	assert_int_equal(x->visibility, VISIBILITY_NAME);
	assert_int_equal(x->subject.bytes, 11 * MB);
	assert_true(x->learning);
	assert_float_equal(detect_sum(x), x->score, 1e-9);
}

static void the_counterfactual_is_exact_and_totals_are_told(void **state)
{
	unsigned long long least = 0;
	(void)state;
	detect_name(&h, OUT, "files.example.com");
	transfer(HOST, OUT, 443, TCP, APP_TLS, 12 * MB, 2000);
	assert_int_equal(h.count, 1);
	assert_int_equal(sscanf(h.findings[0].counterfactual, "silent below %llu MB a day", &least),
			 1);
	transfer(HOST, OUT, 443, TCP, APP_TLS, 2 * MB, 2000);
	h.detector->on_end(h.state, &h.env);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.updates, 1);
	assert_int_equal(h.update.subject.bytes, 14 * MB);
	assert_int_equal(h.update.peer.bytes, 4000);
	assert_string_equal(h.update.object, h.findings[0].object);
	teardown(NULL);
	setup(NULL);
	transfer(HOST, OUT, 443, TCP, APP_TLS, least * MB - 1, 1000);
	assert_int_equal(h.count, 0);
	transfer(HOST, OUT, 443, TCP, APP_TLS, 1, 0);
	assert_int_equal(h.count, 1);
}

static void two_ways_to_one_destination_add_up(void **state)
{
	(void)state;
	detect_name(&h, OUT, "files.example.com");
	transfer(HOST, OUT, 443, TCP, APP_TLS, 12 * MB, 2000);
	/* below its own floor it is not told, and not counted in */
	transfer(HOST, OUT, 22, TCP, APP_SSH, 4 * MB, 1000);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.findings[0].subject.bytes, 12 * MB);
	assert_null(strstr(h.findings[0].message, "in other ways"));
	detect_advance(&h, 60);
	transfer(HOST, OUT, 22, TCP, APP_SSH, 3 * MB, 1000);
	assert_int_equal(h.count, 2);
	const struct finding *x = &h.findings[1];
	assert_string_equal(x->object, h.findings[0].object); /* one alert */
	assert_int_equal(x->subject.bytes, 19 * MB);
	assert_int_equal(x->peer.bytes, 4000);
	assert_int_equal(x->count, 3);
	assert_int_equal(x->start_ns, h.findings[0].start_ns);
	assert_non_null(strstr(x->message, "sent 7 MB to files.example.com"));
	assert_non_null(strstr(x->message, "; with what went there in other ways it is 19 MB"));
	/* of either way the totals are those of both */
	transfer(HOST, OUT, 443, TCP, APP_TLS, 1 * MB, 1000);
	h.detector->on_end(h.state, &h.env);
	assert_int_equal(h.count, 2);
	assert_int_equal(h.update.subject.bytes, 20 * MB);
	assert_int_equal(h.update.peer.bytes, 5000);
	/* another destination has its own */
	transfer(HOST, "198.51.100.99", 443, TCP, APP_TLS, 12 * MB, 2000);
	assert_int_equal(h.findings[2].subject.bytes, 12 * MB);
}

static void one_byte_below_the_floor_is_silent(void **state)
{
	(void)state;
	transfer(HOST, OUT, 443, TCP, APP_TLS, 10 * MB - 1, 1000);
	assert_int_equal(h.count, 0);
	transfer(HOST, OUT, 443, TCP, APP_TLS, 1, 0);
	assert_int_equal(h.count, 1);
}

static void progress_and_end_count_bytes_once(void **state)
{
	(void)state;
	struct event_flow f = connection(HOST, OUT, 443, TCP, APP_TLS);
	f.payload[0] = 6 * MB;
	detect_progress(&h, &f, 2);
	detect_progress(&h, &f, 2);
	detect_finish(&h, &f, FLOW_END_CLOSED);
	assert_int_equal(h.count, 0);
}

static void many_small_connections_add_up_by_domain(void **state)
{
	char address[32], name[64];
	(void)state;
	for (unsigned i = 1; i <= 60; i++) {
		snprintf(address, sizeof(address), "198.51.100.%u", i);
		snprintf(name, sizeof(name), "node%u.example.com", i);
		detect_name(&h, address, name);
		transfer(HOST, address, 443, TCP, APP_TLS, 200000, 1000);
	}
	assert_int_equal(h.count, 1);
	assert_true(detect_has_technique(&h.findings[0], "T1030"));
}

static void known_services_have_floors_of_their_own(void **state)
{
	(void)state;
	detect_name(&h, OUT, "www.dropbox.com");
	transfer(HOST, OUT, 443, TCP, APP_TLS, 40 * MB, MB);
	assert_int_equal(h.count, 0);
	transfer(HOST, OUT, 443, TCP, APP_TLS, 20 * MB, MB);
	assert_int_equal(h.count, 1);
	assert_true(detect_has_technique(&h.findings[0], "T1567.002"));
	assert_string_equal(h.findings[0].service_category, "storage");
	detect_name(&h, "198.51.100.8", "transfer.sh");
	transfer(HOST, "198.51.100.8", 443, TCP, APP_TLS, 2 * MB, 2000);
	assert_int_equal(h.count, 2);
	assert_true(detect_has_technique(&h.findings[1], "T1567"));
}

static void raw_push_to_an_address_has_a_low_floor(void **state)
{
	(void)state;
	transfer(HOST, OUT, 4444, TCP, APP_UNKNOWN, 3 * MB, 100);
	assert_int_equal(h.count, 1);
	assert_true(detect_has_technique(&h.findings[0], "T1041"));
	assert_int_equal(h.findings[0].visibility, VISIBILITY_OPAQUE);
}

static void raw_conversation_is_judged_as_any_address(void **state)
{
	(void)state;
	transfer(HOST, OUT, 4444, TCP, APP_UNKNOWN, 3 * MB, MB);
	assert_int_equal(h.count, 0);
}

static void file_transfer_protocols_are_named(void **state)
{
	static const struct {
		uint16_t port, app;
		const char *technique;
	} cases[] = {
		{ 22, APP_SSH, "T1048.002" },
		{ 873, APP_RSYNC, "T1048.003" },
		{ 20, APP_UNKNOWN, "T1048.003" },
		{ 445, APP_SMB, "T1048.003" },
	};
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		detect_restart(&h);
		transfer(HOST, OUT, cases[i].port, TCP, cases[i].app, 6 * MB, 20000);
		assert_int_equal(h.count, 1);
		assert_true(detect_has_technique(&h.findings[0], cases[i].technique));
	}
}

static void active_ftp_is_an_upload_although_the_server_calls(void **state)
{
	(void)state;
	struct event_flow f = connection(OUT, HOST, 50100, TCP, APP_UNKNOWN);
	f.e.sport = 20;
	f.payload[1] = 3 * MB;
	detect_finish(&h, &f, FLOW_END_CLOSED);
	assert_int_equal(h.count, 1);
	assert_true(ipaddr_equal(&h.findings[0].subject.ip, &f.e.dst));
	assert_int_equal(h.findings[0].subject.bytes, 3 * MB);
}

static void slow_upload_is_told_after_weeks(void **state)
{
	(void)state;
	for (unsigned day = 0; day < 60 && !h.count; day++) {
		transfer(HOST, OUT, 443, TCP, APP_TLS, 4 * MB, 1000);
		detect_advance(&h, 86401);
	}
	assert_int_equal(h.count, 1);
	assert_non_null(strstr(h.findings[0].features[0].text, "in two weeks"));
}

static void it_is_told_again_at_four_times_as_much(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++)
		transfer(HOST, OUT, 443, TCP, APP_TLS, MB, 1000);
	assert_int_equal(h.count, 2);
	for (unsigned i = 0; i < 60; i++)
		transfer(HOST, OUT, 443, TCP, APP_TLS, MB, 1000);
	assert_int_equal(h.count, 3);
	assert_int_equal(h.findings[2].severity, SEVERITY_HIGH);
}

/* ---- what is none ---- */

static void downloads_and_meetings_are_silent(void **state)
{
	(void)state;
	transfer(HOST, OUT, 443, TCP, APP_TLS, 20 * MB, 900 * MB);
	transfer(HOST, OUT, 443, UDP, APP_QUIC, 30 * MB, 900 * MB);
	transfer(HOST, "198.51.100.8", 3478, UDP, APP_RTP, 300 * MB, 310 * MB);
	transfer(HOST, "198.51.100.9", 51820, UDP, APP_WIREGUARD, 500 * MB, 480 * MB);
	transfer(HOST, "198.51.100.10", 3389, TCP, APP_RDP, 20 * MB, 400 * MB);
	assert_int_equal(h.count, 0);
}

static void copies_between_inside_hosts_are_silent(void **state)
{
	(void)state;
	transfer(HOST, "10.0.0.9", 445, TCP, APP_SMB, 5000 * MB, MB);
	transfer(HOST, "192.168.3.9", 22, TCP, APP_SSH, 5000 * MB, MB);
	assert_int_equal(h.count, 0);
}

static void what_comes_in_is_no_exfiltration(void **state)
{
	(void)state;
	transfer(OUT, HOST, 443, TCP, APP_TLS, 500 * MB, MB);
	transfer(OUT, HOST, 443, TCP, APP_TLS, MB, 500 * MB); /* a server's answers */
	assert_int_equal(h.count, 0);
}

static void multicast_is_silent(void **state)
{
	(void)state;
	transfer(HOST, "239.1.1.1", 5004, UDP, APP_RTP, 5000 * MB, 0);
	transfer(HOST, "255.255.255.255", 5004, UDP, APP_UNKNOWN, 50 * MB, 0);
	assert_int_equal(h.count, 0);
}

static void mail_and_backups_within_reason_are_silent(void **state)
{
	(void)state;
	transfer(HOST, OUT, 587, TCP, APP_SMTP, 25 * MB, 20000);
	detect_name(&h, "198.51.100.8", "ec2.amazonaws.com");
	transfer(HOST, "198.51.100.8", 443, TCP, APP_TLS, 300 * MB, MB);
	assert_int_equal(h.count, 0);
}

static void a_sanctioned_service_takes_ten_times_as_much(void **state)
{
	(void)state;
	detect_deinit(&h);
	detect_init_sanctioned(&h, &upload_volume_detector, "dropbox");
	detect_name(&h, OUT, "www.dropbox.com");
	transfer(HOST, OUT, 443, TCP, APP_TLS, 400 * MB, MB);
	assert_int_equal(h.count, 0);
	transfer(HOST, OUT, 443, TCP, APP_TLS, 200 * MB, MB);
	assert_int_equal(h.count, 1);
	assert_true(h.findings[0].service_sanctioned);
}

static void a_foreign_tenant_of_a_sanctioned_service_is_not_excused(void **state)
{
	(void)state;
	static const char own[] = "acme.blob.core.windows.net",
			  evil[] = "evil.blob.core.windows.net";
	detect_deinit(&h);
	detect_init_tenant(&h, &upload_volume_detector, "azure_storage", own);
	/* what goes to the own account is excused, and counts for no other */
	detect_name(&h, OUT, own);
	transfer(HOST, OUT, 443, TCP, APP_TLS, 3000 * MB, MB);
	assert_int_equal(h.count, 0);
	detect_name(&h, "198.51.100.8", evil);
	transfer(HOST, "198.51.100.8", 443, TCP, APP_TLS, 100 * MB, MB);
	assert_int_equal(h.count, 0);
	transfer(HOST, "198.51.100.8", 443, TCP, APP_TLS, 700 * MB, MB);
	assert_int_equal(h.count, 1);
	assert_string_equal(h.findings[0].object, evil);
	assert_false(h.findings[0].service_sanctioned);
	assert_non_null(strstr(h.findings[0].not_harmless, "not sanctioned"));
	/* far above its use the own one is told, too */
	transfer(HOST, OUT, 443, TCP, APP_TLS, 4000 * MB, MB);
	assert_int_equal(h.count, 2);
	assert_true(h.findings[1].service_sanctioned);
	assert_string_equal(h.findings[1].object, own);
}

static void a_tenant_that_is_not_shown_is_not_the_own_one(void **state)
{
	(void)state;
	detect_deinit(&h);
	detect_init_tenant(&h, &upload_volume_detector, "azure_storage", "acme");
	/* one address, two accounts: DNS told the own one last, but the other was asked for */
	detect_name(&h, OUT, "evil.blob.core.windows.net");
	detect_name(&h, OUT, "acme.blob.core.windows.net");
	transfer(HOST, OUT, 443, TCP, APP_TLS, 700 * MB, MB);
	assert_int_equal(h.count, 1);
	assert_false(h.findings[0].service_sanctioned);
	assert_non_null(strstr(h.findings[0].not_harmless, "whose account it was"));
}

static void destinations_of_many_hosts_have_a_higher_floor(void **state)
{
	char src[32];
	(void)state;
	detect_name(&h, OUT, "portal.example.com");
	for (unsigned i = 1; i <= 20; i++) {
		snprintf(src, sizeof(src), "10.0.0.%u", i);
		transfer(src, OUT, 443, TCP, APP_TLS, 100000, 100000);
	}
	transfer(HOST, OUT, 443, TCP, APP_TLS, 20 * MB, 1000);
	assert_int_equal(h.count, 0);
}

static void half_of_a_known_conversation_says_nothing(void **state)
{
	(void)state;
	struct event_flow f = connection(HOST, OUT, 443, UDP, APP_QUIC);
	f.one_sided = 1;
	f.packets[1] = 0;
	f.payload[0] = 50 * MB;
	detect_finish(&h, &f, FLOW_END_IDLE);
	assert_int_equal(h.count, 0);
}

static void a_flood_of_destinations_stays_within_its_tables(void **state)
{
	char dst[32];
	struct detector_counters counters;
	(void)state;
	struct event_flow big = connection(HOST, OUT, 443, TCP, APP_TLS);
	big.payload[0] = 9 * MB;
	detect_progress(&h, &big, 2);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(dst, sizeof(dst), "198.%u.%u.%u", 18 + (i >> 16), i >> 8 & 255, i & 255);
		transfer(HOST, dst, 443, TCP, APP_TLS, 500, 500);
	}
	upload_volume_detector.counters(h.state, &counters);
	assert_true(counters.entries <= 8192 / 4);
	assert_true(counters.evictions > 0);
	big.payload[0] = 11 * MB; /* what was proven has not been pushed out */
	detect_finish(&h, &big, FLOW_END_CLOSED);
	assert_int_equal(h.count, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_counterfactual_is_exact_and_totals_are_told,
						setup, teardown),
		TEST(upload_to_an_unknown_name_is_told_while_it_runs),
		TEST(two_ways_to_one_destination_add_up),
		TEST(one_byte_below_the_floor_is_silent),
		TEST(progress_and_end_count_bytes_once),
		TEST(many_small_connections_add_up_by_domain),
		TEST(known_services_have_floors_of_their_own),
		TEST(raw_push_to_an_address_has_a_low_floor),
		TEST(raw_conversation_is_judged_as_any_address),
		TEST(file_transfer_protocols_are_named),
		TEST(active_ftp_is_an_upload_although_the_server_calls),
		TEST(slow_upload_is_told_after_weeks),
		TEST(it_is_told_again_at_four_times_as_much),
		TEST(downloads_and_meetings_are_silent),
		TEST(copies_between_inside_hosts_are_silent),
		TEST(what_comes_in_is_no_exfiltration),
		TEST(multicast_is_silent),
		TEST(mail_and_backups_within_reason_are_silent),
		TEST(a_sanctioned_service_takes_ten_times_as_much),
		TEST(a_foreign_tenant_of_a_sanctioned_service_is_not_excused),
		TEST(a_tenant_that_is_not_shown_is_not_the_own_one),
		TEST(destinations_of_many_hosts_have_a_higher_floor),
		TEST(half_of_a_known_conversation_says_nothing),
		TEST(a_flood_of_destinations_stays_within_its_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
