/*
 * engine/rounds.c - see rounds.h.
 *
 * A round is up to ROUND_PACKETS packets and the ticks between them, cut by shard.  A shard's part
 * of round r is run after its part of r - 1, by whichever thread is free; the last part to finish
 * gives the round to the analysis thread, which merges the shards' logs by (seq, shard).
 */
#include "rounds.h"

#include <pthread.h>
#include <stdlib.h>

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
};

struct round {
	struct part parts[SHARDS];
	struct merge merge;    /* the parts' logs; the ticks */
	struct block **blocks; /* held until the round is analysed */
	size_t block_count, block_cap;
	size_t packets;
	unsigned left; /* parts that are not run yet */
};

struct rounds {
	struct shard *const *shards;
	struct outlet out;
	unsigned workers;
	struct packet slot; /* copied from here into its shard's part */
	/* all below under the lock, but the round that the reader is filling */
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

static void prefetch(struct rounds *p, unsigned shard, const struct item *item, unsigned stage)
{
	if (item->kind == ITEM_PACKET)
		shard_prefetch(p->shards[shard], &item->packet, stage);
}

static struct item *add_item(struct part *part, enum item_kind kind, uint64_t seq)
{
	if (part->count == part->cap)
		part->items = plane_grow(part->items, &part->cap, sizeof(*part->items));
	struct item *item = &part->items[part->count++];
	item->kind = kind;
	item->seq = seq;
	return item;
}

static void run_part(struct rounds *p, unsigned shard, struct part *part, struct event_log *log)
{
	struct shard *s = p->shards[shard];
	for (size_t i = 0; i < part->count; i++) {
		const struct item *item = &part->items[i];
		if (i + AHEAD < part->count)
			prefetch(p, shard, &part->items[i + AHEAD], 0);
		if (i + AHEAD / 2 < part->count)
			prefetch(p, shard, &part->items[i + AHEAD / 2], 1);
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
	event_log_swap(shard_log(s), log);
}

/* Under the lock: a shard with a part to run, or -1. */
static int find_work(struct rounds *p)
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
static void do_work(struct rounds *p, unsigned shard)
{
	struct round *r = &p->rounds[p->next_round[shard] % ROUNDS];
	p->busy[shard] = true;
	pthread_mutex_unlock(&p->lock);
	run_part(p, shard, &r->parts[shard], r->merge.logs[shard]);
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
	struct rounds *p = arg;
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

static void analyse_round(struct rounds *p, struct round *r)
{
	merge_run(&r->merge, &p->out);
	for (size_t i = 0; i < r->block_count; i++)
		block_release(r->blocks[i]);
	r->block_count = 0;
	r->packets = 0;
}

static void *analysis_main(void *arg)
{
	struct rounds *p = arg;
	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct round *r = &p->rounds[p->analysed % ROUNDS];
		if (p->analysed < p->published && r->left == 0) {
			pthread_mutex_unlock(&p->lock);
			analyse_round(p, r);
			pthread_mutex_lock(&p->lock);
			bool is_last = p->analysed + 1 == p->published;
			if (is_last) {
				pthread_mutex_unlock(&p->lock);
				outlet_idle(&p->out);
				pthread_mutex_lock(&p->lock);
			}
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
static void wait_for(struct rounds *p, uint64_t under_way)
{
	while (p->published - p->analysed > under_way) {
		int shard = find_work(p);
		if (shard >= 0)
			do_work(p, (unsigned)shard);
		else
			pthread_cond_wait(&p->done, &p->lock);
	}
}

static struct round *filling(struct rounds *p)
{
	return &p->rounds[p->published % ROUNDS];
}

static void publish(struct rounds *p)
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
		r->blocks = plane_grow(r->blocks, &r->block_cap, sizeof(struct block *));
	block_hold(b);
	r->blocks[r->block_count++] = b;
}

struct packet *rounds_slot(struct rounds *p)
{
	return &p->slot;
}

void rounds_packet(struct rounds *p, struct packet *packet, uint64_t seq)
{
	struct round *r = filling(p);
	struct item *item = add_item(&r->parts[shard_of(packet)], ITEM_PACKET, seq);
	item->packet = *packet;
	hold_block(r, packet->block);
	if (++r->packets == ROUND_PACKETS)
		publish(p);
}

void rounds_tick(struct rounds *p, uint64_t seq, uint64_t now_ns, uint64_t leap_ns)
{
	struct round *r = filling(p);
	for (unsigned i = 0; i < SHARDS; i++) {
		struct item *item = add_item(&r->parts[i], ITEM_TICK, seq);
		item->now_ns = now_ns;
		item->leap_ns = leap_ns;
	}
	merge_mark(&r->merge, seq, now_ns, leap_ns);
}

void rounds_idle(struct rounds *p)
{
	const struct round *r = filling(p);
	if (r->packets || r->merge.mark_count)
		publish(p);
}

void rounds_drain(struct rounds *p)
{
	publish(p);
	pthread_mutex_lock(&p->lock);
	wait_for(p, 0);
	pthread_mutex_unlock(&p->lock);
}

bool rounds_flush(struct rounds *p, unsigned shard, uint64_t seq, uint64_t now_ns)
{
	struct item *item = add_item(&filling(p)->parts[shard], ITEM_FLUSH, seq);
	item->now_ns = now_ns;
	rounds_drain(p);
	return p->more_to_flush[shard];
}

static bool make_logs(struct rounds *p, const struct hash_key *key)
{
	for (unsigned r = 0; r < ROUNDS; r++) {
		struct merge *m = &p->rounds[r].merge;
		m->count = SHARDS;
		for (unsigned i = 0; i < SHARDS; i++) {
			if (!(m->logs[i] = event_log_new()))
				return false;
			event_log_set_key(m->logs[i], key);
		}
	}
	return true;
}

static bool start_threads(struct rounds *p)
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

struct rounds *rounds_new(unsigned workers, struct shard *const *shards, const struct hash_key *key,
			  const struct outlet *out)
{
	struct rounds *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->workers = workers;
	p->shards = shards;
	p->out = *out;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	if (make_logs(p, key) && start_threads(p))
		return p;
	rounds_free(p);
	return NULL;
}

static void free_round(struct round *r)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		event_log_free(r->merge.logs[i]);
		free(r->parts[i].items);
	}
	for (size_t i = 0; i < r->block_count; i++)
		block_release(r->blocks[i]);
	free(r->blocks);
	merge_deinit(&r->merge);
}

void rounds_free(struct rounds *p)
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
	for (unsigned i = 0; i < ROUNDS; i++)
		free_round(&p->rounds[i]);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
