/*
 * engine/plane.c - one worker, or rounds.
 *
 * A round is up to ROUND_PACKETS packets and the ticks between them, cut by shard.  A shard's part
 * of round r is run after its part of r - 1, by whichever thread is free; the last part to finish
 * gives the round to the analysis thread, which merges the shards' logs by (seq, shard).
 */
#include "plane.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS        8
#define ROUND_PACKETS 2048
#define WORKERS_MAX   64
#define AHEAD         16 /* packets whose cache lines are on their way; asked for twice */

enum item_kind { ITEM_PACKET, ITEM_TICK, ITEM_FLUSH };

struct item {
	uint64_t seq;
	enum item_kind kind;
	uint64_t now_ns, leap_ns; /* tick, flush */
	struct packet packet;
};

struct part { /* of a round, for one shard */
	struct item *items;
	size_t count, cap;
	struct event_log *log;
};

struct mark { /* a tick as the analysis sees it */
	uint64_t seq, now_ns, leap_ns;
};

struct round {
	struct part parts[SHARDS];
	struct mark *marks;
	size_t mark_count, mark_cap;
	struct block **blocks; /* held until the round is analysed */
	size_t block_count, block_cap;
	size_t packets;
	unsigned left; /* parts that are not run yet */
};

struct plane {
	struct shard *shards[SHARDS];
	struct analysis *analysis;
	unsigned workers;
	/* one worker: what is decoded and waits for its cache lines, all in one block */
	struct item ahead[AHEAD];
	unsigned ahead_first, ahead_count;
	struct block *ahead_block;
	struct packet slot; /* several workers: copied from here into its shard's part */
	/* rounds: all below under the lock, but the round that the reader is filling */
	struct round rounds[ROUNDS];
	uint64_t published, analysed; /* rounds in all */
	uint64_t next_round[SHARDS];
	bool busy[SHARDS];
	bool more_to_flush[SHARDS];
	bool stopping;
	unsigned rotor;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	pthread_t threads[WORKERS_MAX];
	unsigned thread_count;
};

/* ---- one worker: everything on the reader's thread ---- */

static void drain(struct plane *p, struct event_log *log)
{
	if (event_log_count(log) == 0)
		return;
	for (const struct event *e = event_log_next(log, NULL); e; e = event_log_next(log, e))
		analysis_event(p->analysis, e);
	event_log_reset(log);
}

static void tick_now(struct plane *p, const struct item *item)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		if (item->leap_ns)
			shard_leap(p->shards[i], item->leap_ns);
		shard_tick(p->shards[i], item->seq, item->now_ns);
		drain(p, shard_log(p->shards[i]));
	}
	analysis_tick(p->analysis, item->now_ns, item->leap_ns);
}

static void prefetch(struct plane *p, const struct item *item, unsigned stage)
{
	if (item->kind == ITEM_PACKET)
		shard_prefetch(p->shards[shard_of(&item->packet)], &item->packet, stage);
}

static void run_first(struct plane *p)
{
	struct item *item = &p->ahead[p->ahead_first];
	p->ahead_first = (p->ahead_first + 1) % AHEAD;
	p->ahead_count--;
	if (item->kind == ITEM_TICK) {
		tick_now(p, item);
		return;
	}
	struct shard *s = p->shards[shard_of(&item->packet)];
	shard_packet(s, &item->packet, item->seq);
	drain(p, shard_log(s));
}

static void run_ahead(struct plane *p)
{
	while (p->ahead_count)
		run_first(p);
}

static struct item *next_slot(struct plane *p)
{
	if (p->ahead_count == AHEAD)
		run_first(p);
	return &p->ahead[(p->ahead_first + p->ahead_count) % AHEAD];
}

/* The slot is filled: its cache lines are asked for, and those of an earlier one a second time. */
static void take_slot(struct plane *p, const struct item *item)
{
	p->ahead_count++;
	prefetch(p, item, 0);
	if (p->ahead_count > AHEAD / 2)
		prefetch(p, &p->ahead[(p->ahead_first + p->ahead_count - AHEAD / 2) % AHEAD], 1);
}

static void change_block(struct plane *p, struct block *b)
{
	run_ahead(p);
	block_release(p->ahead_block);
	p->ahead_block = b;
	if (b)
		block_hold(b);
}

/* ---- rounds ---- */

static void *grow(void *list, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *out = realloc(list, more * size);
	if (!out)
		abort(); /* no memory for a few packets: nothing can be saved by going on */
	*cap = more;
	return out;
}

static struct item *add_item(struct part *part, enum item_kind kind, uint64_t seq)
{
	if (part->count == part->cap)
		part->items = grow(part->items, &part->cap, sizeof(*part->items));
	struct item *item = &part->items[part->count++];
	item->kind = kind;
	item->seq = seq;
	return item;
}

static void run_part(struct plane *p, unsigned shard, struct part *part)
{
	struct shard *s = p->shards[shard];
	for (size_t i = 0; i < part->count; i++) {
		const struct item *item = &part->items[i];
		if (i + AHEAD < part->count)
			prefetch(p, &part->items[i + AHEAD], 0);
		if (i + AHEAD / 2 < part->count)
			prefetch(p, &part->items[i + AHEAD / 2], 1);
		switch (item->kind) {
		case ITEM_PACKET:
			shard_packet(s, &item->packet, item->seq);
			break;
		case ITEM_TICK:
			if (item->leap_ns)
				shard_leap(s, item->leap_ns);
			shard_tick(s, item->seq, item->now_ns);
			break;
		case ITEM_FLUSH:
			p->more_to_flush[shard] = shard_flush(s, item->seq, item->now_ns);
			break;
		}
	}
	part->count = 0;
	event_log_swap(shard_log(s), part->log);
}

/* Under the lock: a shard with a part to run, or -1. */
static int find_work(struct plane *p)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		unsigned shard = (p->rotor + i) % SHARDS;
		if (!p->busy[shard] && p->next_round[shard] < p->published) {
			p->rotor = shard + 1;
			return (int)shard;
		}
	}
	return -1;
}

/* Under the lock, which is let go of meanwhile. */
static void do_work(struct plane *p, unsigned shard)
{
	struct round *r = &p->rounds[p->next_round[shard] % ROUNDS];
	p->busy[shard] = true;
	pthread_mutex_unlock(&p->lock);
	run_part(p, shard, &r->parts[shard]);
	pthread_mutex_lock(&p->lock);
	p->busy[shard] = false;
	p->next_round[shard]++;
	if (--r->left == 0)
		pthread_cond_broadcast(&p->done);
	if (p->next_round[shard] < p->published)
		pthread_cond_signal(&p->work);
}

static void *worker_main(void *arg)
{
	struct plane *p = arg;
	pthread_mutex_lock(&p->lock);
	for (;;) {
		int shard = find_work(p);
		if (shard >= 0) {
			do_work(p, (unsigned)shard);
			continue;
		}
		if (p->stopping)
			break;
		pthread_cond_wait(&p->work, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void analyse_round(struct plane *p, struct round *r)
{
	const struct event *next[SHARDS];
	size_t mark = 0;
	for (unsigned i = 0; i < SHARDS; i++)
		next[i] = event_log_next(r->parts[i].log, NULL);
	for (;;) {
		int first = -1;
		for (unsigned i = 0; i < SHARDS; i++)
			if (next[i] && (first < 0 || next[i]->seq < next[first]->seq))
				first = (int)i;
		uint64_t seq = first < 0 ? UINT64_MAX : next[first]->seq;
		for (; mark < r->mark_count && r->marks[mark].seq < seq; mark++)
			analysis_tick(p->analysis, r->marks[mark].now_ns, r->marks[mark].leap_ns);
		if (first < 0)
			break;
		analysis_event(p->analysis, next[first]);
		next[first] = event_log_next(r->parts[first].log, next[first]);
	}
	for (unsigned i = 0; i < SHARDS; i++)
		event_log_reset(r->parts[i].log);
	for (size_t i = 0; i < r->block_count; i++)
		block_release(r->blocks[i]);
	r->block_count = 0;
	r->mark_count = 0;
	r->packets = 0;
}

static void *analysis_main(void *arg)
{
	struct plane *p = arg;
	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct round *r = &p->rounds[p->analysed % ROUNDS];
		if (p->analysed < p->published && r->left == 0) {
			pthread_mutex_unlock(&p->lock);
			analyse_round(p, r);
			pthread_mutex_lock(&p->lock);
			p->analysed++;
			pthread_cond_broadcast(&p->done);
			continue;
		}
		if (p->stopping && p->analysed == p->published)
			break;
		pthread_cond_wait(&p->done, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Waits until at most `under_way` rounds are not analysed; runs parts meanwhile. */
static void wait_for(struct plane *p, uint64_t under_way)
{
	while (p->published - p->analysed > under_way) {
		int shard = find_work(p);
		if (shard >= 0)
			do_work(p, (unsigned)shard);
		else
			pthread_cond_wait(&p->done, &p->lock);
	}
}

static struct round *filling(struct plane *p)
{
	return &p->rounds[p->published % ROUNDS];
}

static void publish(struct plane *p)
{
	struct round *r = filling(p);
	pthread_mutex_lock(&p->lock);
	r->left = SHARDS;
	p->published++;
	pthread_cond_broadcast(&p->work);
	wait_for(p, ROUNDS - 1); /* the next slot must be free */
	pthread_mutex_unlock(&p->lock);
}

static void hold_block(struct round *r, struct block *b)
{
	if (!b || (r->block_count && r->blocks[r->block_count - 1] == b))
		return;
	if (r->block_count == r->block_cap)
		r->blocks = grow(r->blocks, &r->block_cap, sizeof(struct block *));
	block_hold(b);
	r->blocks[r->block_count++] = b;
}

/* ---- the reader's interface ---- */

struct packet *plane_slot(struct plane *p)
{
	return p->workers == 1 ? &next_slot(p)->packet : &p->slot;
}

void plane_packet(struct plane *p, struct packet *packet, uint64_t seq)
{
	if (p->workers == 1) {
		struct item *item = next_slot(p);
		if (packet->block != p->ahead_block) {
			/* running the others moves the slot's place in the ring, not its bytes */
			change_block(p, packet->block);
			p->ahead_first = (unsigned)(item - p->ahead);
		}
		item->kind = ITEM_PACKET;
		item->seq = seq;
		take_slot(p, item);
		return;
	}
	unsigned shard = shard_of(packet);
	struct round *r = filling(p);
	struct item *item = add_item(&r->parts[shard], ITEM_PACKET, seq);
	item->packet = *packet;
	hold_block(r, packet->block);
	if (++r->packets == ROUND_PACKETS)
		publish(p);
}

void plane_tick(struct plane *p, uint64_t seq, uint64_t now_ns, uint64_t leap_ns)
{
	if (p->workers == 1) {
		struct item *item = next_slot(p);
		*item = (struct item){ .seq = seq,
				       .kind = ITEM_TICK,
				       .now_ns = now_ns,
				       .leap_ns = leap_ns };
		take_slot(p, item);
		return;
	}
	struct round *r = filling(p);
	for (unsigned i = 0; i < SHARDS; i++) {
		struct item *item = add_item(&r->parts[i], ITEM_TICK, seq);
		item->now_ns = now_ns;
		item->leap_ns = leap_ns;
	}
	if (r->mark_count == r->mark_cap)
		r->marks = grow(r->marks, &r->mark_cap, sizeof(*r->marks));
	r->marks[r->mark_count++] = (struct mark){ seq, now_ns, leap_ns };
}

static void finish_all(struct plane *p)
{
	publish(p);
	pthread_mutex_lock(&p->lock);
	wait_for(p, 0);
	pthread_mutex_unlock(&p->lock);
}

static bool flush_portion(struct plane *p, unsigned shard, uint64_t seq, uint64_t now_ns)
{
	if (p->workers == 1) {
		bool more = shard_flush(p->shards[shard], seq, now_ns);
		drain(p, shard_log(p->shards[shard]));
		return more;
	}
	struct item *item = add_item(&filling(p)->parts[shard], ITEM_FLUSH, seq);
	item->now_ns = now_ns;
	finish_all(p);
	return p->more_to_flush[shard];
}

void plane_finish(struct plane *p, uint64_t *seq, uint64_t now_ns)
{
	if (p->workers > 1)
		finish_all(p);
	else
		change_block(p, NULL);
	for (unsigned i = 0; i < SHARDS; i++)
		while (flush_portion(p, i, (*seq)++, now_ns))
			;
}

static bool make_rounds(struct plane *p)
{
	for (unsigned r = 0; r < ROUNDS; r++)
		for (unsigned i = 0; i < SHARDS; i++)
			if (!(p->rounds[r].parts[i].log = event_log_new()))
				return false;
	return true;
}

static bool start_threads(struct plane *p)
{
	if (pthread_create(&p->threads[p->thread_count], NULL, analysis_main, p))
		return false;
	p->thread_count++;
	for (unsigned i = 1; i < p->workers && p->thread_count < WORKERS_MAX; i++) {
		if (pthread_create(&p->threads[p->thread_count], NULL, worker_main, p))
			return p->thread_count > 1;
		p->thread_count++;
	}
	return true;
}

struct plane *plane_new(unsigned workers, const struct shard_limits *limits,
			const struct hash_key *key, struct analysis *a)
{
	struct plane *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->workers = workers;
	p->analysis = a;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	bool ok = true;
	for (unsigned i = 0; i < SHARDS; i++)
		ok = (p->shards[i] = shard_new(i, limits, key)) && ok;
	if (ok && workers > 1)
		ok = make_rounds(p) && start_threads(p);
	if (!ok) {
		plane_free(p);
		return NULL;
	}
	return p;
}

void plane_free(struct plane *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->done);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->thread_count; i++)
		pthread_join(p->threads[i], NULL);
	block_release(p->ahead_block);
	for (unsigned r = 0; r < ROUNDS; r++) {
		for (unsigned i = 0; i < SHARDS; i++) {
			event_log_free(p->rounds[r].parts[i].log);
			free(p->rounds[r].parts[i].items);
		}
		for (size_t i = 0; i < p->rounds[r].block_count; i++)
			block_release(p->rounds[r].blocks[i]);
		free(p->rounds[r].blocks);
		free(p->rounds[r].marks);
	}
	for (unsigned i = 0; i < SHARDS; i++)
		shard_free(p->shards[i]);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

void plane_counts(const struct plane *p, struct shard_counts ret[SHARDS])
{
	for (unsigned i = 0; i < SHARDS; i++)
		shard_counts(p->shards[i], &ret[i]);
}
