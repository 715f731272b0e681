/*
 * What leaves, and what of it is usual: amounts, hours, days, destinations, trust, state.
 */
#include <math.h>

#include "exfild/context/baseline.h"
#include "support.h"

#define SECOND 1000000000ull
#define HOUR   (3600 * SECOND)
#define DAY    (86400 * SECOND)
#define HOST   "10.0.0.5"
#define OUT    "198.51.100.7"
#define MONDAY ((20000 + 3) * DAY) /* 2024-10-07 */

static struct context *c;
static uint64_t now, flow;

static int start(void **state)
{
	struct context_options o = { .max_hosts = 200, .max_names = 100 };
	(void)state;
	c = make(&o);
	now = MONDAY;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	context_free(c);
	return 0;
}

static const struct context_upload *tell(enum event_kind kind, uint64_t id, const char *src,
					 const char *dst, uint64_t up, uint64_t down)
{
	struct event_flow f = { .e = { .size = sizeof(f),
				       .kind = kind,
				       .time_ns = now,
				       .flow = id,
				       .src = ip(src),
				       .dst = ip(dst),
				       .sport = 50000,
				       .dport = 443,
				       .proto = 6 } };
	f.payload[0] = up;
	f.payload[1] = down;
	f.outcome = FLOW_OUTCOME_ESTABLISHED;
	context_event(c, &f.e);
	return context_upload(c);
}

static const struct context_upload *send_to(const char *src, const char *dst, uint64_t up)
{
	return tell(EVENT_FLOW_END, ++flow, src, dst, up, 100);
}

static const struct baseline_host *host(const char *text)
{
	struct ipaddr a = ip(text);
	return context_baseline(c, &a, 0);
}

static void only_what_leaves_is_an_upload_and_counts_once(void **state)
{
	(void)state;
	assert_null(send_to(HOST, "10.0.0.6", 1000));
	assert_null(send_to(OUT, HOST, 1000));
	assert_null(tell(EVENT_FLOW_START, 77, HOST, OUT, 0, 0));
	const struct context_upload *u = tell(EVENT_FLOW_PROGRESS, 77, HOST, OUT, 1000, 10);
	assert_non_null(u);
	assert_int_equal(u->up, 1000);
	assert_string_equal(u->dest, OUT);
	u = tell(EVENT_FLOW_END, 77, HOST, OUT, 1500, 10);
	assert_int_equal(u->up, 500);
	assert_int_equal(u->down, 0);
	assert_true(host(HOST)->day_up == 1500);
	assert_null(host("10.0.0.6"));
}

static void hours_and_days_become_usual(void **state)
{
	(void)state;
	for (unsigned day = 0; day < 21; day++) {
		for (unsigned hour = 9; hour < 17; hour++) {
			now = MONDAY + day * DAY + hour * HOUR;
			if (day % 7 < 5)
				(void)send_to(HOST, OUT, 1000000);
		}
	}
	now = MONDAY + 21 * DAY + 9 * HOUR;
	(void)send_to(HOST, OUT, 1);
	const struct baseline_host *h = host(HOST);
	uint64_t today = (MONDAY + 21 * DAY) / HOUR;
	assert_true(baseline_activity(h, today + 10) > 0.9);
	assert_true(baseline_activity(h, today + 3) < 0.05);
	assert_true(baseline_activity(h, today + 5 * 24 + 10) < 0.05); /* a Saturday */
	assert_int_equal(h->days_seen, 21);
	assert_int_equal(h->active_days, 15);
	assert_true(fabs(usual_amount(&h->days) / 8e6 - 1) < 0.1);
	assert_true(fabs(baseline_most(h) / 8e6 - 1) < 0.01);
	assert_true(fabs((double)h->slots[10].median - log2(1e6)) < 0.1);
	assert_true((double)h->slots[3].median == 0);
}

static void a_destination_is_new_only_after_a_week_and_not_for_ever(void **state)
{
	(void)state;
	const struct context_upload *u = send_to(HOST, OUT, 1000);
	assert_false(context_is_new(c, u->to));
	assert_int_equal(context_learning_left_ns(c), BASELINE_LEARN_NS);
	now += 7 * DAY;
	u = send_to(HOST, OUT, 1000);
	assert_int_equal(context_learning_left_ns(c), 0);
	assert_false(context_is_new(c, u->to));
	u = send_to(HOST, "198.51.100.8", 1000);
	assert_true(context_is_new(c, u->to));
	now += 15 * DAY;
	u = send_to(HOST, "198.51.100.8", 1000);
	assert_false(context_is_new(c, u->to));
}

static void a_leap_of_the_clock_is_no_learning(void **state)
{
	(void)state;
	(void)send_to(HOST, OUT, 1000);
	now += 30 * DAY;
	context_set_leaped(c, 30 * DAY);
	const struct context_upload *u = send_to(HOST, "198.51.100.8", 1000);
	assert_int_equal(context_learning_left_ns(c), BASELINE_LEARN_NS);
	assert_false(context_is_new(c, u->to));
}

static void senders_are_counted_once_each(void **state)
{
	const struct context_upload *u = NULL;
	char src[32];
	(void)state;
	for (unsigned i = 0; i < 24; i++) {
		snprintf(src, sizeof(src), "10.0.0.%u", 1 + i % 12);
		u = send_to(src, OUT, 1000);
		unsigned expected = i + 1 < BASELINE_SENDERS ? i + 1 : BASELINE_SENDERS;
		assert_int_equal(u->to->sender_count, expected);
	}
}

static void under_suspicion_it_learns_a_tenth(void **state)
{
	struct ipaddr a = ip(HOST);
	(void)state;
	for (unsigned hour = 0; hour < 200; hour++, now += HOUR)
		(void)send_to(HOST, OUT, 1000000);
	double before = (double)host(HOST)->hours.median;
	assert_true(baseline_trust(c, host(HOST)) == 1);
	context_suspect(c, &a, 0);
	assert_true(baseline_trust(c, host(HOST)) == BASELINE_CAUTION);
	for (unsigned hour = 0; hour < 23; hour++, now += HOUR)
		(void)send_to(HOST, OUT, 1000000000);
	double caution = (double)host(HOST)->hours.median - before;
	now += 2 * HOUR;
	(void)send_to(HOST, OUT, 1000000000);
	assert_true(baseline_trust(c, host(HOST)) == 1);
	for (unsigned hour = 0; hour < 23; hour++, now += HOUR)
		(void)send_to(HOST, OUT, 1000000000);
	double trust = (double)host(HOST)->hours.median - before - caution;
	assert_true(caution > 0.05 && trust > 5 * caution);
	/* the excess is seen all the same */
	assert_true((double)host(HOST)->hours.cusum > USUAL_CUSUM_LIMIT);
}

static void a_flood_of_hosts_does_not_evict_the_known(void **state)
{
	char src[32];
	(void)state;
	for (unsigned day = 0; day < 5; day++, now += DAY)
		(void)send_to(HOST, OUT, 1000000);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(src, sizeof(src), "10.1.%u.%u", i / 250, i % 250 + 1);
		(void)send_to(src, OUT, 1000);
	}
	assert_non_null(host(HOST));
	assert_int_equal(host(HOST)->active_days, 4);
}

static void it_outlives_the_process(void **state)
{
	struct context_options o = { .max_hosts = 200, .max_names = 100 };
	struct keep_list from = { .count = 0 }, to = { .count = 0 };
	(void)state;
	for (unsigned day = 0; day < 9; day++, now += DAY)
		(void)send_to(HOST, OUT, 1000000);
	struct context *old = c;
	context_keep(old, &from);
	struct baseline_host before = *host(HOST);
	c = make(&o);
	context_keep(c, &to);
	struct buf bytes;
	buf_init(&bytes, KEEP_ENTRY_MAX);
	static const char *const parts[] = { "context.baselines", "context.destinations",
					     "context.learning" };
	for (unsigned i = 0; i < 3; i++) {
		const struct keep_part *p = keep_find(&from, parts[i]);
		for (uint32_t slot = 0; slot < keep_slots(p); slot++)
			if (keep_save(p, slot, &bytes))
				assert_int_equal(
					keep_load(keep_find(&to, parts[i]), bytes.data, bytes.len),
					0);
	}
	buf_deinit(&bytes);
	context_free(old);
	const struct context_upload *u = send_to(HOST, OUT, 0);
	assert_int_equal(host(HOST)->active_days, before.active_days + 1);
	assert_int_equal(host(HOST)->first_ns, before.first_ns);
	assert_memory_equal(host(HOST)->last_days, before.last_days, 8);
	assert_int_equal(context_learning_left_ns(c), 0);
	assert_non_null(u);
	u = send_to(HOST, OUT, 5);
	assert_false(context_is_new(c, u->to));
	assert_int_equal(u->to->sender_count, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		T(only_what_leaves_is_an_upload_and_counts_once),
		T(hours_and_days_become_usual),
		T(a_destination_is_new_only_after_a_week_and_not_for_ever),
		T(a_leap_of_the_clock_is_no_learning),
		T(senders_are_counted_once_each),
		T(under_suspicion_it_learns_a_tenth),
		T(a_flood_of_hosts_does_not_evict_the_known),
		T(it_outlives_the_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
