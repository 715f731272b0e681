/*
 * engine/reader.c - see reader.h.
 */
#include "reader.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "feed.h"

#define PROGRESS_EVERY (1u << 18) /* frames */

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
	(void)number;
	stop_asked = 1;
	capture_interrupt(true);
}

static void take_clock(struct reader *r, const struct clock_law *law)
{
	r->late = law->late;
	r->leaps = law->leaps;
	r->doubted = law->doubted;
	r->now_ns = law->now_ns;
}

static void show_progress(const struct reader *r)
{
	const struct capture_stats *s = capture_stats(r->capture);
	if (s->input_total)
		(void)fprintf(stderr, "\r%3.0f %%  %llu packets ",
			      100.0 * (double)s->input_bytes / (double)s->input_total,
			      (unsigned long long)s->frames);
	else
		(void)fprintf(stderr, "\r%llu packets ", (unsigned long long)s->frames);
}

int reader_run(struct reader *r)
{
	struct feed feed;
	struct frame f;
	int err;
	struct sigaction act = { .sa_handler = on_signal };
	struct sigaction old_int, old_term;
	feed_init(&feed, r->decoder, r->plane);
	feed.law.now_ns = r->start_ns;
	stop_asked = 0;
	capture_interrupt(false);
	sigaction(SIGINT, &act, &old_int);
	sigaction(SIGTERM, &act, &old_term);
	while ((err = capture_next(r->capture, &f)) == 0) {
		if (!r->first_ns)
			r->first_ns = f.time_ns;
		if (!feed_frame(&feed, &f))
			capture_refuse_link(r->capture, &f);
		if (stop_asked) {
			r->interrupted = true;
			break;
		}
		if (r->show_progress && f.number % PROGRESS_EVERY == 0)
			show_progress(r);
	}
	r->interrupted = r->interrupted || stop_asked;
	capture_interrupt(false);
	if (r->show_progress)
		(void)fprintf(stderr, "\r\033[K");
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	feed_finish(&feed);
	r->frames = capture_stats(r->capture)->frames;
	r->bytes = capture_stats(r->capture)->bytes;
	take_clock(r, &feed.law);
	feed_deinit(&feed);
	return err < 0 ? err : 0;
}
