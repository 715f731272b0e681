/*
 * engine/watch.c - see watch.h.
 */
#include "watch.h"

#include <signal.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/capture/live.h"
#include "feed.h"
#include "leave.h"
#include "notify.h"
#include "tally.h"

#define WAIT_MS     100
#define HAND_NS     100000000ull /* what was gathered is handed over at least this often */
#define EVERY_NS    1000000000ull
#define QUIET_NS    50000000ull /* nothing came for so long: wall time moves on */
#define BEHIND_NS   20000000ull /* what the kernel may still hold back */
#define LOOK_FRAMES 256         /* frames between two looks at the clock */

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

struct watch {
	struct reader *reader;
	const struct watch_ears *ears;
	struct feed feed;
	struct leave *leave;
	uint64_t now_ns; /* monotonic */
	uint64_t came_ns, handed_ns, cared_ns;
	uint64_t generation;
	bool has_refused_link;
	struct tally tally;
};

static uint64_t clock_ns(clockid_t which)
{
	struct timespec t = { 0 };
	(void)clock_gettime(which, &t);
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
	r->drops += live_update_counts(r->live);
	r->turns++;
	leave_refresh(w->leave);
	take_inside(w);
	reader_take_clock(r, &w->feed.law);
	leave_counts(w->leave, &r->own, &r->twice);
	tally_fill(&w->tally, r, false);
	w->ears->tally(w->ears->arg, &w->tally);
}

static void look_after(struct watch *w)
{
	w->now_ns = clock_ns(CLOCK_MONOTONIC);
	if (w->now_ns - w->handed_ns >= HAND_NS) {
		plane_idle(w->reader->plane);
		live_follow(w->reader->live);
		w->handed_ns = w->now_ns;
	}
	if (w->now_ns - w->cared_ns >= EVERY_NS) {
		take_care(w);
		w->cared_ns = w->now_ns;
	}
	if (stop_asked && !w->reader->interrupted) {
		w->reader->interrupted = true;
		notify_stopping();
		live_stop(w->reader->live);
	}
}

static void on_idle(struct watch *w)
{
	plane_idle(w->reader->plane);
	w->handed_ns = w->now_ns;
	live_wait(live_lane(w->reader->live, 0), w->reader->interrupted ? 5 : WAIT_MS);
	if (clock_ns(CLOCK_MONOTONIC) - w->came_ns > QUIET_NS && !w->reader->interrupted)
		feed_time(&w->feed, LIVE_INTERFACES, clock_ns(CLOCK_REALTIME) - BEHIND_NS);
}

static void on_frame(struct watch *w, const struct frame *f)
{
	struct reader *r = w->reader;
	r->frames++;
	r->bytes += f->caplen;
	w->came_ns = w->now_ns;
	if (!feed_frame(&w->feed, f) && !w->has_refused_link) {
		w->has_refused_link = true;
		log_warnx("capture",
			  "link type %u of an interface is not one that can be read; "
			  "its packets are left out",
			  f->linktype);
	}
}

static void loop(struct watch *w)
{
	struct reader *r = w->reader;
	struct frame f;
	int got;
	while ((got = live_next(live_lane(r->live, 0), &f)) != LIVE_END) {
		if (got == 0)
			on_frame(w, &f);
		if (got != 0 || r->frames % LOOK_FRAMES == 0)
			look_after(w);
		if (got == LIVE_IDLE)
			on_idle(w);
		else if (got == LIVE_BUSY)
			plane_wait(r->plane);
	}
}

static bool is_left_out(void *arg, const struct frame *f, const struct packet *p)
{
	return leave_packet(arg, f, p);
}

int watch_run(struct reader *r, const struct watch_ears *ears)
{
	struct watch w = { .reader = r, .ears = ears };
	struct sigaction act = { .sa_handler = on_signal };
	struct sigaction old_int, old_term;
	w.leave = leave_new(r->live, r->own_peers, &r->key);
	if (!w.leave)
		return -EXF_E_NOMEM;
	feed_init(&w.feed, r->decoder, r->plane);
	w.feed.law.now_ns = r->start_ns;
	w.feed.is_left_out = is_left_out;
	w.feed.arg = w.leave;
	w.feed.law.follows_back = true;
	stop_asked = 0;
	sigaction(SIGINT, &act, &old_int);
	sigaction(SIGTERM, &act, &old_term);
	w.now_ns = w.came_ns = w.handed_ns = clock_ns(CLOCK_MONOTONIC);
	take_inside(&w);
	notify_ready();
	loop(&w);
	r->drops += live_update_counts(r->live);
	feed_finish(&w.feed);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	reader_take_clock(r, &w.feed.law);
	leave_counts(w.leave, &r->own, &r->twice);
	leave_free(w.leave);
	feed_deinit(&w.feed);
	return 0;
}
