/*
 * evidence/ring.c - see ring.h.  A record never wraps: what is left at the end is a gap.
 */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

#include "exfild/base/hash.h"
#include "exfild/base/pages.h"

/* Two bits for each of three marks of some 110 packets: one stranger in 40 is read. */
#define PART_WORDS  64
#define FETCH_AHEAD 4096
#define FETCH_MOST  2048
#define PARTS_SHARE 64 /* a part in so many of the ring's bytes is for them */

_Static_assert(sizeof(struct kept) % 8 == 0, "records are aligned");

/* What begins in RING_PART bytes of the ring. */
struct ring_part {
	uint64_t number;             /* which round of the memory: offset / RING_PART */
	uint64_t first;              /* offset of the first record or gap */
	uint64_t marked[PART_WORDS]; /* two bits for the hash of each address and pair */
};
_Static_assert(sizeof(struct ring_part) * PARTS_SHARE <= RING_PART * 17 / 16,
	       "parts fit their share");

static struct kept *at_offset(const struct ring *r, uint64_t offset)
{
	void *place = r->memory + offset % r->capacity;
	return place;
}

/* Offsets only grow, and at most a whole ring of them is alive. */
static size_t part_count(const struct ring *r)
{
	return r->capacity / RING_PART + 2;
}

static struct ring_part *part_of(const struct ring *r, uint64_t offset)
{
	return &r->parts[offset / RING_PART % part_count(r)];
}

bool ring_init(struct ring *r, size_t capacity)
{
	*r = (struct ring){ .capacity = (capacity - capacity / PARTS_SHARE) / 8 * 8 };
	r->memory = r->capacity ? pages_map(r->capacity) : NULL;
	r->parts = r->memory ? calloc(part_count(r), sizeof(*r->parts)) : NULL;
	if (r->parts != NULL) {
		/* all of it is written within minutes, in order: no need of huge pages */
		pages_touch(r->memory, r->capacity);
		return true;
	}
	ring_deinit(r);
	return false;
}

void ring_deinit(struct ring *r)
{
	free(r->parts);
	pages_unmap(r->memory, r->capacity);
	r->parts = NULL;
	r->memory = NULL;
}

static uint64_t address_hash(const struct ipaddr *a)
{
	return hash_mix(a->u.q[0], a->u.q[1]);
}

uint32_t ring_mark(const struct ipaddr *a, const struct ipaddr *b)
{
	uint64_t hash = b ? hash_mix(address_hash(a) + address_hash(b), 1) : address_hash(a);
	return (uint32_t)(hash >> 32) | 1u << 31;
}

static void set_mark(struct ring_part *part, uint32_t mark)
{
	part->marked[mark >> 6 & (PART_WORDS - 1)] |= 1ull << (mark & 63);
	part->marked[mark >> 18 & (PART_WORDS - 1)] |= 1ull << (mark >> 12 & 63);
}

static bool has_mark(const struct ring_part *part, uint32_t mark)
{
	return (part->marked[mark >> 6 & (PART_WORDS - 1)] >> (mark & 63) & 1) != 0 &&
	       (part->marked[mark >> 18 & (PART_WORDS - 1)] >> (mark >> 12 & 63) & 1) != 0;
}

/* A record, or a gap (head NULL), begins at r->head. */
static void note_part(struct ring *r, const struct kept *head)
{
	struct ring_part *part = part_of(r, r->head);
	uint64_t number = r->head / RING_PART + 1;
	if (part->number != number)
		*part = (struct ring_part){ .number = number, .first = r->head };
	if (!head)
		return;
	const uint32_t marks[] = { ring_mark(&head->src, NULL), ring_mark(&head->dst, NULL),
				   ring_mark(&head->src, &head->dst) };
	for (unsigned i = 0; i < 3; i++)
		set_mark(part, marks[i]);
}

/* The rest of the memory, where not even a gap's head may fit. */
static size_t rest_of(const struct ring *r, uint64_t offset)
{
	return r->capacity - (size_t)(offset % r->capacity);
}

static void drop_oldest(struct ring *r)
{
	size_t rest = rest_of(r, r->tail);
	const struct kept *k = rest < sizeof(*k) ? NULL : at_offset(r, r->tail);
	if (!k || k->is_gap) {
		r->tail += rest;
		return;
	}
	r->tail += k->size;
	r->packets--;
	r->overwritten++;
}

static void make_room(struct ring *r, size_t size)
{
	while (r->head + size - r->tail > r->capacity)
		drop_oldest(r);
}

/* The memory in front is called into the caches: its old records are read and then written over. */
static void fetch_ahead(const struct ring *r, size_t size)
{
	size_t at = (size_t)((r->head + FETCH_AHEAD) % r->capacity);
	for (size_t i = 0; i < size && i < FETCH_MOST && at + i < r->capacity; i += 64)
		__builtin_prefetch(r->memory + at + i, 1);
}

bool ring_add(struct ring *r, const struct kept *head, const uint8_t *data)
{
	size_t size = (sizeof(*head) + head->caplen + 7) / 8 * 8;
	if (size > r->capacity / 2)
		return false;
	size_t rest = rest_of(r, r->head);
	if (rest < size) {
		make_room(r, rest);
		note_part(r, NULL);
		if (rest >= sizeof(*head))
			at_offset(r, r->head)->is_gap = 1;
		r->head += rest;
	}
	make_room(r, size);
	fetch_ahead(r, size);
	note_part(r, head);
	struct kept *k = at_offset(r, r->head);
	*k = *head;
	k->size = (uint32_t)size;
	k->is_gap = 0;
	memcpy(k + 1, data, head->caplen); /* a frame is stored as it is, not taken apart */
	r->head += size;
	r->packets++;
	return true;
}

/*
 * Where to go on from an offset: where it is, unless nothing in its part, or in those that follow,
 * is of the mark.  A part in which no record begins (a long one passes over it) says nothing.
 */
static uint64_t pass(const struct ring *r, uint64_t at, uint32_t mark)
{
	while (at < r->head) {
		const struct ring_part *part = part_of(r, at);
		bool is_known = part->number == at / RING_PART + 1;
		if (is_known && at < part->first)
			return part->first;
		if (is_known && has_mark(part, mark))
			return at;
		at = (at / RING_PART + 1) * RING_PART;
	}
	return r->head;
}

const struct kept *ring_next(const struct ring *r, uint64_t *at, uint32_t mark)
{
	if (*at < r->tail)
		*at = r->tail;
	while (*at < r->head) {
		uint64_t next = mark ? pass(r, *at, mark) : *at;
		if (next != *at) {
			*at = next;
			continue;
		}
		size_t rest = rest_of(r, *at);
		const struct kept *k = rest < sizeof(*k) ? NULL : at_offset(r, *at);
		if (k && !k->is_gap) {
			*at += k->size;
			return k;
		}
		*at += rest;
	}
	return NULL;
}
