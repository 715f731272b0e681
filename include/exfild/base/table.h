/*
 * base/table.h - the bounded table that every keyed state of exfild lives in.
 *
 * What: fixed-size entries in one slab, found through an open-addressing index (linear probing,
 * deletion by shifting back).  The first key_size bytes of an entry are its key; the rest starts
 * zeroed. When full, the victim is the entry with the lowest evidence among the next 16 under a
 * clock hand (equal evidence: the one first met), so that a flood cannot push out what has been
 * proven. Ownership: the table owns its entries; a pointer is valid until the next get or remove.
 * A few entries can be marked, so that a walk over those touches no other.
 * Threads: not locked; one owner.
 * Limits: never more than `capacity` entries; memory is touched as it is used.  Walks go in slab
 * order, which depends on the order of calls only: the same calls give the same walk.
 */
#ifndef EXFILD_BASE_TABLE_H
#define EXFILD_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/hash.h"

/* How much would be lost with this entry; 0 goes first. */
typedef uint32_t (*table_evidence_fn)(const void *entry);
/* Called before an entry is evicted (not on remove). */
typedef void (*table_evict_fn)(void *arg, void *entry);

struct table_stats {
	uint64_t evictions;
	uint64_t evicted_with_evidence;
	uint32_t entries;
	uint32_t capacity;
};

struct table {
	uint8_t *slab;
	uint64_t *index;     /* 32 bits of the hash, slot + 1; 0 is empty */
	uint32_t *free_list; /* slots given back */
	uint64_t *marks;     /* a bit a slot */
	uint32_t marked;     /* bits that are set */
	uint32_t free_count;
	uint32_t used_high; /* slots ever used */
	uint32_t mask;
	uint32_t hand;
	size_t entry_size; /* with the table's own 8-byte head */
	size_t key_size;
	size_t user_size;
	struct hash_key key;
	table_evidence_fn evidence;
	table_evict_fn on_evict;
	void *arg;
	struct table_stats stats;
};

struct table_config {
	uint32_t capacity;
	size_t entry_size; /* sizeof the caller's struct, key first */
	size_t key_size;   /* a multiple of 8 */
	struct hash_key key;
	table_evidence_fn evidence; /* NULL: all equal */
	table_evict_fn on_evict;    /* NULL: none */
	void *arg;
};

int table_init(struct table *t, const struct table_config *config);
void table_deinit(struct table *t);

uint64_t table_hash(const struct table *t, const void *key);
/* NULL when absent. */
void *table_find(const struct table *t, const void *key);
/* The entry, made (zeroed after its key) when absent; *ret_new says so. NULL: capacity is 0. */
void *table_get(struct table *t, const void *key, bool *ret_new);
/* The same with a hash that the caller made of the key; all calls on a table must agree. */
void *table_find_hashed(const struct table *t, const void *key, uint64_t hash);
void *table_get_hashed(struct table *t, const void *key, uint64_t hash, bool *ret_new);
/* Calls what a look-up will touch into the caches: first the index, some work later the entry. */
void table_prefetch_index(const struct table *t, uint64_t hash);
void table_prefetch_entry(const struct table *t, uint64_t hash);
void table_remove(struct table *t, void *entry);
/* All entries that a walk met before this one (NULL: all) were removed: gives their memory back. */
void table_give_back(struct table *t, const void *entry);
/* Walks: table_next(t, NULL) is the first, NULL the end. The current entry may be removed. */
void *table_next(const struct table *t, const void *entry);
/* Marks an entry as long as it is here; walks over the marked ones, in the same order. */
void table_mark(struct table *t, void *entry);
void *table_next_marked(const struct table *t, const void *entry);
/* The same by number: slots below table_slots() may hold an entry, NULL where one is free. */
uint32_t table_slots(const struct table *t);
void *table_at(const struct table *t, uint32_t slot);
/* Most bytes that this table can come to use. */
size_t table_worst_case(uint32_t capacity, size_t entry_size);

#endif
