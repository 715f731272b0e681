/*
 * engine/inlet.c - see inlet.h.
 */
#include "inlet.h"

#include <stdlib.h>
#include <time.h>

#define HANDFUL  64
#define AHEAD    12 /* events between the two times that their cache lines are asked for */
#define ARENA    65536u
#define AHEAD_NS (300ull * 1000000000ull) /* what a time may lie before the wall clock */

struct item {
	struct event *event; /* NULL: a tick */
	struct ring_tick tick;
};

struct inlet {
	struct analysis *analysis;
	struct ring *ring; /* NULL: none */
	uint64_t now_ns;   /* of the last tick */
	uint64_t latest_ns, steady_ns;
	uint64_t refused; /* of the rings before */
	struct item items[HANDFUL];
	_Alignas(8) uint8_t arena[ARENA];
};

static uint64_t clock_ns(clockid_t which)
{
	struct timespec t = { 0 };
	(void)clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

struct inlet *inlet_new(struct analysis *a)
{
	struct inlet *i = calloc(1, sizeof(*i));
	if (!i)
		return NULL;
	i->analysis = a;
	i->now_ns = analysis_now(a);
	i->latest_ns = i->now_ns ? i->now_ns + AHEAD_NS : 0;
	i->steady_ns = clock_ns(CLOCK_MONOTONIC);
	return i;
}

void inlet_free(struct inlet *i)
{
	if (!i)
		return;
	inlet_detach(i);
	free(i);
}

int inlet_attach(struct inlet *i, struct ring_fds fds)
{
	inlet_detach(i);
	return ring_attach(fds, &i->ring);
}

void inlet_detach(struct inlet *i)
{
	if (!i->ring)
		return;
	i->refused = inlet_refused(i);
	ring_free(i->ring);
	i->ring = NULL;
}

uint64_t inlet_refused(const struct inlet *i)
{
	return i->refused + (i->ring ? ring_dropped(i->ring, EVENT__COUNT) : 0);
}

/*
 * What is believed goes on with the machine's own clocks: a wall clock that is set back does not
 * take back what was true before (docs/ARCHITECTURE.md, Clock).
 */
static void move_latest(struct inlet *i)
{
	uint64_t steady_ns = clock_ns(CLOCK_MONOTONIC);
	uint64_t by_wall_ns = clock_ns(CLOCK_REALTIME) + AHEAD_NS;
	uint64_t by_before_ns = i->latest_ns + (steady_ns - i->steady_ns);
	i->steady_ns = steady_ns;
	i->latest_ns = by_wall_ns > by_before_ns ? by_wall_ns : by_before_ns;
	ring_set_latest(i->ring, i->latest_ns);
}

static unsigned gather(struct inlet *i, enum ring_got *ret_got)
{
	unsigned count = 0;
	size_t used = 0;
	while (count < HANDFUL && ARENA - used >= EVENT_MAX) {
		struct item *item = &i->items[count];
		struct event *e = (struct event *)(void *)(i->arena + used);
		*ret_got = ring_get(i->ring, e, &item->tick);
		if (*ret_got != RING_EVENT && *ret_got != RING_TICK)
			break;
		item->event = *ret_got == RING_EVENT ? e : NULL;
		if (item->event) {
			used += e->size;
			analysis_ahead(i->analysis, e, 0);
		}
		count++;
	}
	return count;
}

static void tick(struct inlet *i, const struct ring_tick *t)
{
	/* a process that was started anew may begin a bit before where the last one ended */
	if (t->now_ns <= i->now_ns)
		return;
	uint64_t step_ns = t->now_ns - i->now_ns;
	uint64_t leap_ns = i->now_ns && t->leap_ns > step_ns ? step_ns : t->leap_ns;
	i->now_ns = t->now_ns;
	analysis_tick(i->analysis, t->now_ns, leap_ns);
}

enum inlet_got inlet_take(struct inlet *i)
{
	enum ring_got got = RING_EMPTY;
	if (!i->ring)
		return INLET_EMPTY;
	move_latest(i);
	unsigned count = gather(i, &got);
	for (unsigned n = 0; n < count; n++) {
		if (n + AHEAD < count && i->items[n + AHEAD].event)
			analysis_ahead(i->analysis, i->items[n + AHEAD].event, 1);
		if (i->items[n].event)
			analysis_event(i->analysis, i->items[n].event);
		else
			tick(i, &i->items[n].tick);
	}
	return got == RING_BROKEN ? INLET_BROKEN : count ? INLET_SOME : INLET_EMPTY;
}

const char *inlet_fault(const struct inlet *i)
{
	const char *fault = i->ring ? ring_fault(i->ring) : NULL;
	return fault ? fault : "";
}

bool inlet_sleep(struct inlet *i, bool is_long)
{
	return !i->ring || ring_sleep(i->ring, is_long);
}

int inlet_fd(const struct inlet *i)
{
	return i->ring ? ring_fds(i->ring).wake : -1;
}

void inlet_wake(struct inlet *i)
{
	if (i->ring)
		ring_wake(i->ring);
}
