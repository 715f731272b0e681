/*
 * engine/solo.c - see solo.h.
 */
#include "solo.h"

#include <stdlib.h>

#include "exfild/capture/split.h"
#include "joint.h"

#define AHEAD         32 /* packets whose cache lines are on their way; asked for twice */
#define GATHER_EVENTS 256
#define GATHER_TICKS  64

struct item {
	uint64_t seq;
	bool is_tick;
	uint64_t now_ns, leap_ns; /* tick */
	struct packet packet;
};

struct solo {
	struct shard *const *shards;
	struct outlet out;
	struct merge merge;
	uint64_t seq;                /* of what runs: later events have at least this */
	uint8_t place[SPLIT_SHARDS]; /* of a shard in `shards`, by its number */
	unsigned all, count;         /* shards there are; shards here */
	/* what is decoded and waits for its cache lines, all in one block */
	struct item ahead[AHEAD];
	unsigned first, waiting;
	struct block *block;
};

struct solo *solo_new(struct shard *const *shards, unsigned first, unsigned step, unsigned all,
		      const struct hash_key *key, const struct outlet *out)
{
	struct solo *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->shards = shards;
	s->out = *out;
	s->all = all;
	for (unsigned i = first; i < all && s->count < SHARDS; i += step)
		s->place[i] = (uint8_t)s->count++;
	s->merge.count = 1;
	s->merge.logs[0] = event_log_new();
	if (s->merge.logs[0]) {
		event_log_set_key(s->merge.logs[0], key);
		return s;
	}
	free(s);
	return NULL;
}

static struct shard *shard_for(const struct solo *s, const struct packet *p)
{
	return s->shards[s->place[split_shard((uint32_t)(p->route_hash >> 32), s->all)]];
}

/* What was gathered goes on: to the analysis, or to where it meets that of other workers. */
static void hand_on(struct solo *s)
{
	if (s->out.port)
		port_put(s->out.port, &s->merge, s->seq);
	else
		merge_run(&s->merge, &s->out);
}

struct event_log *solo_log(struct solo *s)
{
	return s->merge.logs[0];
}

void solo_free(struct solo *s)
{
	if (!s)
		return;
	block_release(s->block);
	event_log_free(s->merge.logs[0]);
	merge_deinit(&s->merge);
	free(s);
}

static void gather(struct solo *s)
{
	if (event_log_count(s->merge.logs[0]) >= GATHER_EVENTS ||
	    s->merge.mark_count >= GATHER_TICKS)
		hand_on(s);
}

static void tick_now(struct solo *s, const struct item *item)
{
	for (unsigned i = 0; i < s->count; i++) {
		event_log_restart(s->merge.logs[0]);
		if (item->leap_ns)
			shard_leap(s->shards[i], item->leap_ns);
		shard_tick(s->shards[i], item->seq, item->now_ns);
		gather(s);
	}
	merge_mark(&s->merge, item->seq, item->now_ns, item->leap_ns);
}

static void prefetch(struct solo *s, const struct item *item, unsigned stage)
{
	if (!item->is_tick)
		shard_prefetch(shard_for(s, &item->packet), &item->packet, stage);
}

static void run_first(struct solo *s)
{
	const struct item *item = &s->ahead[s->first];
	s->first = (s->first + 1) % AHEAD;
	s->waiting--;
	s->seq = item->seq;
	if (item->is_tick)
		tick_now(s, item);
	else
		shard_packet(shard_for(s, &item->packet), &item->packet, item->seq);
	gather(s);
}

static void run_ahead(struct solo *s)
{
	while (s->waiting)
		run_first(s);
}

static struct item *next_item(struct solo *s)
{
	if (s->waiting == AHEAD)
		run_first(s);
	return &s->ahead[(s->first + s->waiting) % AHEAD];
}

/* The item is filled: its cache lines are asked for, and those of an earlier one a second time. */
static void take_item(struct solo *s, const struct item *item)
{
	s->waiting++;
	prefetch(s, item, 0);
	if (s->waiting > AHEAD / 2)
		prefetch(s, &s->ahead[(s->first + s->waiting - AHEAD / 2) % AHEAD], 1);
}

static void change_block(struct solo *s, struct block *b)
{
	run_ahead(s);
	block_release(s->block);
	s->block = b;
	if (b)
		block_hold(b);
}

struct packet *solo_slot(struct solo *s)
{
	return &next_item(s)->packet;
}

void solo_packet(struct solo *s, struct packet *packet, uint64_t seq)
{
	struct item *item = next_item(s);
	if (packet->block != s->block) {
		/* running the others moves the item's place in the ring, not its bytes */
		change_block(s, packet->block);
		s->first = (unsigned)(item - s->ahead);
	}
	item->is_tick = false;
	item->seq = seq;
	take_item(s, item);
}

void solo_tick(struct solo *s, uint64_t seq, uint64_t now_ns, uint64_t leap_ns)
{
	struct item *item = next_item(s);
	item->is_tick = true;
	item->seq = seq;
	item->now_ns = now_ns;
	item->leap_ns = leap_ns;
	take_item(s, item);
}

void solo_idle(struct solo *s)
{
	run_ahead(s);
	hand_on(s);
	outlet_idle(&s->out);
}

void solo_drain(struct solo *s)
{
	change_block(s, NULL);
	hand_on(s);
}

bool solo_flush(struct solo *s, unsigned shard, uint64_t seq, uint64_t now_ns)
{
	s->seq = seq;
	bool more = shard_flush(s->shards[shard], seq, now_ns);
	hand_on(s);
	return more;
}
