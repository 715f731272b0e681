/*
 * evidence/ring.c - see ring.h.  A record never wraps: what is left at the end is a gap.
 */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct kept) % 8 == 0, "records are aligned");

static struct kept *at_offset(const struct ring *r, uint64_t offset)
{
	void *place = r->memory + offset % r->capacity;
	return place;
}

bool ring_init(struct ring *r, size_t capacity)
{
	*r = (struct ring){ .capacity = capacity / 8 * 8 };
	r->memory = r->capacity ? malloc(r->capacity) : NULL;
	return r->memory != NULL;
}

void ring_deinit(struct ring *r)
{
	free(r->memory);
	r->memory = NULL;
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

bool ring_add(struct ring *r, const struct kept *head, const uint8_t *data)
{
	size_t size = (sizeof(*head) + head->caplen + 7) / 8 * 8;
	if (size > r->capacity / 2)
		return false;
	size_t rest = rest_of(r, r->head);
	if (rest < size) {
		make_room(r, rest);
		if (rest >= sizeof(*head))
			at_offset(r, r->head)->is_gap = 1;
		r->head += rest;
	}
	make_room(r, size);
	struct kept *k = at_offset(r, r->head);
	*k = *head;
	k->size = (uint32_t)size;
	k->is_gap = 0;
	memcpy(k + 1, data, head->caplen); /* a frame is stored as it is, not taken apart */
	r->head += size;
	r->packets++;
	return true;
}

const struct kept *ring_next(const struct ring *r, uint64_t *at)
{
	if (*at < r->tail)
		*at = r->tail;
	while (*at < r->head) {
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
