/*
 * base/table.c - see include/exfild/base/table.h
 *
 * The slab holds entries behind a head of 8 bytes with 32 bits of the hash.  The index is at most
 * half full.  A word of it keeps those bits above the slot number: a stranger in the way of a probe
 * is passed, and what a removal shifts back finds its home, without a look into the slab, where
 * each look is a wait for memory.  All arrays are anonymous mappings: the kernel gives pages
 * as they are first written.
 */
#include "exfild/base/table.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "exfild/base/err.h"
#include "exfild/base/pages.h"

#define HEAD_SIZE       8
#define CAPACITY_MAX    (1u << 30)
#define CLOCK_WINDOW    16
#define CLOCK_AHEAD     4    /* slots past the window that are called into the caches */
#define CLOCK_NEAR      8    /* slots past the hand whose words of the index are */
#define FETCH_MAX       1024 /* bytes of them */
#define PREFETCH_PROBES 4
#define IN_USE          (1u << 31)
#define INDEX_FIRST     1024 /* words: the index begins small, to stay in the caches, and doubles */

struct head {
	uint32_t hash;
	uint32_t slot; /* its own number, with IN_USE; 0 before the first use */
};
static_assert(sizeof(struct head) == HEAD_SIZE, "the head is 8 bytes");

static inline struct head *head_at(const struct table *t, uint32_t slot)
{
	return (struct head *)(void *)(t->slab + (size_t)slot * t->entry_size);
}

static inline uint64_t index_word(uint32_t hash, uint32_t slot)
{
	return (uint64_t)hash << 32 | (slot + 1);
}

static inline uint32_t hash_at(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static inline uint32_t slot_at(uint64_t word)
{
	return (uint32_t)word - 1;
}

static inline void *entry_of(struct head *h)
{
	return h + 1;
}

static inline struct head *head_of(void *entry)
{
	return (struct head *)entry - 1;
}

static size_t padded_size(size_t entry_size)
{
	return HEAD_SIZE + (entry_size + 7) / 8 * 8;
}

static size_t index_count(uint32_t capacity)
{
	size_t count = 2;

	while (count < 2 * (size_t)capacity)
		count *= 2;
	return count;
}

static size_t mark_words(uint32_t capacity)
{
	return ((size_t)capacity + 63) / 64;
}

static int check_config(const struct table_config *config)
{
	size_t bytes;

	if (config->key_size == 0 || config->key_size % 8 != 0 ||
	    config->key_size > config->entry_size)
		return -EXF_E_INVALID;
	if (config->capacity > CAPACITY_MAX || config->entry_size > SIZE_MAX / 4 ||
	    __builtin_mul_overflow(padded_size(config->entry_size), config->capacity, &bytes))
		return -EXF_E_RANGE;
	return 0;
}

int table_init(struct table *t, const struct table_config *config)
{
	int rc = check_config(config);

	memset(t, 0, sizeof(*t));
	if (rc < 0)
		return rc;
	t->entry_size = padded_size(config->entry_size);
	t->key_size = config->key_size;
	t->user_size = config->entry_size;
	t->key = config->key;
	t->evidence = config->evidence;
	t->on_evict = config->on_evict;
	t->arg = config->arg;
	t->stats.capacity = config->capacity;
	size_t words = index_count(config->capacity);
	t->mask = (uint32_t)((words < INDEX_FIRST ? words : INDEX_FIRST) - 1);
	t->slab = pages_map(config->capacity * t->entry_size);
	t->index = pages_map(words * sizeof(*t->index));
	t->free_list = pages_map(config->capacity * sizeof(*t->free_list));
	t->marks = pages_map(mark_words(config->capacity) * sizeof(*t->marks));
	if (t->slab == NULL || t->index == NULL || t->free_list == NULL || t->marks == NULL) {
		table_deinit(t);
		return -EXF_E_NOMEM;
	}
	return 0;
}

void table_deinit(struct table *t)
{
	pages_unmap(t->slab, t->stats.capacity * t->entry_size);
	pages_unmap(t->index, index_count(t->stats.capacity) * sizeof(*t->index));
	pages_unmap(t->free_list, t->stats.capacity * sizeof(*t->free_list));
	pages_unmap(t->marks, mark_words(t->stats.capacity) * sizeof(*t->marks));
	memset(t, 0, sizeof(*t));
}

uint64_t table_hash(const struct table *t, const void *key)
{
	return hash_words(&t->key, key, t->key_size / 8);
}

static inline bool key_equal(const void *a, const void *b, size_t size)
{
	const uint8_t *p = a, *q = b;
	uint64_t differs = 0;

	for (size_t i = 0; i < size; i += 8) {
		uint64_t x, y;
		memcpy(&x, p + i, 8);
		memcpy(&y, q + i, 8);
		differs |= x ^ y;
	}
	return differs == 0;
}

static inline struct head *probe(const struct table *t, uint32_t hash, const void *key)
{
	for (uint32_t i = hash & t->mask;; i = (i + 1) & t->mask) {
		uint64_t at = t->index[i];
		if (at == 0)
			return NULL;
		if (hash_at(at) != hash)
			continue;
		struct head *h = head_at(t, slot_at(at));
		if (key_equal(entry_of(h), key, t->key_size))
			return h;
	}
}

void *table_find_hashed(const struct table *t, const void *key, uint64_t hash)
{
	if (t->stats.entries == 0)
		return NULL;
	struct head *h = probe(t, (uint32_t)hash, key);
	return h ? entry_of(h) : NULL;
}

void *table_find(const struct table *t, const void *key)
{
	return table_find_hashed(t, key, table_hash(t, key));
}

void table_prefetch_index(const struct table *t, uint64_t hash)
{
	__builtin_prefetch(&t->index[(uint32_t)hash & t->mask]);
}

void table_prefetch_entry(const struct table *t, uint64_t hash)
{
	/* its own place or, at half load, one of the next few */
	for (uint32_t i = (uint32_t)hash, n = 0; n < PREFETCH_PROBES; i++, n++) {
		uint64_t at = t->index[i & t->mask];
		if (at == 0)
			return;
		if (hash_at(at) != (uint32_t)hash)
			continue;
		const uint8_t *h = (const uint8_t *)head_at(t, slot_at(at));
		for (size_t b = 0; b < t->entry_size && b < 256; b += 64)
			__builtin_prefetch(h + b, 1);
		return;
	}
}

/* Empties a position of the index and moves back what was pushed past it. */
static void close_gap(struct table *t, uint32_t gap)
{
	for (uint32_t i = (gap + 1) & t->mask;; i = (i + 1) & t->mask) {
		uint64_t at = t->index[i];
		if (at == 0)
			break;
		uint32_t home = hash_at(at) & t->mask;
		/* It may move to the gap unless its home lies after the gap, up to here. */
		if (((i - home) & t->mask) >= ((i - gap) & t->mask)) {
			t->index[gap] = at;
			gap = i;
		}
	}
	t->index[gap] = 0;
}

static void unmark(struct table *t, uint32_t slot)
{
	uint64_t bit = 1ull << slot % 64;

	t->marked -= (t->marks[slot / 64] & bit) != 0;
	t->marks[slot / 64] &= ~bit;
}

void table_mark(struct table *t, void *entry)
{
	uint32_t slot = head_of(entry)->slot & ~IN_USE;
	uint64_t bit = 1ull << slot % 64;

	t->marked += (t->marks[slot / 64] & bit) == 0;
	t->marks[slot / 64] |= bit;
}

void table_remove(struct table *t, void *entry)
{
	struct head *h = head_of(entry);

	assert(h->slot & IN_USE);
	uint32_t slot = h->slot & ~IN_USE;
	uint32_t i = h->hash & t->mask;
	while ((uint32_t)t->index[i] != slot + 1)
		i = (i + 1) & t->mask;
	close_gap(t, i);
	if (t->marked > 0)
		unmark(t, slot);
	h->slot = slot;
	t->free_list[t->free_count++] = slot;
	t->stats.entries--;
}

static inline struct head *head_round(const struct table *t, uint32_t slot)
{
	return head_at(t, slot < t->stats.capacity ? slot : slot - t->stats.capacity);
}

/*
 * The hand will come by soon: evidence is read, the entry written over, and its word of the index
 * taken out.  Where that is, the head tells, which was called for earlier.
 */
static void fetch_ahead(const struct table *t)
{
	const uint8_t *h = (const uint8_t *)head_round(t, t->hand + CLOCK_WINDOW + CLOCK_AHEAD);
	const struct head *nearer = head_round(t, t->hand + CLOCK_NEAR);

	for (size_t i = 0; i < t->entry_size && i < FETCH_MAX; i += 64)
		__builtin_prefetch(h + i, 1);
	__builtin_prefetch(&t->index[nearer->hash & t->mask], 1);
}

/*
 * The table is full, so every slot is in use.  The hand goes on right behind the victim: entries
 * of equal evidence leave in the order of their slots, the newest last.
 */
static void evict_one(struct table *t)
{
	uint32_t window = t->stats.capacity < CLOCK_WINDOW ? t->stats.capacity : CLOCK_WINDOW;
	uint32_t victim = t->hand;
	uint32_t lowest = UINT32_MAX;

	if (window == CLOCK_WINDOW && t->stats.capacity > CLOCK_WINDOW + CLOCK_AHEAD)
		fetch_ahead(t);
	for (uint32_t n = 0; n < window; n++) {
		uint32_t slot = t->hand + n;
		if (slot >= t->stats.capacity)
			slot -= t->stats.capacity;
		uint32_t evidence = t->evidence ? t->evidence(entry_of(head_at(t, slot))) : 0;
		if (n == 0 || evidence < lowest) {
			victim = slot;
			lowest = evidence;
		}
		if (lowest == 0)
			break;
	}
	struct head *h = head_at(t, victim);
	t->hand = victim + 1 < t->stats.capacity ? victim + 1 : 0;
	t->stats.evictions++;
	if (lowest > 0)
		t->stats.evicted_with_evidence++;
	if (t->on_evict)
		t->on_evict(t->arg, entry_of(h));
	if (h->slot & IN_USE)
		table_remove(t, entry_of(h));
}

static void link_slot(struct table *t, uint32_t hash, uint32_t slot)
{
	uint32_t i = hash & t->mask;
	while (t->index[i] != 0)
		i = (i + 1) & t->mask;
	t->index[i] = index_word(hash, slot);
}

/* Zeroes what is in use of the index; one of huge pages begins anew, or it would stay of small
 * ones. */
static void clear_index(struct table *t, size_t bytes)
{
	if (2 * bytes >= PAGES_HUGE && madvise(t->index, bytes, MADV_DONTNEED) == 0)
		(void)madvise(t->index, 2 * bytes, MADV_HUGEPAGE);
	else
		memset(t->index, 0, bytes);
}

/*
 * Doubles the index when it would be more than half full.  Its mapping has the final size from the
 * start, so that this needs no memory and cannot fail.
 */
static void grow_index(struct table *t)
{
	size_t count = (size_t)t->mask + 1;

	if ((size_t)t->used_high * 2 < count || count >= index_count(t->stats.capacity))
		return;
	clear_index(t, count * sizeof(*t->index));
	t->mask = (uint32_t)(2 * count - 1);
	for (uint32_t slot = 0; slot < t->used_high; slot++) {
		const struct head *h = head_at(t, slot);
		if (h->slot & IN_USE)
			link_slot(t, h->hash, slot);
	}
}

/* *ret_clean: nobody has written to it, so it is zero. */
static uint32_t take_slot(struct table *t, bool *ret_clean)
{
	*ret_clean = t->free_count == 0;
	if (t->free_count > 0)
		return t->free_list[--t->free_count];
	size_t at = t->used_high * t->entry_size;
	pages_advise(t->slab, at, at + t->entry_size);
	return t->used_high++;
}

void *table_get(struct table *t, const void *key, bool *ret_new)
{
	return table_get_hashed(t, key, table_hash(t, key), ret_new);
}

void *table_get_hashed(struct table *t, const void *key, uint64_t full_hash, bool *ret_new)
{
	uint32_t hash = (uint32_t)full_hash;

	if (t->stats.capacity == 0)
		return NULL;
	struct head *h = probe(t, hash, key);
	*ret_new = h == NULL;
	if (h != NULL)
		return entry_of(h);
	if (t->stats.entries == t->stats.capacity)
		evict_one(t);
	bool is_clean;
	uint32_t slot = take_slot(t, &is_clean);
	grow_index(t);
	h = head_at(t, slot);
	h->hash = hash;
	h->slot = slot | IN_USE;
	uint8_t *entry = entry_of(h);
	memcpy(entry, key, t->key_size);
	if (!is_clean)
		memset(entry + t->key_size, 0, t->user_size - t->key_size);
	link_slot(t, hash, slot);
	t->stats.entries++;
	return entry;
}

void table_give_back(struct table *t, const void *entry)
{
	const struct head *h = entry ? (const struct head *)entry - 1 : NULL;
	size_t slots = h ? h->slot & ~IN_USE : t->used_high;
	pages_give_back(t->slab, slots * t->entry_size);
}

void *table_next(const struct table *t, const void *entry)
{
	uint32_t slot = 0;

	if (entry != NULL) {
		const struct head *h = (const struct head *)entry - 1;
		slot = (h->slot & ~IN_USE) + 1;
	}
	for (; slot < t->used_high; slot++) {
		struct head *h = head_at(t, slot);
		if (h->slot & IN_USE)
			return entry_of(h);
	}
	return NULL;
}

void *table_next_marked(const struct table *t, const void *entry)
{
	uint32_t slot = 0;

	if (t->marked == 0)
		return NULL;
	if (entry != NULL)
		slot = (((const struct head *)entry - 1)->slot & ~IN_USE) + 1;
	size_t words = mark_words(t->used_high);
	for (size_t word = slot / 64; word < words; word++) {
		uint64_t bits = t->marks[word];
		if (word == slot / 64)
			bits &= ~0ull << slot % 64;
		if (bits != 0)
			return entry_of(head_at(t, (uint32_t)(word * 64) +
							   (uint32_t)__builtin_ctzll(bits)));
	}
	return NULL;
}

uint32_t table_slots(const struct table *t)
{
	return t->used_high;
}

void *table_at(const struct table *t, uint32_t slot)
{
	if (slot >= t->used_high)
		return NULL;
	struct head *h = head_at(t, slot);
	return h->slot & IN_USE ? entry_of(h) : NULL;
}

size_t table_worst_case(uint32_t capacity, size_t entry_size)
{
	return capacity * (padded_size(entry_size) + sizeof(uint32_t)) +
	       (index_count(capacity) + mark_words(capacity)) * sizeof(uint64_t);
}
