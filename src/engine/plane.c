/*
 * engine/plane.c - the shards, and who runs them: one worker (solo.c) or several (rounds.c).
 */
#include "plane.h"

#include <stdlib.h>
#include <string.h>

#include "rounds.h"
#include "solo.h"

struct plane {
	struct shard *shards[SHARDS]; /* the first count */
	unsigned count;
	struct solo *solo; /* one of the two */
	struct rounds *rounds;
};

struct packet *plane_slot(struct plane *p)
{
	return p->solo ? solo_slot(p->solo) : rounds_slot(p->rounds);
}

void plane_packet(struct plane *p, struct packet *packet, uint64_t seq)
{
	if (p->solo)
		solo_packet(p->solo, packet, seq);
	else
		rounds_packet(p->rounds, packet, seq);
}

void plane_tick(struct plane *p, uint64_t seq, uint64_t now_ns, uint64_t leap_ns)
{
	if (p->solo)
		solo_tick(p->solo, seq, now_ns, leap_ns);
	else
		rounds_tick(p->rounds, seq, now_ns, leap_ns);
}

static bool flush_portion(struct plane *p, unsigned shard, uint64_t seq, uint64_t now_ns)
{
	return p->solo ? solo_flush(p->solo, shard, seq, now_ns) :
			 rounds_flush(p->rounds, shard, seq, now_ns);
}

void plane_idle(struct plane *p)
{
	if (p->solo)
		solo_idle(p->solo);
	else
		rounds_idle(p->rounds);
}

void plane_wait(struct plane *p)
{
	if (p->solo)
		solo_drain(p->solo);
	else
		rounds_drain(p->rounds);
}

void plane_finish(struct plane *p, uint64_t *seq, uint64_t now_ns)
{
	plane_wait(p);
	for (unsigned i = 0; i < p->count; i++)
		while (flush_portion(p, i, (*seq)++, now_ns))
			;
}

/* The next shard that this plane has, by its number among all. */
static bool add_shard(struct plane *p, unsigned number, const struct shard_limits *limits,
		      const struct hash_key *key, const struct hash_key *event_key)
{
	struct event_log *log = p->solo ? solo_log(p->solo) : NULL;
	struct shard *s = shard_new(number, limits, key, event_key, log);
	if (!s)
		return false;
	event_log_set_key(shard_log(s), event_key);
	p->shards[p->count++] = s;
	return true;
}

struct plane *plane_new_part(unsigned first, unsigned step, const struct shard_limits *limits,
			     const struct hash_key *key, const struct hash_key *event_key,
			     const struct outlet *out)
{
	unsigned all = limits->shards ? limits->shards : SHARDS;
	struct plane *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->solo = solo_new(p->shards, first, step, all, event_key, out);
	bool ok = p->solo != NULL;
	for (unsigned i = first; ok && i < all && p->count < SHARDS; i += step)
		ok = add_shard(p, i, limits, key, event_key);
	if (ok)
		return p;
	plane_free(p);
	return NULL;
}

struct plane *plane_new(unsigned workers, const struct shard_limits *limits,
			const struct hash_key *key, const struct hash_key *event_key,
			const struct outlet *out)
{
	if (workers <= 1)
		return plane_new_part(0, 1, limits, key, event_key, out);
	struct plane *p = calloc(1, sizeof(*p));
	bool ok = p != NULL;
	for (unsigned i = 0; ok && i < SHARDS; i++)
		ok = add_shard(p, i, limits, key, event_key);
	if (ok)
		ok = (p->rounds = rounds_new(workers, p->shards, event_key, out)) != NULL;
	if (ok)
		return p;
	plane_free(p);
	return NULL;
}

void plane_free(struct plane *p)
{
	if (!p)
		return;
	rounds_free(p->rounds);
	for (unsigned i = 0; i < p->count; i++)
		shard_free(p->shards[i]);
	solo_free(p->solo);
	free(p);
}

void plane_set_bulk(struct plane *p, struct bulk *bulk)
{
	for (unsigned i = 0; i < p->count; i++)
		shard_set_bulk(p->shards[i], bulk);
}

void plane_counts(const struct plane *p, struct shard_counts ret[SHARDS])
{
	memset(ret, 0, SHARDS * sizeof(ret[0]));
	for (unsigned i = 0; i < p->count; i++)
		shard_counts(p->shards[i], &ret[i]);
	if (p->solo)
		ret[0].events_dropped = event_log_dropped(solo_log(p->solo));
}

void plane_told(const struct plane *p, struct shard_counts ret[SHARDS])
{
	memset(ret, 0, SHARDS * sizeof(ret[0]));
	for (unsigned i = 0; i < p->count; i++)
		shard_told(p->shards[i], &ret[i]);
}
