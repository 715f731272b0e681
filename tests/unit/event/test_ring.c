/*
 * The ring between processes: order, the seam at its end, who is dropped first, sleep and wake
 * between two processes, and a writer that lies.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/event/ring.h"
#include "support/events.h"

#define PAGE 4096

struct pair {
	struct ring *writer, *reader;
	struct event_log *log;
	struct event *into;
	uint8_t *raw; /* the memory, as a hostile writer sees it */
	size_t raw_size;
};

static struct pair open_pair(size_t size)
{
	struct pair p = { .log = event_log_new(), .into = malloc(EVENT_MAX) };
	assert_int_equal(ring_new(size, &p.writer), 0);
	struct ring_fds fds = ring_fds(p.writer);
	fds.memory = dup(fds.memory);
	fds.wake = dup(fds.wake);
	assert_int_equal(ring_attach(fds, &p.reader), 0);
	p.raw_size = size + PAGE;
	p.raw = mmap(NULL, p.raw_size, PROT_READ | PROT_WRITE, MAP_SHARED, fds.memory, 0);
	assert_ptr_not_equal(p.raw, MAP_FAILED);
	return p;
}

static void close_pair(struct pair *p)
{
	munmap(p->raw, p->raw_size);
	ring_free(p->writer);
	ring_free(p->reader);
	event_log_free(p->log);
	free(p->into);
}

static const struct event *make(struct pair *p, enum event_kind kind, uint64_t seq)
{
	event_log_reset(p->log);
	events_add(p->log, kind, seq);
	return event_log_next(p->log, NULL);
}

static void all_kinds_come_back_in_order(void **state)
{
	(void)state;
	struct pair p = open_pair(RING_MIN);
	struct ring_tick tick;
	uint64_t seq = 1;
	/* often enough to pass the end of the ring at every offset that there is */
	for (unsigned round = 0; round < 500; round++) {
		for (unsigned kind = 0; kind < EVENT__COUNT; kind++) {
			const struct event *e = make(&p, kind, seq);
			assert_true(ring_put(p.writer, e));
			assert_int_equal(ring_get(p.reader, p.into, &tick), RING_EMPTY);
			ring_publish(p.writer);
			assert_int_equal(ring_get(p.reader, p.into, &tick), RING_EVENT);
			assert_memory_equal(p.into, e, e->size);
			seq++;
		}
		ring_put_tick(p.writer, &(struct ring_tick){ seq, 1000 + round, round == 3 });
		ring_publish(p.writer);
		assert_int_equal(ring_get(p.reader, p.into, &tick), RING_TICK);
		assert_int_equal(tick.seq, seq);
		assert_int_equal(tick.now_ns, 1000 + round);
		assert_int_equal(tick.leap_ns, round == 3);
	}
	assert_int_equal(ring_get(p.reader, p.into, &tick), RING_EMPTY);
	assert_int_equal(ring_dropped(p.reader, EVENT__COUNT), 0);
	close_pair(&p);
}

static unsigned fill(struct pair *p, enum event_kind kind)
{
	unsigned count = 0;
	while (ring_put(p->writer, make(p, kind, 1)))
		count++;
	return count;
}

static void flows_are_dropped_before_evidence(void **state)
{
	(void)state;
	struct pair p = open_pair(RING_MIN);
	assert_true(fill(&p, EVENT_FLOW_START) > 100);
	assert_int_equal(ring_dropped(p.reader, EVENT_FLOW_START), 1);
	assert_int_equal(fill(&p, EVENT_FLOW_PROGRESS), 0);
	assert_true(fill(&p, EVENT_FLOW_END) > 10);
	assert_true(fill(&p, EVENT_DNS) > 10);
	assert_int_equal(fill(&p, EVENT_FLOW_END), 0);
	/* ticks have the last room; those that find none are made up for */
	unsigned ticks = 0;
	for (; ticks < 64; ticks++)
		ring_put_tick(p.writer, &(struct ring_tick){ 2, 1000, 1 });
	ring_publish(p.writer);
	struct ring_tick tick;
	enum ring_got got;
	uint64_t leaps = 0;
	while ((got = ring_get(p.reader, p.into, &tick)) != RING_EMPTY) {
		assert_int_not_equal(got, RING_BROKEN);
		leaps += got == RING_TICK ? tick.leap_ns : 0;
	}
	assert_in_range(leaps, 10, 40);
	ring_put_tick(p.writer, &(struct ring_tick){ 3, 1001, 0 });
	ring_publish(p.writer);
	assert_int_equal(ring_get(p.reader, p.into, &tick), RING_TICK);
	assert_int_equal(leaps + tick.leap_ns, ticks);
	assert_int_equal(ring_dropped(p.reader, EVENT__COUNT), 5);
	assert_true(fill(&p, EVENT_FLOW_START) > 100);
	close_pair(&p);
}

static void memory_that_is_no_ring(void **state)
{
	(void)state;
	struct ring *r = NULL;
	int plain = memfd_create("x", MFD_CLOEXEC);
	assert_int_equal(ftruncate(plain, (off_t)RING_MIN + PAGE), 0);
	assert_int_equal(ring_attach((struct ring_fds){ plain, dup(0) }, &r), -EXF_E_FORMAT);
	assert_int_equal(ring_attach((struct ring_fds){ -1, -1 }, &r), -EXF_E_FORMAT);
	assert_int_equal(ring_new(RING_MIN + 8, &r), -EXF_E_RANGE);
	struct pair p = open_pair(RING_MIN);
	assert_int_not_equal(ftruncate(ring_fds(p.writer).memory, 0), 0); /* sealed */
	p.raw[0] ^= 1;
	struct ring_fds fds = ring_fds(p.writer);
	assert_int_equal(ring_attach((struct ring_fds){ dup(fds.memory), dup(fds.wake) }, &r),
			 -EXF_E_FORMAT);
	close_pair(&p);
}

#define LAP (size_t)(256 * 1024)

/* Puts and tells what then waits for the reader: these many events of a number. */
static void tell(struct pair *p, unsigned count, uint64_t seq)
{
	for (unsigned i = 0; i < count; i++)
		assert_true(ring_put(p->writer, make(p, EVENT_DNS, seq)));
	ring_publish(p->writer);
}

static unsigned read_all(struct pair *p, uint64_t seq)
{
	unsigned count = 0;
	enum ring_got got;
	struct ring_tick tick;
	while ((got = ring_get(p->reader, p->into, &tick)) == RING_EVENT) {
		assert_int_equal(p->into->seq, seq);
		count++;
	}
	assert_int_equal(got, RING_EMPTY);
	return count;
}

static void calm_events_stay_in_the_first_pages(void **state)
{
	(void)state;
	struct pair p = open_pair(16 * LAP);
	for (uint64_t seq = 1; seq <= 2000; seq++) {
		tell(&p, 10, seq);
		assert_int_equal(read_all(&p, seq), 10);
	}
	const uint8_t *rest = p.raw + PAGE + LAP + LAP / 4;
	for (const uint8_t *at = rest; at < p.raw + p.raw_size; at++)
		if (*at)
			fail_msg("byte %td behind the lap was written to", at - rest);
	close_pair(&p);
}

/* What is left out of a lap is nobody's: it takes no room, and the reader steps over it. */
static void a_new_lap_has_all_the_room(void **state)
{
	(void)state;
	struct pair p = open_pair(2 * LAP);
	unsigned whole = fill(&p, EVENT_DNS);
	ring_publish(p.writer);
	assert_int_equal(read_all(&p, 1), whole);
	for (unsigned round = 0; round < 50; round++) {
		/* somewhere behind the lap, with nothing left to read */
		unsigned some = whole * (52 + round % 40) / 100;
		tell(&p, some, 1);
		assert_int_equal(read_all(&p, 1), some);
		assert_int_equal(fill(&p, EVENT_DNS), whole);
		ring_publish(p.writer);
		assert_int_equal(read_all(&p, 1), whole);
	}
	close_pair(&p);
}

/* ---- sleep ---- */

static int is_woken(const struct pair *p)
{
	struct pollfd fd = { ring_fds(p->reader).wake, POLLIN, 0 };
	return poll(&fd, 1, 0);
}

static void a_heap_wakes_who_sleeps_long(void **state)
{
	(void)state;
	struct pair p = open_pair(16 * LAP);
	assert_true(ring_sleep(p.reader, true));
	tell(&p, 10, 1);
	assert_int_equal(is_woken(&p), 0);
	for (unsigned i = 0; i < 10000 && !is_woken(&p); i++)
		tell(&p, 10, 1);
	assert_int_equal(is_woken(&p), 1);
	ring_wake(p.reader);
	assert_in_range(read_all(&p, 1) * make(&p, EVENT_DNS, 1)->size, LAP, 2 * LAP);
	/* what came meanwhile ends any sleep before it begins */
	tell(&p, 1, 2);
	assert_false(ring_sleep(p.reader, true));
	read_all(&p, 2);
	assert_true(ring_sleep(p.reader, false));
	tell(&p, 1, 3);
	assert_int_equal(is_woken(&p), 1);
	close_pair(&p);
}

/* ---- a hostile writer ---- */

static void lie(struct pair *p, const void *record, size_t len)
{
	memcpy(p->raw + PAGE, record, len);
	*(uint64_t *)(p->raw + 64) = len; /* the writer's position */
}

static void expect_broken(const void *record, size_t len)
{
	struct pair p = open_pair(RING_MIN);
	struct ring_tick tick;
	lie(&p, record, len);
	assert_int_equal(ring_get(p.reader, p.into, &tick), RING_BROKEN);
	assert_non_null(ring_fault(p.reader));
	assert_int_equal(ring_get(p.reader, p.into, &tick), RING_BROKEN);
	assert_false(ring_sleep(p.reader, false));
	close_pair(&p);
}

static void lies_are_found(void **state)
{
	(void)state;
	uint64_t r[32] = { 0 };
	static const uint32_t sizes[] = { 0,    1,    8,          32,         40,        96,
					  8192, 8200, 0x7ffffff8, 0xfffffff8, 0xffffffff };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		r[0] = sizes[i];
		expect_broken(r, sizeof(r));
		r[0] = sizes[i] | (uint64_t)0xff00 << 32;
		if (sizes[i] != 32) /* that is a tick */
			expect_broken(r, sizeof(r));
	}
	static const uint64_t heads[] = { 1, 4, 2 * RING_MIN + 8, UINT64_MAX - 7, 1ull << 63 };
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct pair p = open_pair(RING_MIN);
		struct ring_tick tick;
		*(uint64_t *)(p.raw + 64) = heads[i];
		assert_int_equal(ring_get(p.reader, p.into, &tick), RING_BROKEN);
		close_pair(&p);
	}
}

static void a_lap_that_ends_nowhere(void **state)
{
	(void)state;
	static const uint64_t heads[] = { 8, RING_MIN - 8, RING_MIN };
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct pair p = open_pair(RING_MIN);
		tell(&p, 1, 1);
		assert_int_equal(read_all(&p, 1), 1);
		uint64_t at = *(uint64_t *)(p.raw + 128);
		*(uint64_t *)(p.raw + 72) = at;
		*(uint64_t *)(p.raw + 64) = heads[i] > at ? heads[i] : at + heads[i];
		struct ring_tick tick;
		assert_int_equal(ring_get(p.reader, p.into, &tick), RING_BROKEN);
		close_pair(&p);
	}
}

static void order_and_time_are_held(void **state)
{
	(void)state;
	static const struct ring_tick wrong[] = {
		{ 4, 1000, 0 }, /* an earlier number */
		{ 6, 999, 0 },  /* an earlier time */
		{ 6, 2001, 0 }, /* the future */
		{ 6, 1000, 1001 },
		{ 6, 1000, 501 }, /* with the last one's leap more than all time */
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct pair p = open_pair(RING_MIN);
		struct ring_tick tick;
		ring_set_latest(p.reader, 2000);
		ring_put_tick(p.writer, &(struct ring_tick){ 5, 1000, 500 });
		ring_put_tick(p.writer, &wrong[i]);
		ring_publish(p.writer);
		assert_int_equal(ring_get(p.reader, p.into, &tick), RING_TICK);
		assert_int_equal(ring_get(p.reader, p.into, &tick), RING_BROKEN);
		close_pair(&p);
	}
	struct pair p = open_pair(RING_MIN);
	struct ring_tick tick;
	ring_put(p.writer, make(&p, EVENT_DNS, 5));
	ring_put(p.writer, make(&p, EVENT_DNS, 4));
	ring_publish(p.writer);
	assert_int_equal(ring_get(p.reader, p.into, &tick), RING_EVENT);
	assert_int_equal(ring_get(p.reader, p.into, &tick), RING_BROKEN);
	close_pair(&p);
}

/* A child changes all of the memory as fast as it can while we read. */
static void memory_that_changes_while_it_is_read(void **state)
{
	(void)state;
	struct pair p = open_pair(RING_MIN);
	for (unsigned i = 0; i < 40; i++)
		ring_put(p.writer, make(&p, i % EVENT__COUNT, 1));
	ring_publish(p.writer);
	pid_t child = fork();
	if (child == 0) {
		uint64_t x = 88172645463325252ull;
		for (;;) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			uint8_t *at = p.raw + PAGE + x % 8000;
			uint8_t keep = *at;
			*at = (uint8_t)(x >> 32);
			*at = keep;
		}
	}
	unsigned sound = 0;
	for (unsigned i = 0; i < 20000; i++) {
		/* its own fds: ring_free closes them */
		struct ring_fds fds = ring_fds(p.writer);
		struct ring *reader;
		struct ring_tick tick;
		*(volatile uint64_t *)(p.raw + 128) = 0; /* from the start again */
		assert_int_equal(
			ring_attach((struct ring_fds){ dup(fds.memory), dup(fds.wake) }, &reader),
			0);
		while (ring_get(reader, p.into, &tick) == RING_EVENT) {
			struct event_checker *c = event_checker_new();
			assert_null(event_check(c, p.into, p.into->size, UINT64_MAX));
			event_checker_free(c);
			sound++;
		}
		ring_free(reader);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(sound > 0);
	close_pair(&p);
}

static void a_sleeping_reader_is_woken(void **state)
{
	(void)state;
	enum { EVENTS = 20000 };
	struct pair p = open_pair(RING_MIN);
	struct ring_tick tick;
	pid_t child = fork();
	if (child == 0) {
		for (uint64_t seq = 1; seq <= EVENTS; seq++) {
			while (!ring_put(p.writer, make(&p, EVENT_DNS, seq)))
				ring_publish(p.writer);
			if (seq % 7 == 0)
				ring_publish(p.writer);
		}
		ring_publish(p.writer);
		_exit(0);
	}
	uint64_t expected = 1;
	while (expected <= EVENTS) {
		enum ring_got got = ring_get(p.reader, p.into, &tick);
		assert_int_not_equal(got, RING_BROKEN);
		if (got == RING_EVENT) {
			assert_int_equal(p.into->seq, expected++);
			continue;
		}
		if (!ring_sleep(p.reader, false))
			continue;
		struct pollfd fd = { ring_fds(p.reader).wake, POLLIN, 0 };
		assert_int_equal(poll(&fd, 1, 20000), 1);
		ring_wake(p.reader);
	}
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	close_pair(&p);
}

static void counters_and_a_new_reader(void **state)
{
	(void)state;
	struct pair p = open_pair(RING_MIN);
	struct ring_tick tick;
	ring_count(p.writer, 3, 77);
	ring_count(p.writer, RING_COUNTS, 1);
	assert_int_equal(ring_counted(p.reader, 3), 77);
	assert_int_equal(ring_counted(p.reader, RING_COUNTS), 0);
	assert_int_equal(ring_dropped(p.reader, EVENT__COUNT + 1), 0);
	ring_put(p.writer, make(&p, EVENT_DNS, 1));
	ring_publish(p.writer);
	ring_skip(p.reader);
	assert_int_equal(ring_get(p.reader, p.into, &tick), RING_EMPTY);
	ring_put(p.writer, make(&p, EVENT_NTP, 2));
	ring_publish(p.writer);
	assert_int_equal(ring_get(p.reader, p.into, &tick), RING_EVENT);
	assert_int_equal(p.into->kind, EVENT_NTP);
	close_pair(&p);
}

static void cost(void **state)
{
	(void)state;
	enum { ROUNDS = 2000, BATCH = 100 };
	struct pair p = open_pair(RING_MIN);
	struct timespec from, to;
	struct ring_tick tick;
	const struct event *e = make(&p, EVENT_DNS, 1);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (unsigned n = 0; n < BATCH; n++)
			assert_true(ring_put(p.writer, e));
		ring_publish(p.writer);
		while (ring_get(p.reader, p.into, &tick) == RING_EVENT)
			;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
	print_message("a dns event passes the ring, check included, in %.1f ns\n",
		      ns / ROUNDS / BATCH);
	close_pair(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_come_back_in_order),
		cmocka_unit_test(flows_are_dropped_before_evidence),
		cmocka_unit_test(calm_events_stay_in_the_first_pages),
		cmocka_unit_test(a_new_lap_has_all_the_room),
		cmocka_unit_test(a_heap_wakes_who_sleeps_long),
		cmocka_unit_test(a_lap_that_ends_nowhere),
		cmocka_unit_test(memory_that_is_no_ring),
		cmocka_unit_test(lies_are_found),
		cmocka_unit_test(order_and_time_are_held),
		cmocka_unit_test(memory_that_changes_while_it_is_read),
		cmocka_unit_test(a_sleeping_reader_is_woken),
		cmocka_unit_test(counters_and_a_new_reader),
		cmocka_unit_test(cost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
