/*
 * base/block.h - reference-counted byte blocks.
 *
 * What: input bytes stay where they were read; packets point into them.  A block lives until its
 * last holder releases it.
 * Ownership: block_new gives one reference; each hold needs a release; release accepts NULL.
 * Threads: hold and release from any thread; the bytes are written by their maker only, before
 * another thread can see them.
 */
#ifndef EXFILD_BASE_BLOCK_H
#define EXFILD_BASE_BLOCK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct block {
	atomic_uint refs;
	uint32_t size; /* bytes of data */
	uint8_t data[];
};

/* NULL when memory is exhausted. */
struct block *block_new(size_t size);
void block_release(struct block *b);

static inline void block_hold(struct block *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
}

static inline unsigned block_refs(struct block *b)
{
	return atomic_load_explicit(&b->refs, memory_order_acquire);
}

#endif
