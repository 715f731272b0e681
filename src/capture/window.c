#include "window.h"

#include <string.h>

int window_init(struct window *w, struct stream *s, uint64_t at, struct window_pool *pool)
{
	struct block *b = block_new(WINDOW_BLOCK_FIRST);
	if (!b)
		return -EXF_E_NOMEM;
	*w = (struct window){
		.pos = b->data,
		.end = b->data,
		.block = b,
		.stream = s,
		.pool = pool,
		.base = at,
		.step = WINDOW_BLOCK_FIRST,
		.memory = WINDOW_BLOCK_FIRST + stream_memory(s),
	};
	return 0;
}

void window_deinit(struct window *w)
{
	stream_close(w->stream);
	block_release(w->block);
	*w = (struct window){ 0 };
}

void window_pool_deinit(struct window_pool *pool)
{
	for (size_t i = 0; i < WINDOW_POOL; i++)
		block_release(pool->blocks[i]);
	*pool = (struct window_pool){ 0 };
}

/* A block of at least size bytes, from the pool when it is of the usual size. */
static struct block *take_block(struct window *w, size_t size)
{
	if (size == WINDOW_BLOCK_MAX) {
		for (size_t i = 0; i < WINDOW_POOL; i++) {
			struct block *b = w->pool->blocks[i];
			if (b && block_refs(b) == 1) {
				w->pool->blocks[i] = NULL;
				return b;
			}
		}
	}
	return block_new(size);
}

/* Gives the window's reference away: to the pool if the block is worth keeping. */
static void leave_block(struct window *w)
{
	struct block *b = w->block;

	if (b->size == WINDOW_BLOCK_MAX) {
		for (size_t i = 0; i < WINDOW_POOL; i++) {
			if (!w->pool->blocks[i]) {
				w->pool->blocks[i] = b;
				return;
			}
		}
	}
	block_release(b);
}

/* Moves what is left to the beginning of a block that has room for it and for more. */
static bool start_block(struct window *w, size_t need)
{
	size_t tail = window_left(w);
	size_t size = w->step;

	/* A record longer than a block: only twice what has come, so that a lie costs nothing. */
	if (need > size)
		size = need < 2 * tail ? need : 2 * tail;
	if (size < w->step)
		size = w->step;
	uint64_t at = window_offset(w);
	struct block *b = w->block;
	if (block_refs(b) != 1 || b->size < size || b->size > 4 * size) {
		b = take_block(w, size);
		if (!b)
			return false;
		memcpy(b->data, w->pos, tail);
		leave_block(w);
		w->block = b;
	} else {
		memmove(b->data, w->pos, tail);
	}
	w->base = at;
	w->pos = b->data;
	w->end = b->data + tail;
	return true;
}

bool window_fill(struct window *w, size_t n)
{
	while (window_left(w) < n) {
		if (w->ended)
			return false;
		size_t room = w->block->size - (size_t)(w->end - w->block->data);
		size_t behind = w->block->size - (size_t)(w->pos - w->block->data);
		if (!room || (behind < n && w->pos != w->block->data)) {
			if (!room && w->step < WINDOW_BLOCK_MAX)
				w->step *= 4;
			if (!start_block(w, n)) {
				w->error = -EXF_E_NOMEM;
				w->ended = true;
				return false;
			}
			room = w->block->size - window_left(w);
		}
		size_t got = 0;
		int r = stream_read(w->stream, w->end, room, &got);
		if (r < 0 || !got) {
			w->error = r;
			w->ended = true;
			return false;
		}
		w->end += got;
		w->memory = w->block->size + stream_memory(w->stream);
	}
	return true;
}

bool window_skip(struct window *w, uint64_t n)
{
	for (;;) {
		size_t left = window_left(w);
		if (left >= n) {
			w->pos += n;
			return true;
		}
		w->pos = w->end;
		n -= left;
		if (!window_fill(w, 1))
			return false;
	}
}
