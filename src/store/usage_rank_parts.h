/*
 * store/usage_rank_parts.h - what adding up rows and adding up packs share.
 *
 * Threads: one.
 */
#ifndef EXFILD_SRC_STORE_USAGE_RANK_PARTS_H
#define EXFILD_SRC_STORE_USAGE_RANK_PARTS_H

#include "usage_rank.h"

#define RANK_LIMIT 200u /* rows that are wanted at most */
#define RANK_AHEAD 16u  /* rows whose places are on their way from memory */

/* Numbers of a table and the groups that they belong to, from 1; 0: nothing is known of it. */
struct mapping {
	uint32_t *group;
	uint8_t *passes; /* whether filters let it through; NULL: all */
	uint32_t count;
};

struct group {
	uint32_t host, service; /* host 0: the place is free */
	uint64_t other;         /* place, time, direction */
	uint64_t sum;
};

/* A group that has been offered already, of which the place must stay. */
#define GROUP_TAKEN 0x80000000u

struct groups {
	struct group *slots;
	uint32_t count, room; /* room: a power of two, or 0 */
};

struct ranking {
	struct mapping hosts, services, places, directions;
	struct groups all;
	struct group ahead[RANK_AHEAD];
	uint32_t ahead_at;
	struct group best[RANK_LIMIT]; /* a heap, its least one first */
	uint32_t best_count, limit;
	uint32_t ties; /* that are equal to the least of a full heap, and have no place in it */
};

/* usage_rank.c */
static inline uint32_t group_of(const struct mapping *m, uint64_t id)
{
	return id < m->count ? m->group[id] : 0;
}

static inline bool does_pass(const struct mapping *m, uint64_t id)
{
	return !m->passes || (id < m->count && m->passes[id]);
}

/* False: there is no memory, or there are too many. */
bool groups_add(struct groups *g, const struct group *row);
/* NULL: it is not there. */
struct group *groups_find(const struct groups *g, const struct group *key);
void groups_clear(struct groups *g);
void rank_offer(struct ranking *r, const struct group *g);
/* Rows of a piece of a table, into all. */
bool rank_rows(struct ranking *r, struct asking *a, const struct piece *p, struct usage_db *db);
static inline uint64_t rank_other(uint32_t place, uint32_t time, uint32_t direction)
{
	return (uint64_t)place << 34 | (uint64_t)time << 2 | (direction & 3);
}

/* usage_rank_packs.c: whether there are packs that can answer. */
bool rank_has_packs(const struct asking *a, struct usage_db *db);
/* All pieces, weeks from packs where they are packed. */
bool rank_packs(struct ranking *r, struct asking *a, struct usage_db *db);

#endif
