/*
 * capture/window.h - the part of an input that is in memory.
 *
 * What: reads a stream into reference-counted blocks and shows the bytes not yet consumed as one
 * piece; a record that straddles two blocks is moved to the next.  Bytes already shown are never
 * overwritten while somebody else holds their block.
 * Ownership: owns its stream and one reference to its block; the pool belongs to the caller.
 * Threads: one owner (blocks may be released elsewhere).
 * Limits: a block grows only as far as its bytes have really come.
 */
#ifndef EXFILD_CAPTURE_WINDOW_H
#define EXFILD_CAPTURE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/block.h"
#include "stream.h"

#define WINDOW_BLOCK_FIRST (16u * 1024)
#define WINDOW_BLOCK_MAX   (256u * 1024)
#define WINDOW_POOL        8

/* Blocks of WINDOW_BLOCK_MAX that others may still hold; reused when they let go. */
struct window_pool {
	struct block *blocks[WINDOW_POOL];
};

struct window {
	uint8_t *pos, *end; /* the bytes that are there, inside block */
	struct block *block;
	struct stream *stream;
	struct window_pool *pool;
	uint64_t base; /* offset in the stream of the block's first byte */
	size_t step;   /* size of the next block */
	size_t memory; /* in use by block and stream */
	bool ended;
	int error; /* of the stream, or 0 */
};

/* Takes the stream, which stands at offset `at`. -EXF_E_NOMEM: the stream stays the caller's. */
int window_init(struct window *w, struct stream *s, uint64_t at,
		struct window_pool *pool) EXF_MUST_USE;
void window_deinit(struct window *w);
void window_pool_deinit(struct window_pool *pool);

/* Reads on until n bytes are there; false at the end, on an error (w->error) or without memory. */
bool window_fill(struct window *w, size_t n);
/* Consumes n bytes that need not be in memory; false when the stream ends before. */
bool window_skip(struct window *w, uint64_t n);

static inline size_t window_left(const struct window *w)
{
	return (size_t)(w->end - w->pos);
}

static inline bool window_has(struct window *w, size_t n)
{
	return __builtin_expect(window_left(w) >= n, 1) || window_fill(w, n);
}

static inline uint64_t window_offset(const struct window *w)
{
	return w->base + (size_t)(w->pos - w->block->data);
}

static inline bool window_is_open(const struct window *w)
{
	return w->stream != NULL;
}

#endif
