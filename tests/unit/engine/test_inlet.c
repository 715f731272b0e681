/*
 * Events out of the ring: order, time and what ends it.  clock_gettime() below takes the place of
 * the C library's, so that the wall clock can be set; functions of the analysis note what they get.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/event/log.h"
#include "../../../src/engine/inlet.h"

#define SECOND_NS 1000000000ull
#define HOUR_NS   (3600 * SECOND_NS)
#define START_NS  (1795460400ull * SECOND_NS)

static uint64_t wall_ns, steady_ns;
static uint64_t state_ns; /* what the state says */
static unsigned events, ticks;
static uint64_t event_ns, tick_ns, leaped_ns;

int clock_gettime(clockid_t which, struct timespec *ret)
{
	uint64_t now = which == CLOCK_REALTIME ? wall_ns : steady_ns;
	ret->tv_sec = (time_t)(now / SECOND_NS);
	ret->tv_nsec = (long)(now % SECOND_NS);
	return 0;
}

uint64_t analysis_now(const struct analysis *a)
{
	(void)a;
	return state_ns;
}

void analysis_ahead(struct analysis *a, const struct event *e, unsigned stage)
{
	(void)a;
	(void)e;
	(void)stage;
}

void analysis_event(struct analysis *a, const struct event *e)
{
	(void)a;
	events++;
	event_ns = e->time_ns;
}

void analysis_tick(struct analysis *a, uint64_t now_ns, uint64_t leap_ns)
{
	(void)a;
	ticks++;
	tick_ns = now_ns;
	leaped_ns += leap_ns;
}

static struct ring *writer;
static struct inlet *inlet;
static struct event_log *log_;
static uint64_t seq;

static struct ring_fds copies(const struct ring *r)
{
	return (struct ring_fds){ dup(ring_fds(r).memory), dup(ring_fds(r).wake) };
}

static void renew(void)
{
	ring_free(writer);
	seq = 1;
	assert_int_equal(ring_new(RING_MIN, &writer), 0);
	assert_int_equal(inlet_attach(inlet, copies(writer)), 0);
}

static int setup(void **state)
{
	(void)state;
	wall_ns = START_NS;
	steady_ns = 1000 * SECOND_NS;
	state_ns = events = ticks = 0;
	event_ns = tick_ns = leaped_ns = 0;
	inlet = inlet_new(NULL);
	log_ = event_log_new();
	writer = NULL;
	renew();
	return inlet && log_ ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	inlet_free(inlet);
	ring_free(writer);
	event_log_free(log_);
	return 0;
}

static void put(uint64_t time_ns)
{
	event_log_reset(log_);
	struct event_flow *f = event_log_begin(log_, EVENT_FLOW_END, sizeof(*f), seq++);
	f->e.time_ns = time_ns;
	event_log_commit(log_);
	assert_true(ring_put(writer, event_log_next(log_, NULL)));
	ring_publish(writer);
}

static void put_tick(uint64_t now_ns, uint64_t leap_ns)
{
	const struct ring_tick t = { seq++, now_ns, leap_ns };
	ring_put_tick(writer, &t);
	ring_publish(writer);
}

static void set_wall(uint64_t ns)
{
	wall_ns = ns;
	steady_ns += SECOND_NS;
}

static void takes_all_in_order(void **state)
{
	(void)state;
	assert_int_equal(inlet_take(inlet), INLET_EMPTY);
	assert_true(inlet_sleep(inlet, false));
	for (unsigned i = 0; i < 200; i++)
		put(START_NS + i);
	put_tick(START_NS + SECOND_NS, 0);
	while (inlet_take(inlet) == INLET_SOME)
		;
	assert_int_equal(events, 200);
	assert_int_equal(event_ns, START_NS + 199);
	assert_int_equal(ticks, 1);
	assert_int_equal(tick_ns, START_NS + SECOND_NS);
}

/* Set back by a day: the packet half's time runs on, ahead of the wall, and is believed. */
static void clock_set_back(void **state)
{
	(void)state;
	put(START_NS);
	assert_int_equal(inlet_take(inlet), INLET_SOME);
	set_wall(START_NS - 24 * HOUR_NS);
	put(START_NS + SECOND_NS);
	put_tick(START_NS + SECOND_NS, 0);
	assert_int_equal(inlet_take(inlet), INLET_SOME);
	assert_int_equal(events, 2);
	/* for hours, too */
	for (unsigned i = 0; i < 7200; i++) {
		steady_ns += SECOND_NS;
		wall_ns += SECOND_NS;
		put_tick(START_NS + (i + 2) * SECOND_NS, 0);
		assert_int_equal(inlet_take(inlet), INLET_SOME);
	}
	assert_int_equal(tick_ns, START_NS + 7201 * SECOND_NS);
}

/* Set ahead by a day: a leap, believed because this machine's clock says so as well. */
static void clock_set_ahead(void **state)
{
	(void)state;
	put_tick(START_NS, 0);
	assert_int_equal(inlet_take(inlet), INLET_SOME);
	set_wall(START_NS + 24 * HOUR_NS);
	put_tick(START_NS + 24 * HOUR_NS, 23 * HOUR_NS);
	assert_int_equal(inlet_take(inlet), INLET_SOME);
	assert_int_equal(tick_ns, START_NS + 24 * HOUR_NS);
	assert_int_equal(leaped_ns, 23 * HOUR_NS);
}

static void time_to_come_ends_it(void **state)
{
	(void)state;
	put(START_NS);
	put(START_NS + HOUR_NS);
	assert_int_equal(inlet_take(inlet), INLET_BROKEN);
	assert_int_equal(events, 1); /* what was sound before counts */
	assert_true(inlet_fault(inlet)[0] != '\0');
	assert_int_equal(inlet_take(inlet), INLET_BROKEN);
	/* another process is believed again */
	renew();
	put(START_NS);
	assert_int_equal(inlet_take(inlet), INLET_SOME);
	assert_string_equal(inlet_fault(inlet), "");
}

/* One that begins anew, a bit before where time stands: no tick goes back. */
static void another_goes_on(void **state)
{
	(void)state;
	put_tick(START_NS + 10 * SECOND_NS, 0);
	assert_int_equal(inlet_take(inlet), INLET_SOME);
	renew();
	put_tick(START_NS + 9 * SECOND_NS, 0);
	put(START_NS + 9 * SECOND_NS);
	put_tick(START_NS + 11 * SECOND_NS, 0);
	assert_int_equal(inlet_take(inlet), INLET_SOME);
	assert_int_equal(ticks, 2);
	assert_int_equal(tick_ns, START_NS + 11 * SECOND_NS);
	assert_int_equal(events, 1);
}

/* The state of an earlier process ran ahead of a clock that was set back. */
static void state_ahead_of_the_wall(void **state)
{
	(void)state;
	inlet_free(inlet);
	state_ns = START_NS + 5 * HOUR_NS;
	inlet = inlet_new(NULL);
	renew();
	put(state_ns + SECOND_NS);
	assert_int_equal(inlet_take(inlet), INLET_SOME);
	assert_int_equal(events, 1);
}

static void counts_what_was_refused(void **state)
{
	(void)state;
	event_log_reset(log_);
	struct event_flow *f = event_log_begin(log_, EVENT_FLOW_START, sizeof(*f), 1);
	f->e.time_ns = START_NS;
	event_log_commit(log_);
	unsigned refused = 0;
	for (unsigned i = 0; i < 5000; i++)
		refused += !ring_put(writer, event_log_next(log_, NULL));
	assert_true(refused > 0);
	assert_int_equal(inlet_refused(inlet), refused);
	renew();
	assert_int_equal(inlet_refused(inlet), refused);
}

static void refuses_what_is_no_ring(void **state)
{
	(void)state;
	int fd = memfd_create("none", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_true(inlet_attach(inlet, (struct ring_fds){ fd, dup(ring_fds(writer).wake) }) != 0);
	assert_int_equal(inlet_take(inlet), INLET_EMPTY);
	assert_int_equal(inlet_fd(inlet), -1);
	assert_true(inlet_sleep(inlet, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_all_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(clock_set_back, setup, teardown),
		cmocka_unit_test_setup_teardown(clock_set_ahead, setup, teardown),
		cmocka_unit_test_setup_teardown(time_to_come_ends_it, setup, teardown),
		cmocka_unit_test_setup_teardown(another_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(state_ahead_of_the_wall, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_what_was_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_ring, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
