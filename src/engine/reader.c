/*
 * engine/reader.c - see reader.h.
 */
#include "reader.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

#define TICK_NS        100000000ull
#define PROGRESS_EVERY (1u << 18) /* frames */

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
	(void)number;
	stop_asked = 1;
	capture_interrupt(true);
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

/* Fragments that never became whole still went over the wire: their bytes are accounted. */
static void account_fragments(struct reader *r, uint64_t *seq, uint64_t until_ns, uint64_t now_ns)
{
	struct packet *p;
	while (p = plane_slot(r->plane), decode_given_up(r->decoder, until_ns, p)) {
		p->time_ns = now_ns;
		plane_packet(r->plane, p, (*seq)++);
	}
}

/* One tick however many have passed: timers fire in order of their deadlines all the same. */
static void tick(struct reader *r, uint64_t *seq, uint64_t *ticked, uint64_t now_ns, uint64_t leap)
{
	uint64_t current = now_ns / TICK_NS;
	if (current == *ticked && !leap)
		return;
	*ticked = current;
	account_fragments(r, seq, now_ns, now_ns);
	plane_tick(r->plane, (*seq)++, current * TICK_NS, leap);
}

static void one_frame(struct reader *r, const struct frame *f, uint64_t now_ns, uint64_t *seq)
{
	struct packet *p = plane_slot(r->plane);
	enum decode_result got = decode_frame(r->decoder, f, now_ns, p);
	if (got == DECODE_NO_LINK)
		capture_refuse_link(r->capture, f);
	if (got != DECODE_PACKET && got != DECODE_REASSEMBLED)
		return;
	struct block *block = p->block;
	plane_packet(r->plane, p, (*seq)++);
	if (got == DECODE_REASSEMBLED)
		block_release(block);
}

int reader_run(struct reader *r)
{
	struct clock_law law = { 0 };
	struct frame f;
	uint64_t seq = 1;
	uint64_t ticked = 0;
	int err;
	struct sigaction act = { .sa_handler = on_signal };
	struct sigaction old_int, old_term;
	stop_asked = 0;
	capture_interrupt(false);
	sigaction(SIGINT, &act, &old_int);
	sigaction(SIGTERM, &act, &old_term);
	while ((err = capture_next(r->capture, &f)) == 0) {
		uint64_t leap;
		uint64_t now_ns = clock_stamp(&law, f.input, f.time_ns, &leap);
		tick(r, &seq, &ticked, now_ns, leap);
		one_frame(r, &f, now_ns, &seq);
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
	account_fragments(r, &seq, UINT64_MAX, law.now_ns);
	plane_finish(r->plane, &seq, law.now_ns);
	r->late = law.late;
	r->leaps = law.leaps;
	r->doubted = law.doubted;
	clock_deinit(&law);
	return err < 0 ? err : 0;
}
