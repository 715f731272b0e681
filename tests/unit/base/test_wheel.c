/* wheel: order of firing, leaps, shifts; and random calls against a list that is searched whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "exfild/base/wheel.h"
#include "random.h"

#define TIMERS 300

struct log {
	struct wheel *w;
	struct timer *fired[4 * TIMERS];
	uint64_t at[4 * TIMERS];
	size_t count;
};

static void note(void *arg, struct timer *t)
{
	struct log *log = arg;

	assert_false(timer_is_armed(t));
	assert_true(log->count < 4 * TIMERS);
	log->fired[log->count] = t;
	log->at[log->count++] = log->w->now;
}

static void a_timer_fires_at_its_deadline_and_not_before(void **state)
{
	(void)state;
	static const uint64_t delays[] = { 1, 255, 256, 257, 65535, 65536, 1u << 24, UINT32_MAX };
	static const uint64_t starts[] = { 0, 1, 255, 256, 0xffffff, 0xffffffff, 0x1fffffffe };
	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (size_t d = 0; d < sizeof(delays) / sizeof(delays[0]); d++) {
			struct wheel w;
			struct timer t = { NULL, NULL, 0 };
			struct log log = { .w = &w };
			wheel_init(&w, starts[s]);
			timer_arm(&w, &t, starts[s] + delays[d]);
			wheel_advance(&w, starts[s] + delays[d] - 1, note, &log);
			assert_int_equal(log.count, 0);
			assert_true(timer_is_armed(&t));
			wheel_advance(&w, starts[s] + delays[d], note, &log);
			assert_int_equal(log.count, 1);
			assert_int_equal(log.at[0], starts[s] + delays[d]);
			assert_int_equal(w.armed, 0);
		}
	}
}

static void a_deadline_that_has_passed_fires_at_the_next_tick(void **state)
{
	(void)state;
	struct wheel w;
	struct timer t = { NULL, NULL, 0 };
	struct log log = { .w = &w };
	wheel_init(&w, 1000);
	timer_arm(&w, &t, 3);
	wheel_advance(&w, 1000, note, &log);
	assert_int_equal(log.count, 0);
	wheel_advance(&w, 1001, note, &log);
	assert_int_equal(log.count, 1);
}

static void a_deadline_too_far_fires_at_the_limit(void **state)
{
	(void)state;
	struct wheel w;
	struct timer t = { NULL, NULL, 0 };
	struct log log = { .w = &w };
	wheel_init(&w, 77);
	timer_arm(&w, &t, UINT64_MAX);
	assert_int_equal(t.deadline, 77ull + UINT32_MAX);
	wheel_advance(&w, UINT64_MAX - 1, note, &log);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.at[0], 77ull + UINT32_MAX);
	assert_int_equal(w.now, UINT64_MAX - 1);
}

static void ties_fire_in_order_of_arming_from_any_distance(void **state)
{
	(void)state;
	struct wheel w;
	struct timer t[4];
	struct log log = { .w = &w };
	memset(t, 0, sizeof(t));
	wheel_init(&w, 0);
	timer_arm(&w, &t[2], 70000);
	wheel_advance(&w, 65000, note, &log);
	timer_arm(&w, &t[0], 70000);
	wheel_advance(&w, 69900, note, &log);
	timer_arm(&w, &t[3], 70000);
	wheel_advance(&w, 69999, note, &log);
	timer_arm(&w, &t[1], 70000);
	wheel_advance(&w, 80000, note, &log);
	assert_int_equal(log.count, 4);
	assert_ptr_equal(log.fired[0], &t[2]);
	assert_ptr_equal(log.fired[1], &t[0]);
	assert_ptr_equal(log.fired[2], &t[3]);
	assert_ptr_equal(log.fired[3], &t[1]);
}

static void disarming_and_moving(void **state)
{
	(void)state;
	struct wheel w;
	struct timer a = { NULL, NULL, 0 }, b = { NULL, NULL, 0 };
	struct log log = { .w = &w };
	wheel_init(&w, 0);
	timer_disarm(&w, &a);
	timer_arm(&w, &a, 10);
	timer_arm(&w, &b, 10);
	timer_arm(&w, &a, 500);
	assert_int_equal(w.armed, 2);
	timer_disarm(&w, &b);
	assert_int_equal(w.armed, 1);
	wheel_advance(&w, 1000, note, &log);
	assert_int_equal(log.count, 1);
	assert_ptr_equal(log.fired[0], &a);
	assert_int_equal(log.at[0], 500);
}

/* A bit left behind would cost every later advance a stop. */
static void the_bitmaps_are_empty_when_no_timer_is_armed(void **state)
{
	(void)state;
	static const uint64_t none[WHEEL_LEVELS][WHEEL_SLOTS / 64];
	struct wheel w;
	struct timer t[64];
	struct log log = { .w = &w };
	memset(t, 0, sizeof(t));
	wheel_init(&w, 12345);
	for (unsigned i = 0; i < 64; i++)
		timer_arm(&w, &t[i], w.now + (1ull << i / 2));
	assert_memory_not_equal(w.filled, none, sizeof(none));
	for (unsigned i = 0; i < 64; i += 4)
		timer_disarm(&w, &t[i]);
	wheel_shift(&w, 999);
	wheel_advance(&w, w.now + 100000, note, &log);
	for (unsigned i = 0; i < 64; i++)
		timer_disarm(&w, &t[i]);
	assert_int_equal(w.armed, 0);
	assert_memory_equal(w.filled, none, sizeof(none));
}

static void time_does_not_go_back(void **state)
{
	(void)state;
	struct wheel w;
	struct timer t = { NULL, NULL, 0 };
	struct log log = { .w = &w };
	wheel_init(&w, 100);
	timer_arm(&w, &t, 150);
	wheel_advance(&w, 20, note, &log);
	assert_int_equal(w.now, 100);
	assert_int_equal(log.count, 0);
	timer_disarm(&w, &t);
}

struct chain {
	struct wheel *w;
	struct timer again, victim, other;
	unsigned fired;
};

static void rearm_and_disarm(void *arg, struct timer *t)
{
	struct chain *c = arg;

	assert_ptr_not_equal(t, &c->victim);
	if (t != &c->again)
		return;
	timer_disarm(c->w, &c->victim);
	if (++c->fired < 1000)
		timer_arm(c->w, &c->again, c->w->now + (c->fired % 2 ? 0 : 300));
}

static void fire_may_arm_and_disarm(void **state)
{
	(void)state;
	struct wheel w;
	struct chain c = { .w = &w };
	wheel_init(&w, 0);
	timer_arm(&w, &c.again, 50);
	timer_arm(&w, &c.victim, 50);
	timer_arm(&w, &c.other, 50);
	wheel_advance(&w, 10000000, rearm_and_disarm, &c);
	assert_int_equal(c.fired, 1000);
	assert_int_equal(w.armed, 0);
}

/* 2^40 ticks one by one would take an hour; the test's time limit is far below. */
static void an_empty_stretch_is_skipped(void **state)
{
	(void)state;
	struct wheel w;
	struct timer t = { NULL, NULL, 0 };
	struct log log = { .w = &w };
	wheel_init(&w, 5);
	for (unsigned i = 0; i < 256; i++) {
		timer_arm(&w, &t, w.now + UINT32_MAX);
		wheel_advance(&w, w.now + UINT32_MAX, note, &log);
	}
	assert_int_equal(log.count, 256);
	assert_int_equal(w.now, 5 + 256ull * UINT32_MAX);
}

static void a_shift_moves_deadlines_and_fires_none(void **state)
{
	(void)state;
	struct wheel w;
	struct timer t[3];
	struct log log = { .w = &w };
	memset(t, 0, sizeof(t));
	wheel_init(&w, 10);
	timer_arm(&w, &t[0], 400);
	timer_arm(&w, &t[1], 20);
	timer_arm(&w, &t[2], 400);
	wheel_shift(&w, 1234567);
	assert_int_equal(w.now, 10 + 1234567);
	assert_int_equal(w.armed, 3);
	assert_int_equal(t[1].deadline, 20 + 1234567);
	wheel_advance(&w, 19 + 1234567, note, &log);
	assert_int_equal(log.count, 0);
	wheel_advance(&w, 400 + 1234567, note, &log);
	assert_int_equal(log.count, 3);
	assert_ptr_equal(log.fired[0], &t[1]);
	assert_ptr_equal(log.fired[1], &t[0]);
	assert_ptr_equal(log.fired[2], &t[2]);
}

/* The naive model: what is armed, its deadline, and when it was armed. */
struct model {
	uint64_t deadline[TIMERS], armed_as[TIMERS];
	uint64_t now, calls;
};

static int model_next(const struct model *m)
{
	int best = -1;

	for (int i = 0; i < TIMERS; i++) {
		if (m->armed_as[i] == 0)
			continue;
		if (best < 0 || m->deadline[i] < m->deadline[best] ||
		    (m->deadline[i] == m->deadline[best] && m->armed_as[i] < m->armed_as[best]))
			best = i;
	}
	return best;
}

static void model_advance(struct model *m, uint64_t now, const struct timer *timers,
			  const struct log *log)
{
	size_t count = 0;

	for (int i = model_next(m); i >= 0 && m->deadline[i] <= now; i = model_next(m)) {
		assert_true(count < log->count);
		assert_ptr_equal(log->fired[count], &timers[i]);
		assert_int_equal(log->at[count], m->deadline[i]);
		m->armed_as[i] = 0;
		count++;
	}
	assert_int_equal(count, log->count);
	m->now = now;
}

static uint64_t random_span(uint64_t *seed)
{
	return random_next(seed) >> (32 + random_below(seed, 32));
}

static void random_calls_agree_with_the_model(void **state)
{
	(void)state;
	static struct wheel w;
	static struct timer timers[TIMERS];
	static struct model m;
	static struct log log;
	uint64_t seed = 1;
	log.w = &w;
	m.now = 0xfffff000;
	wheel_init(&w, m.now);
	for (unsigned op = 0; op < 60000; op++) {
		size_t i = random_below(&seed, TIMERS);
		uint64_t span = random_span(&seed);
		switch (random_below(&seed, 16)) {
		case 0:
			timer_disarm(&w, &timers[i]);
			m.armed_as[i] = 0;
			break;
		case 1:
			log.count = 0;
			wheel_advance(&w, m.now + span, note, &log);
			model_advance(&m, m.now + span, timers, &log);
			break;
		case 2:
			if (op % 8 != 0)
				break;
			wheel_shift(&w, span);
			m.now += span;
			for (int n = 0; n < TIMERS; n++)
				m.deadline[n] += span;
			break;
		default:
			if (span > 8 && op % 3 == 0)
				span &= ~7ull; /* more ties */
			timer_arm(&w, &timers[i], m.now + span);
			m.deadline[i] = m.now + (span ? span : 1);
			m.armed_as[i] = ++m.calls;
		}
		assert_int_equal(w.now, m.now);
		assert_int_equal(timer_is_armed(&timers[i]), m.armed_as[i] != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_fires_at_its_deadline_and_not_before),
		cmocka_unit_test(a_deadline_that_has_passed_fires_at_the_next_tick),
		cmocka_unit_test(a_deadline_too_far_fires_at_the_limit),
		cmocka_unit_test(ties_fire_in_order_of_arming_from_any_distance),
		cmocka_unit_test(disarming_and_moving),
		cmocka_unit_test(the_bitmaps_are_empty_when_no_timer_is_armed),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(fire_may_arm_and_disarm),
		cmocka_unit_test(an_empty_stretch_is_skipped),
		cmocka_unit_test(a_shift_moves_deadlines_and_fires_none),
		cmocka_unit_test(random_calls_agree_with_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
