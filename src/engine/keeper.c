/*
 * engine/keeper.c - see keeper.h.
 *
 * For each place it remembers a hash of what was put last: places that have not changed cost no
 * disk.  When a batch was lost, nothing is known of what is on the disk, and all is put again.
 */
#include "keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/log.h"

#define WALK_NS       (30ull * 1000000000ull)
#define URGENT_NS     1000000000ull
#define PLACES_A_TURN 4096u
#define BATCH_BYTES   (512u * 1024)
#define BATCH_FULL    (2u << 20) /* the disk is slow: the walk waits for it */
#define SUM_UNKNOWN   2ull       /* even: no hash is */

struct kept_part {
	const struct keep_part *part;
	uint64_t *sums; /* by place: 0 nothing is on the disk, SUM_UNKNOWN, or an odd hash */
	uint32_t count; /* of sums */
	bool is_switched;
};

struct keeper {
	struct store *store;
	struct hash_key key;
	struct keep_list *list;
	struct kept_part parts[KEEP_PARTS];
	struct buf entry;
	bool (*is_known)(const char *owner);
	bool is_walking, is_urgent, lacks_memory;
	size_t at_part; /* of the walk */
	uint32_t at_slot;
	uint64_t walked_ns, urgent_ns; /* when the last began */
};

int keeper_open(const char *directory, uint64_t max_bytes, struct hash_key *key,
		struct keeper **ret, char *ret_why, size_t why_size)
{
	struct store_options o = { .directory = directory, .max_bytes = max_bytes };
	struct keeper *k = calloc(1, sizeof(*k));
	if (!k) {
		(void)snprintf(ret_why, why_size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	buf_init(&k->entry, STORE_ENTRY_MAX);
	int err = store_open(&o, &k->store, ret_why, why_size);
	if (err) {
		keeper_close(k);
		return err;
	}
	(void)store_key(k->store, key);
	k->key = *key;
	*ret = k;
	return 0;
}

void keeper_close(struct keeper *k)
{
	if (!k)
		return;
	store_close(k->store);
	for (size_t i = 0; i < KEEP_PARTS; i++)
		free(k->parts[i].sums);
	buf_deinit(&k->entry);
	free(k);
}

/* ---- from the disk ---- */

static bool is_known_owner(const struct keeper *k, const char *part)
{
	char owner[64];
	const char *dot = strchr(part, '.');
	if (!dot || (size_t)(dot - part) >= sizeof(owner))
		return false;
	memcpy(owner, part, (size_t)(dot - part));
	owner[dot - part] = '\0';
	return k->is_known(owner);
}

static enum store_taken take(void *arg, const char *name, uint16_t version, const void *data,
			     size_t len)
{
	const struct keeper *k = arg;
	const struct keep_part *part = keep_find(k->list, name);
	if (!part)
		return is_known_owner(k, name) ? STORE_UNUSED : STORE_NEWER;
	if (version != part->version)
		return version > part->version ? STORE_NEWER : STORE_OLDER;
	int r = keep_load(part, data, len);
	return r == 0 ? STORE_TAKEN : r == KEEP_NO_ROOM ? STORE_NO_ROOM : STORE_REFUSED;
}

void keeper_load(struct keeper *k, struct keep_list *list, bool (*is_known)(const char *owner))
{
	k->list = list;
	k->is_known = is_known;
	store_read(k->store, take, k);
}

/* ---- to the disk ---- */

/* Room for the hash of a place. */
static bool make_sums(struct keeper *k, struct kept_part *p, uint32_t slot)
{
	if (slot < p->count)
		return true;
	uint32_t count = p->count ? p->count : 64;
	while (count <= slot)
		count *= 2;
	uint64_t *sums = realloc(p->sums, count * sizeof(*sums));
	if (!sums) {
		k->lacks_memory = true;
		return false;
	}
	memset(sums + p->count, 0, (count - p->count) * sizeof(*sums));
	p->sums = sums;
	p->count = count;
	return true;
}

static void put_place(struct keeper *k, size_t number, uint32_t slot)
{
	struct kept_part *p = &k->parts[number];
	bool is_there = keep_save(p->part, slot, &k->entry);
	if (!make_sums(k, p, slot))
		return;
	uint64_t sum = is_there ? hash_bytes(&k->key, k->entry.data, k->entry.len) | 1 : 0;
	if (sum == p->sums[slot])
		return;
	p->sums[slot] = sum;
	if (is_there)
		store_put(k->store, (unsigned)number, slot, k->entry.data, k->entry.len);
	else
		store_drop(k->store, (unsigned)number, slot);
}

/* Places that hold something, or did when they were put. */
static uint32_t places_of(const struct kept_part *p)
{
	uint32_t now = keep_slots(p->part);
	return now > p->count ? now : p->count;
}

static void end_part(struct keeper *k, size_t number)
{
	struct kept_part *p = &k->parts[number];
	if (p->is_switched)
		return;
	p->is_switched = true;
	store_switch(k->store, (unsigned)number);
}

static void put_part(struct keeper *k, size_t number)
{
	uint32_t places = places_of(&k->parts[number]);
	for (uint32_t slot = 0; slot < places; slot++) {
		put_place(k, number, slot);
		if (store_waiting(k->store) > BATCH_FULL) {
			store_wait(k->store);
			(void)store_commit(k->store);
		}
	}
	end_part(k, number);
}

static void put_urgent(struct keeper *k)
{
	for (size_t i = 0; i < k->list->count; i++)
		if (k->list->parts[i].is_urgent)
			put_part(k, i);
}

/* A batch was lost: whatever is on the disk now, all of it has to be put again. */
static void forget_sums(struct keeper *k)
{
	for (size_t i = 0; i < k->list->count; i++) {
		struct kept_part *p = &k->parts[i];
		p->is_switched = false;
		for (uint32_t slot = 0; slot < p->count; slot++)
			p->sums[slot] = SUM_UNKNOWN;
	}
	k->is_walking = false;
}

int keeper_begin(struct keeper *k, char *ret_why, size_t why_size)
{
	struct store_part names[KEEP_PARTS];
	for (size_t i = 0; i < k->list->count; i++) {
		k->parts[i].part = &k->list->parts[i];
		names[i] = (struct store_part){ k->list->parts[i].name, k->list->parts[i].version };
	}
	int err = store_begin(k->store, &k->key, names, k->list->count, ret_why, why_size);
	if (err)
		return err;
	put_urgent(k);
	(void)store_commit(k->store);
	store_wait(k->store);
	return 0;
}

void keeper_hurry(struct keeper *k)
{
	k->is_urgent = true;
}

/* Part of a walk; true: it is at its end. */
static bool walk(struct keeper *k)
{
	uint32_t left = PLACES_A_TURN;
	while (k->at_part < k->list->count) {
		uint32_t places = places_of(&k->parts[k->at_part]);
		while (k->at_slot < places) {
			if (left-- == 0 || store_waiting(k->store) > BATCH_FULL)
				return false;
			put_place(k, k->at_part, k->at_slot++);
		}
		end_part(k, k->at_part++);
		k->at_slot = 0;
	}
	return true;
}

void keeper_turn(struct keeper *k, uint64_t steady_ns)
{
	if (store_has_lost(k->store))
		forget_sums(k);
	bool is_hurry = k->is_urgent && steady_ns - k->urgent_ns >= URGENT_NS;
	if (is_hurry) {
		k->is_urgent = false;
		k->urgent_ns = steady_ns;
		put_urgent(k);
	}
	if (!k->is_walking && steady_ns - k->walked_ns >= WALK_NS) {
		k->is_walking = true;
		k->walked_ns = steady_ns;
		k->at_part = 0;
		k->at_slot = 0;
	}
	bool has_ended = k->is_walking && walk(k);
	if (has_ended)
		k->is_walking = false;
	if (is_hurry || has_ended || store_waiting(k->store) > BATCH_BYTES)
		(void)store_commit(k->store);
}

bool keeper_finish(struct keeper *k)
{
	struct store_stats stats;
	/* twice: what was lost before is put again */
	for (unsigned tries = 0; tries < 2; tries++) {
		store_wait(k->store);
		if (store_has_lost(k->store))
			forget_sums(k);
		for (size_t i = 0; i < k->list->count; i++)
			put_part(k, i);
		store_wait(k->store);
		(void)store_commit(k->store);
		store_wait(k->store);
		store_stats(k->store, &stats);
		if (!stats.is_failing)
			break;
	}
	return !stats.is_failing && !k->lacks_memory;
}

void keeper_stats(struct keeper *k, struct store_stats *ret)
{
	store_stats(k->store, ret);
}
