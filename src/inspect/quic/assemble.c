/*
 * inspect/quic/assemble.c - hellos that come in pieces, in any order.
 */
#include "assemble.h"

#include <string.h>

struct quic_slot *quic_pool_take(struct quic_pool *pool, uint64_t flow, uint8_t *slot)
{
	unsigned best = 0;

	if (*slot < QUIC_SLOTS && pool->owner[*slot].flow == flow)
		return &pool->slot[*slot];
	for (unsigned i = 0; i < QUIC_SLOTS; i++) {
		if (pool->owner[i].flow == 0) {
			best = i;
			break;
		}
		if (pool->owner[i].lent < pool->owner[best].lent)
			best = i;
	}
	pool->owner[best].flow = flow;
	pool->owner[best].lent = ++pool->lendings;
	pool->slot[best].count = 0;
	*slot = (uint8_t)best;
	return &pool->slot[best];
}

void quic_pool_give(struct quic_pool *pool, uint64_t flow, uint8_t slot)
{
	if (slot < QUIC_SLOTS && pool->owner[slot].flow == flow)
		pool->owner[slot].flow = 0;
}

bool quic_slot_add(struct quic_slot *s, uint64_t offset, const uint8_t *data, size_t len)
{
	if (offset > QUIC_HELLO_MAX || len > QUIC_HELLO_MAX - offset)
		return false;
	if (len == 0)
		return true;
	struct quic_range piece = { (uint16_t)offset, (uint16_t)(offset + len) };
	unsigned first = 0;
	while (first < s->count && s->range[first].to < piece.from)
		first++;
	unsigned end = first; /* past those that touch the piece */
	struct quic_range whole = piece;
	for (; end < s->count && s->range[end].from <= piece.to; end++) {
		if (s->range[end].from < whole.from)
			whole.from = s->range[end].from;
		if (s->range[end].to > whole.to)
			whole.to = s->range[end].to;
	}
	if (end == first && s->count == QUIC_RANGES)
		return false;
	memmove(&s->range[first + 1], &s->range[end], (s->count - end) * sizeof(s->range[0]));
	s->range[first] = whole;
	s->count = s->count - (end - first) + 1;
	memcpy(s->data + offset, data, len);
	return true;
}
