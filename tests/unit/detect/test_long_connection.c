/*
 * Connections of hours: by length and by what is known of the other end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/detect_harness.h"

extern const struct detector long_connection_detector;

#define HOST "10.0.0.5"
#define OUT  "198.51.100.7"
#define HOUR 3600

static struct detect_harness h;

static int setup(void **state)
{
	(void)state;
	detect_init(&h, &long_connection_detector);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	detect_deinit(&h);
	return 0;
}

static void hold(const char *src, const char *dst, uint16_t app, unsigned hours,
		 enum flow_end_reason end)
{
	struct event_flow f = detect_flow(&h, src, 50000, dst, 443, 6);
	f.e.app = app;
	f.outcome = FLOW_OUTCOME_ESTABLISHED;
	f.one_sided = 0;
	f.packets[0] = f.packets[1] = 9;
	f.first_packet = 1000; /* above those that the harness counts */
	for (unsigned i = 0; i < hours; i++) {
		detect_advance(&h, HOUR);
		f.payload[0] += 500;
		f.payload[1] += 500;
		f.packets[0] += 10;
		f.packets[1] += 10;
		f.last_ns = h.env.now_ns;
		if (i + 1 < hours)
			detect_progress(&h, &f, 2);
	}
	detect_finish(&h, &f, end);
}

static enum severity worst(void)
{
	enum severity most = SEVERITY_NONE;
	for (size_t i = 0; i < h.count && i < DETECT_FINDINGS; i++)
		most = h.findings[i].severity > most ? h.findings[i].severity : most;
	return most;
}

static void hours_in_no_protocol_to_no_name_are_told(void **state)
{
	(void)state;
	hold(HOST, OUT, APP_UNKNOWN, 3, FLOW_END_CLOSED);
	assert_int_equal(worst(), SEVERITY_LOW);
	assert_string_equal(h.findings[0].counterfactual, "silent below 1 h, all else as seen");
	assert_true(h.findings[0].packet_count > 0); /* though its timers' events have none */
	assert_int_equal(h.findings[0].packets[h.findings[0].packet_count - 1], 1000);
	hold(HOST, OUT, APP_UNKNOWN, 13, FLOW_END_CLOSED);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
	assert_float_equal(detect_sum(&h.findings[0]), h.findings[0].score, 1e-9);
}

static void below_an_hour_and_to_names_it_is_silent(void **state)
{
	(void)state;
	hold(HOST, "198.51.100.9", APP_TLS, 4, FLOW_END_CLOSED); /* 0.3 */
	assert_int_equal(h.count, 0);
	detect_name(&h, OUT, "push.example.com");
	hold(HOST, OUT, APP_TLS, 14, FLOW_END_CLOSED);
	assert_int_equal(h.count, 0);
}

static void known_services_are_silent(void **state)
{
	(void)state;
	detect_name(&h, OUT, "wss-primary.slack.com");
	hold(HOST, OUT, APP_TLS, 20, FLOW_END_CLOSED);
	assert_int_equal(h.count, 0);
}

static void what_is_new_weighs_more(void **state)
{
	(void)state;
	hold(HOST, "198.51.100.9", APP_TLS, 2, FLOW_END_CLOSED);
	detect_advance(&h, 8 * 86400);
	hold(HOST, OUT, APP_TLS, 9, FLOW_END_CLOSED);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
}

static void a_connection_goes_on_behind_the_hard_time_out(void **state)
{
	(void)state;
	hold(HOST, OUT, APP_TLS, 6, FLOW_END_HARD);
	assert_int_equal(h.count, 0);
	hold(HOST, OUT, APP_TLS, 7, FLOW_END_CLOSED);
	assert_int_equal(h.count, 2); /* at 8 h and at 12 h, no name */
	assert_int_equal(worst(), SEVERITY_LOW);
}

/* A second flow of it is picked up in its middle: its protocol is not seen again. */
static void what_the_first_flow_was_the_next_one_is(void **state)
{
	(void)state;
	detect_name(&h, OUT, "push.example.com");
	hold(HOST, OUT, APP_TLS, 24, FLOW_END_HARD);
	hold(HOST, OUT, APP_UNKNOWN, 24, FLOW_END_HARD);
	assert_int_equal(h.count, 0);
}

/* Three packets of each side, every half an hour; the flow table lets go of it between them. */
static void beats(unsigned count, uint16_t sport, uint8_t known, uint8_t flags)
{
	for (unsigned i = 0; i < count; i++) {
		struct event_flow f = detect_flow(&h, HOST, sport, OUT, 4433, 6);
		f.outcome = FLOW_OUTCOME_ESTABLISHED;
		f.one_sided = 0;
		f.initiator_known = i == 0 || known;
		f.tcp_flags[0] = f.tcp_flags[1] = flags;
		f.packets[0] = f.packets[1] = 3;
		f.payload[0] = f.payload[1] = 100;
		f.first_packet = 1000 + i;
		f.last_ns = f.first_ns + 1000000000ull;
		detect_finish(&h, &f, FLOW_END_IDLE);
		detect_advance(&h, 1800);
	}
}

static void beats_farther_apart_than_the_idle_time_out_are_one_connection(void **state)
{
	(void)state;
	beats(26, 50000, 0, 0x18);
	assert_int_equal(worst(), SEVERITY_MEDIUM); /* twelve hours and a half */
	assert_int_equal(h.findings[h.count - 1].packet_count > 0, 1);
}

static void connections_of_their_own_are_not_one(void **state)
{
	(void)state;
	beats(26, 50000, 1, 0x18); /* each with its handshake, the port used again */
	beats(26, 50001, 0, 0x19); /* closed by FIN */
	for (unsigned i = 0; i < 26; i++)
		beats(1, (uint16_t)(51000 + i), 0, 0x18);
	assert_int_equal(h.count, 0);
}

static void where_many_go_it_is_silent(void **state)
{
	static const char *const hosts[] = { "10.0.0.6", "10.0.0.7", "10.0.0.8", "10.0.0.9" };
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		hold(hosts[i], OUT, APP_TLS, 1, FLOW_END_CLOSED);
	hold(HOST, OUT, APP_UNKNOWN, 14, FLOW_END_CLOSED);
	assert_int_equal(h.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(hours_in_no_protocol_to_no_name_are_told),
		TEST(below_an_hour_and_to_names_it_is_silent),
		TEST(known_services_are_silent),
		TEST(what_is_new_weighs_more),
		TEST(a_connection_goes_on_behind_the_hard_time_out),
		TEST(what_the_first_flow_was_the_next_one_is),
		TEST(beats_farther_apart_than_the_idle_time_out_are_one_connection),
		TEST(connections_of_their_own_are_not_one),
		TEST(where_many_go_it_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
