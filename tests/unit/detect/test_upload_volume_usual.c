/*
 * Uploads against what is usual: what is silent once it is learnt, and what is told because of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/detect_harness.h"

extern const struct detector upload_volume_detector;

#define MB   1000000ull
#define HOST "10.0.0.5"
#define OUT  "198.51.100.7"
#define NEW  "198.51.100.99"
#define HOUR 3600

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

static void transfer(const char *src, const char *dst, uint64_t up, uint64_t down)
{
	struct event_flow f = detect_flow(&h, src, 50000, dst, 443, 6);
	f.e.app = APP_TLS;
	f.outcome = FLOW_OUTCOME_ESTABLISHED;
	f.one_sided = 0;
	f.packets[1] = 1;
	f.payload[0] = up;
	f.payload[1] = down;
	detect_finish(&h, &f, FLOW_END_CLOSED);
}

/* As many days, each with this much in the same hour. */
static void days(unsigned count, const char *src, const char *dst, uint64_t up)
{
	for (unsigned i = 0; i < count; i++) {
		transfer(src, dst, up, up / 100);
		detect_advance(&h, 86401);
	}
}

static const struct finding_feature *feature(const struct finding *f, const char *name)
{
	for (unsigned i = 0; i < f->feature_count; i++)
		if (strcmp(f->features[i].name, name) == 0)
			return &f->features[i];
	return NULL;
}

static void a_nightly_backup_is_told_while_it_is_learnt_and_then_no_more(void **state)
{
	(void)state;
	days(3, HOST, OUT, 40 * MB);
	assert_true(h.count >= 1); /* floors work from the first packet */
	assert_true(h.findings[0].learning);
	assert_null(feature(&h.findings[0], "new_destination"));
	days(5, HOST, OUT, 40 * MB);
	size_t told = h.count;
	days(40, HOST, OUT, 45 * MB);
	assert_int_equal(h.count, told);
	/* thirty times as much is not the backup; told again, although it was told before */
	transfer(HOST, OUT, 1400 * MB, MB);
	assert_int_equal(h.count, told + 1);
	const struct finding_feature *x = feature(&h.findings[told], "usual_day");
	assert_non_null(x);
	assert_true(x->baseline > 30e6 && x->baseline < 60e6);
	assert_false(h.findings[told].learning);
	assert_float_equal(detect_sum(&h.findings[told]), h.findings[told].score, 1e-9);
}

static void who_starts_small_gets_no_high_usual(void **state)
{
	(void)state;
	days(8, "10.0.0.9", OUT, MB); /* the sensor learns */
	unsigned day = 0;
	for (; day < 30 && !h.count; day++)
		days(1, HOST, NEW, 4900000); /* two days' sum is just below the floor */
	assert_int_equal(h.count, 1);
	assert_in_range(day, 8, 10);
	/* what was told is learnt at a tenth of the rate: half a year is no usual */
	days(60, HOST, NEW, 4900000);
	size_t told = h.count;
	transfer(HOST, NEW, 400 * MB, MB);
	assert_int_equal(h.count, told + 1);
}

static void a_drip_to_a_new_destination_is_told_by_its_evenness(void **state)
{
	(void)state;
	days(8, "10.0.0.9", OUT, MB);
	unsigned day = 0;
	for (; day < 14 && !h.count; day++)
		days(1, HOST, NEW, 1500000); /* a sixth of the floor, and less than the slow sum */
	assert_int_equal(h.count, 1);
	assert_in_range(day, 8, 10);
	assert_int_equal(h.findings[0].severity, SEVERITY_MEDIUM);
	assert_non_null(feature(&h.findings[0], "drip_days"));
	assert_non_null(feature(&h.findings[0], "new_destination"));
	assert_float_equal(detect_sum(&h.findings[0]), h.findings[0].score, 1e-9);
}

static void telemetry_that_was_there_before_is_context(void **state)
{
	(void)state;
	days(30, HOST, OUT, 1500000);
	assert_in_range(h.count, 0, 1);
	if (h.count)
		assert_int_equal(h.findings[0].severity, SEVERITY_LOW);
}

static void a_printer_that_never_sends_has_a_low_floor(void **state)
{
	(void)state;
	days(9, HOST, OUT, 50000);
	transfer(HOST, NEW, 2 * MB, 1000);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.findings[0].severity, SEVERITY_MEDIUM);
	assert_non_null(feature(&h.findings[0], "quiet_host"));
	/* one that sends more has the usual floor */
	days(9, "10.0.0.6", OUT, 3 * MB);
	size_t told = h.count;
	transfer("10.0.0.6", "198.51.100.98", 2 * MB, 1000);
	assert_int_equal(h.count, told);
}

static void an_hour_in_which_the_host_never_sends_adds(void **state)
{
	(void)state;
	for (unsigned day = 0; day < 21; day++)
		for (unsigned hour = 0; hour < 24; hour++) {
			if (hour < 8)
				transfer(HOST, OUT, 400000, 400000);
			detect_advance(&h, HOUR);
		}
	transfer(HOST, "198.51.100.97", 12 * MB, 1000); /* in a usual hour */
	assert_null(feature(&h.findings[0], "unusual_hour"));
	detect_advance(&h, 12 * HOUR);
	transfer(HOST, NEW, 12 * MB, 1000);
	assert_int_equal(h.count, 2);
	assert_non_null(feature(&h.findings[1], "unusual_hour"));
	assert_true(h.findings[1].score > h.findings[0].score);
}

static void many_new_destinations_below_their_floors_add_up(void **state)
{
	char dst[32];
	(void)state;
	days(8, HOST, OUT, 3 * MB);
	for (unsigned i = 0; i < 8 && !h.count; i++) {
		snprintf(dst, sizeof(dst), "192.0.2.%u", i + 1);
		transfer(HOST, dst, 5 * MB, 10000);
		if (i < 4)
			assert_int_equal(h.count, 0);
	}
	assert_int_equal(h.count, 1);
	assert_string_equal(h.findings[0].object, "many destinations");
	assert_int_equal(h.findings[0].severity, SEVERITY_MEDIUM);
	assert_float_equal(detect_sum(&h.findings[0]), h.findings[0].score, 1e-9);
}

static void many_destinations_that_were_there_before_are_silent(void **state)
{
	char dst[32];
	(void)state;
	for (unsigned day = 0; day < 12; day++) {
		for (unsigned i = 0; i < 7; i++) {
			snprintf(dst, sizeof(dst), "192.0.2.%u", i + 1);
			transfer(HOST, dst, 300000, 10000);
		}
		detect_advance(&h, 86401);
	}
	for (unsigned i = 0; i < h.count; i++)
		assert_int_equal(h.findings[i].severity, SEVERITY_LOW);
}

static void a_new_host_takes_over_what_its_peers_send(void **state)
{
	char src[32];
	(void)state;
	for (unsigned day = 0; day < 10; day++) {
		for (unsigned i = 0; i < 5; i++) {
			snprintf(src, sizeof(src), "10.0.0.%u", i + 20);
			transfer(src, OUT, 35 * MB, MB);
		}
		detect_advance(&h, 86401);
	}
	size_t told = h.count;
	transfer(HOST, OUT, 45 * MB, MB);
	assert_int_equal(h.count, told);
	transfer(HOST, OUT, 400 * MB, MB);
	assert_int_equal(h.count, told + 1);
}

static void one_connection_tells_the_size_of_its_file(void **state)
{
	(void)state;
	transfer(HOST, OUT, 16406000, 20000);
	const struct finding_feature *x = feature(&h.findings[0], "estimated_file");
	assert_non_null(x);
	assert_true(x->value > 16.37e6 && x->value < 16.385e6);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_nightly_backup_is_told_while_it_is_learnt_and_then_no_more),
		TEST(who_starts_small_gets_no_high_usual),
		TEST(a_drip_to_a_new_destination_is_told_by_its_evenness),
		TEST(telemetry_that_was_there_before_is_context),
		TEST(a_printer_that_never_sends_has_a_low_floor),
		TEST(an_hour_in_which_the_host_never_sends_adds),
		TEST(many_new_destinations_below_their_floors_add_up),
		TEST(many_destinations_that_were_there_before_are_silent),
		TEST(a_new_host_takes_over_what_its_peers_send),
		TEST(one_connection_tells_the_size_of_its_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
