/*
 * engine/watch.c - see watch.h.
 */
#include "watch.h"

#include <signal.h>
#include <time.h>

#include "crew.h"
#include "notify.h"
#include "tally.h"

#define FOLLOW_NS 100000000ull
#define EVERY_NS  1000000000ull

static volatile sig_atomic_t stop_asked, reload_asked;

static void on_signal(int number)
{
	if (number == SIGHUP)
		reload_asked = 1;
	else
		stop_asked = 1;
}

struct watch {
	struct reader *reader;
	const struct watch_ears *ears;
	uint64_t followed_ns, cared_ns; /* monotonic */
	uint64_t generation;
	struct tally tally;
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void take_inside(struct watch *w)
{
	const struct live *live = w->reader->live;
	size_t count;
	if (w->generation == live_generation(live))
		return;
	w->generation = live_generation(live);
	const struct prefix *list = live_inside(live, &count);
	w->ears->inside(w->ears->arg, list, count);
}

/* Once a second, packets or none. */
static void take_care(struct watch *w)
{
	struct reader *r = w->reader;
	live_update_counts(r->live);
	r->turns++;
	take_inside(w);
	tally_fill(&w->tally, r, false);
	w->ears->tally(w->ears->arg, &w->tally);
}

static void look(void *arg)
{
	struct watch *w = arg;
	uint64_t now_ns = monotonic_ns();
	if (now_ns - w->followed_ns >= FOLLOW_NS) {
		live_follow(w->reader->live);
		w->followed_ns = now_ns;
	}
	if (now_ns - w->cared_ns >= EVERY_NS) {
		take_care(w);
		w->cared_ns = now_ns;
	}
	if (reload_asked) {
		reload_asked = 0;
		w->ears->reload(w->ears->arg);
	}
	if (stop_asked && !w->reader->interrupted) {
		w->reader->interrupted = true;
		notify_stopping();
		live_stop(w->reader->live);
	}
}

int watch_run(struct reader *r, const struct watch_ears *ears)
{
	struct watch w = { .reader = r, .ears = ears };
	struct sigaction act = { .sa_handler = on_signal };
	struct sigaction old_int, old_term, old_hup;
	stop_asked = reload_asked = 0;
	sigaction(SIGINT, &act, &old_int);
	sigaction(SIGTERM, &act, &old_term);
	sigaction(SIGHUP, &act, &old_hup);
	take_inside(&w);
	notify_ready();
	int err = crew_run(r->crew, look, &w);
	live_update_counts(r->live);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	sigaction(SIGHUP, &old_hup, NULL);
	return err;
}
