/*
 * Beacons: what is found, what lies just below, what only looks like it; RITA's parts by numbers.
 */
#include <math.h>

#include "../../../src/detect/rhythm.h"
#include "judging.h"

static struct judging *j;
static uint64_t flow_id, dice;

static int set_up(void **state)
{
	(void)state;
	j = malloc(sizeof(*j));
	judging_init(j, "beacon");
	flow_id = 1;
	dice = 7;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(j);
	free(j);
	return 0;
}

static double roll(void) /* in [0, 1) */
{
	dice = dice * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(dice >> 40) / (double)(1ull << 24);
}

/* end: how it ends. */
static void one(const char *src, const char *dst, uint16_t port, const struct event_flow *end)
{
	flow_id++;
	for (unsigned i = 0; i < 2; i++) {
		struct event_flow *e = judging_event(j, i ? EVENT_FLOW_END : EVENT_FLOW_START,
						     sizeof(*e), src, dst, 6);
		e->e.flow = flow_id;
		e->e.dport = port;
		e->first_ns = j->env.now_ns;
		e->last_ns = j->env.now_ns;
		e->syn_flags = 2;
		e->has_mac = 1;
		e->mac[0][5] = e->e.src.u.b[15];
		if (i) {
			e->outcome = end->outcome;
			e->bytes[0] = end->payload[0] + 200;
			e->payload[0] = end->payload[0];
			e->payload[1] = end->payload[1];
			e->e.app = end->e.app;
		}
		judging_end(j);
	}
}

static void connection(const char *src, const char *dst, uint16_t port, uint64_t bytes, bool fails)
{
	const struct event_flow end = {
		.outcome = fails ? FLOW_OUTCOME_REFUSED : FLOW_OUTCOME_ESTABLISHED,
		.payload = { fails ? 0 : bytes, fails ? 0 : 2 * bytes },
		.e.app = fails ? APP_UNKNOWN : APP_TLS,
	};
	one(src, dst, port, &end);
}

static void pass_s(double seconds)
{
	judging_pass(j, (uint64_t)(seconds * 1e9));
}

static enum severity worst(void)
{
	enum severity s = SEVERITY_NONE;
	for (unsigned i = 0; i < j->count && i < FINDINGS_MAX; i++)
		s = j->found[i].severity > s ? j->found[i].severity : s;
	return s;
}

static void name(const char *address, const char *text)
{
	struct event_name *n = judging_event(j, EVENT_NAME, sizeof(*n), "10.0.0.1", "10.0.0.5", 17);
	n->address = judging_ip(address);
	n->ttl_s = 86400;
	n->source = APP_DNS;
	judging_str(j, &n->name, text);
	judging_end(j);
}

static void a_clock_to_a_bare_address_is_found(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		connection("10.0.0.5", "203.0.113.9", 443, 500, false);
		pass_s(60);
	}
	assert_int_equal(worst(), SEVERITY_HIGH);
	const struct finding *f = &j->found[j->count - 1];
	assert_string_equal(f->techniques[0], "T1071.001");
	assert_string_equal(f->techniques[1], "T1573");
	(void)judging_feature(f, "interval");
	(void)judging_feature(f, "rita");
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM); /* told early, and raised */
}

static void four_gaps_that_fail_are_enough(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		connection("10.0.0.5", "203.0.113.9", 4444, 0, true);
		pass_s(60);
	}
	assert_int_equal(worst(), SEVERITY_NONE);
	connection("10.0.0.5", "203.0.113.9", 4444, 0, true);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
}

static void answers_that_are_only_acknowledged_are_answers(void **state)
{
	(void)state;
	const struct event_flow end = { .outcome = FLOW_OUTCOME_UNANSWERED,
					.payload = { 83, 241 },
					.one_sided = true,
					.e.app = APP_HTTP };
	for (unsigned i = 0; i < 8; i++) {
		one("10.0.0.5", "203.0.113.9", 80, &end);
		pass_s(300);
	}
	assert_int_equal(worst(), SEVERITY_NONE); /* pages are judged by what they say */
}

static void jitter_of_a_third_is_found(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		connection("10.0.0.5", "203.0.113.9", 443, 500, false);
		pass_s(60 * (1 - 0.33 * roll()));
	}
	assert_true(worst() >= SEVERITY_MEDIUM);
}

static void lost_beacons_are_folded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		if (roll() > 0.3)
			connection("10.0.0.5", "203.0.113.9", 443, 500, false);
		pass_s(300);
	}
	assert_true(worst() >= SEVERITY_MEDIUM);
}

static void people_are_silent(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++) { /* Poisson */
		connection("10.0.0.5", "203.0.113.9", 443, (uint64_t)(300 + 4000 * roll()), false);
		pass_s(-60 * log(1 - roll()));
	}
	for (unsigned i = 0; i < 40; i++) { /* bursts of pages, pauses to read */
		for (unsigned k = 0; k < 8; k++) {
			connection("10.0.0.6", "203.0.113.10", 443, (uint64_t)(300 + 4000 * roll()),
				   false);
			pass_s(1 + 4 * roll());
		}
		pass_s(-200 * log(1 - roll()));
	}
	assert_true(worst() <= SEVERITY_LOW);
}

static void a_host_with_a_name_is_what_programs_ask(void **state)
{
	(void)state;
	name("203.0.113.9", "telemetry.maker.example");
	for (unsigned i = 0; i < 100; i++) {
		connection("10.0.0.5", "203.0.113.9", 443, 500, false);
		pass_s(300);
	}
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void a_known_service_is_silent(void **state)
{
	(void)state;
	name("203.0.113.9", "settings-win.data.microsoft.com");
	for (unsigned i = 0; i < 100; i++) {
		connection("10.0.0.5", "203.0.113.9", 443, 500, false);
		pass_s(300);
	}
	assert_int_equal(j->count, 0);
}

static void where_no_other_host_goes_a_name_does_not_help(void **state)
{
	char src[32];
	(void)state;
	name("203.0.113.9", "cdn.rare.example");
	for (unsigned i = 10; i < 40; i++) { /* a network of thirty hosts */
		snprintf(src, sizeof(src), "10.0.0.%u", i);
		connection(src, "203.0.113.77", 443, 900, false);
	}
	for (unsigned i = 0; i < 40; i++) {
		connection("10.0.0.5", "203.0.113.9", 443, 500, false);
		pass_s(300);
	}
	/* a camera and its maker, as far as one can tell in the first week */
	assert_int_equal(worst(), SEVERITY_LOW);
	(void)judging_feature(&j->found[j->count - 1], "rare");
	pass_s(8 * 86400);
	name("203.0.113.10", "img.newcomer.example");
	for (unsigned i = 0; i < 40; i++) {
		connection("10.0.0.5", "203.0.113.10", 443, 500, false);
		pass_s(300);
	}
	assert_int_equal(worst(), SEVERITY_MEDIUM);
}

static void what_many_do_is_less(void **state)
{
	static const char *const clients[] = { "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8" };
	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		for (unsigned k = 0; k < 4; k++)
			connection(clients[k], "203.0.113.9", 443, 500, false);
		pass_s(60);
	}
	assert_true(worst() <= SEVERITY_MEDIUM);
	assert_true(j->found[j->count - 1].score <= 0.6);
}

static void inside_and_udp_are_not_judged(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		connection("10.0.0.5", "10.0.0.9", 443, 500, false);
		connection("203.0.113.50", "10.0.0.9", 443, 500, false);
		pass_s(60);
	}
	assert_int_equal(j->count, 0);
}

/* Values worked out by hand from RITA's formulas. */
static void ritas_parts_are_exact(void **state)
{
	(void)state;
	const double even[] = { 60, 60, 60, 60 };
	assert_true(fabs(rhythm_bowley(even, 4) - 1) < 1e-9);
	assert_true(fabs(rhythm_mad(even, 4, 1) - 1) < 1e-9);
	/* quartiles 20, 50, 100: skew (20 + 100 - 100) / 80 = 0.25 */
	const double skewed[] = { 10, 20, 50, 100, 120 };
	assert_true(fabs(rhythm_bowley(skewed, 5) - (1 - (15 + 110 - 100) / 95.0)) < 1e-9);
	/* distances from 50: 40 30 0 50 70, median 40 */
	assert_true(fabs(rhythm_mad(skewed, 5, 1) - 0.2) < 1e-9);
	const double none[] = { 0, 0, 0 };
	assert_true(fabs(rhythm_mad(none, 3, 1) - 1) < 1e-9);
	assert_true(fabs(rhythm_mad(none, 3, 0)) < 1e-9);
	uint32_t bins[RHYTHM_BINS] = { 0 };
	for (unsigned i = 0; i < RHYTHM_BINS; i++)
		bins[i] = 5;
	assert_true(fabs(rhythm_histogram(bins, RHYTHM_BINS) - 1) < 1e-9);
	assert_true(fabs(rhythm_duration(bins, RHYTHM_BINS, 1) - 1) < 1e-9);
	for (unsigned i = 6; i < RHYTHM_BINS; i++)
		bins[i] = 0;
	assert_true(fabs(rhythm_duration(bins, RHYTHM_BINS, 0.25) - 0.5) < 1e-9); /* 6 of 12 */
	bins[5] = 0;
	assert_true(fabs(rhythm_duration(bins, RHYTHM_BINS, 0.25)) < 1e-9);
	assert_true(fabs(rhythm_histogram(bins, RHYTHM_BINS)) < 1e-9); /* spread over 1 */
}

static void bins_widen_and_roll(void **state)
{
	struct rhythm_bins b = { .width_s = 0 };
	uint64_t total = 0;
	(void)state;
	for (unsigned i = 0; i < 2000; i++)
		rhythm_bins_add(&b, SECOND_NS, (1 + i * 60ull) * SECOND_NS);
	assert_int_equal(b.width_s, 3840);
	for (unsigned i = 0; i < RHYTHM_BINS; i++)
		total += b.count[i];
	assert_in_range(total, 23 * 64, 24 * 64);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_clock_to_a_bare_address_is_found),
		TEST(four_gaps_that_fail_are_enough),
		TEST(answers_that_are_only_acknowledged_are_answers),
		TEST(jitter_of_a_third_is_found),
		TEST(lost_beacons_are_folded),
		TEST(people_are_silent),
		TEST(a_host_with_a_name_is_what_programs_ask),
		TEST(a_known_service_is_silent),
		TEST(where_no_other_host_goes_a_name_does_not_help),
		TEST(what_many_do_is_less),
		TEST(inside_and_udp_are_not_judged),
		TEST(ritas_parts_are_exact),
		TEST(bins_widen_and_roll),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
