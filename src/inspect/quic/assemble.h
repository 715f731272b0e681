/*
 * inspect/quic/assemble.h - hellos that come in pieces, in any order.
 *
 * What: a small pool of buffers a shard, each lent to a flow until its hello is whole.
 * Ownership: the pool lies in the inspector's shard state; a buffer that the flow forgets, or that
 * a newer flow needs, is lent again: the one lent first goes first.
 * Threads: one shard.
 * Limits: QUIC_SLOTS flows at a time, QUIC_HELLO_MAX bytes and QUIC_RANGES gaps each.
 */
#ifndef EXFILD_INSPECT_QUIC_ASSEMBLE_H
#define EXFILD_INSPECT_QUIC_ASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIC_SLOTS     64
#define QUIC_HELLO_MAX 8192
#define QUIC_RANGES    32

struct quic_range {
	uint16_t from, to; /* the byte after the last */
};

struct quic_slot {
	unsigned count;
	struct quic_range range[QUIC_RANGES]; /* what is there; sorted, apart */
	uint8_t data[QUIC_HELLO_MAX];
};

struct quic_pool {
	struct {
		uint64_t flow; /* id; 0: free */
		uint64_t lent; /* order of lending */
	} owner[QUIC_SLOTS];
	uint64_t lendings;
	struct quic_slot slot[QUIC_SLOTS];
};

/* The flow's slot, lent now if it has none. *slot: as it was returned before. */
struct quic_slot *quic_pool_take(struct quic_pool *pool, uint64_t flow, uint8_t *slot);
void quic_pool_give(struct quic_pool *pool, uint64_t flow, uint8_t slot);

/* False when the piece lies beyond the buffer, or leaves too many gaps; it is not kept then. */
bool quic_slot_add(struct quic_slot *s, uint64_t offset, const uint8_t *data, size_t len);
/* Bytes from the start without a gap. */
static inline size_t quic_slot_front(const struct quic_slot *s)
{
	return s->count && s->range[0].from == 0 ? s->range[0].to : 0;
}

#endif
