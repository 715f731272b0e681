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

/* Numbers that are times are at least this one from here on. */
static void reach(struct feed *f, uint64_t time_ns)
{
	if (f->seq_is_time && f->seq < time_ns)
		f->seq = time_ns;
}

/* The number of what happens at this time. */
static uint64_t next_seq(struct feed *f, uint64_t time_ns)
{
	reach(f, time_ns);
	return f->seq++;
}

/* Fragments that never became whole still went over the wire: their bytes are accounted. */
static void account_fragments(struct feed *f, uint64_t until_ns, uint64_t now_ns)
{
	struct packet *p;
	while (p = plane_slot(f->plane), decode_given_up(f->decoder, until_ns, p)) {
		p->time_ns = now_ns;
		if (!f->is_left_out || !f->is_left_out(f->arg, FEED_NO_INPUT, p))
			plane_packet(f->plane, p, next_seq(f, p->time_ns));
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
	plane_tick(f->plane, next_seq(f, current * FEED_TICK_NS), current * FEED_TICK_NS, leap_ns);
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
	if (!f->is_left_out || !f->is_left_out(f->arg, frame->input, p))
		plane_packet(f->plane, p, next_seq(f, p->time_ns));
	if (got == DECODE_REASSEMBLED)
		block_release(block);
	return true;
}

void feed_packet(struct feed *f, const struct packet *p)
{
	clock_follow(&f->law, p->time_ns);
	tick(f, f->law.now_ns, 0);
	struct packet *slot = plane_slot(f->plane);
	*slot = *p;
	slot->time_ns = f->law.now_ns;
	plane_packet(f->plane, slot, next_seq(f, slot->time_ns));
}

void feed_finish(struct feed *f)
{
	account_fragments(f, UINT64_MAX, f->law.now_ns);
	reach(f, f->law.now_ns);
	plane_finish(f->plane, &f->seq, f->law.now_ns);
}
