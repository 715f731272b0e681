/*
 * engine/feed.c - see feed.h.
 */
#include "feed.h"

void feed_init(struct feed *f, struct decoder *decoder, struct plane *plane)
{
	*f = (struct feed){ .decoder = decoder, .plane = plane, .seq = 1 };
}

void feed_deinit(struct feed *f)
{
	clock_deinit(&f->law);
}

/* Fragments that never became whole still went over the wire: their bytes are accounted. */
static void account_fragments(struct feed *f, uint64_t until_ns, uint64_t now_ns)
{
	struct packet *p;
	while (p = plane_slot(f->plane), decode_given_up(f->decoder, until_ns, p)) {
		p->time_ns = now_ns;
		plane_packet(f->plane, p, f->seq++);
	}
}

/* One tick however many have passed: timers fire in order of their deadlines all the same. */
static void tick(struct feed *f, uint64_t now_ns, uint64_t leap_ns)
{
	uint64_t current = now_ns / FEED_TICK_NS;
	if (current == f->ticked && !leap_ns)
		return;
	f->ticked = current;
	account_fragments(f, now_ns, now_ns);
	plane_tick(f->plane, f->seq++, current * FEED_TICK_NS, leap_ns);
}

void feed_time(struct feed *f, uint32_t input, uint64_t time_ns)
{
	uint64_t leap_ns;
	uint64_t now_ns = clock_stamp(&f->law, input, time_ns, &leap_ns);
	tick(f, now_ns, leap_ns);
}

bool feed_frame(struct feed *f, const struct frame *frame)
{
	uint64_t leap_ns;
	uint64_t now_ns = clock_stamp(&f->law, frame->input, frame->time_ns, &leap_ns);
	tick(f, now_ns, leap_ns);
	struct packet *p = plane_slot(f->plane);
	enum decode_result got = decode_frame(f->decoder, frame, now_ns, p);
	if (got != DECODE_PACKET && got != DECODE_REASSEMBLED)
		return got != DECODE_NO_LINK;
	struct block *block = p->block;
	if (!f->is_left_out || !f->is_left_out(f->arg, frame, p))
		plane_packet(f->plane, p, f->seq++);
	if (got == DECODE_REASSEMBLED)
		block_release(block);
	return true;
}

void feed_finish(struct feed *f)
{
	account_fragments(f, UINT64_MAX, f->law.now_ns);
	plane_finish(f->plane, &f->seq, f->law.now_ns);
}
