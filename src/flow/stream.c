/*
 * flow/stream.c - first copy wins.
 *
 * The buffer begins at base_seq, the first byte that the reader has not used.  `ready` contiguous
 * bytes lie at its front; pieces beyond the first gap are kept as sorted ranges.  As long as
 * nothing waits, a segment goes to the reader from where it lies in the packet.
 */
#include "exfild/flow/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PART 4096u /* of a segment longer than the window */

struct stream_pool {
	uint32_t max, used, made, free_count;
	uint64_t refused, evicted;
	uint8_t **free_list;
	struct stream *oldest, *newest; /* that hold a buffer, by their last segment */
};

struct stream_pool *stream_pool_new(uint32_t max_buffers)
{
	struct stream_pool *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->max = max_buffers;
	p->free_list = calloc(max_buffers ? max_buffers : 1, sizeof(*p->free_list));
	if (!p->free_list) {
		free(p);
		return NULL;
	}
	return p;
}

void stream_pool_free(struct stream_pool *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->free_count; i++)
		free(p->free_list[i]);
	free(p->free_list);
	free(p);
}

uint32_t stream_pool_used(const struct stream_pool *p)
{
	return p->used;
}

uint64_t stream_pool_refused(const struct stream_pool *p)
{
	return p->refused;
}

uint64_t stream_pool_evicted(const struct stream_pool *p)
{
	return p->evicted;
}

static void unlink_stream(struct stream_pool *p, struct stream *s)
{
	if (s->older)
		s->older->newer = s->newer;
	else
		p->oldest = s->newer;
	if (s->newer)
		s->newer->older = s->older;
	else
		p->newest = s->older;
	s->older = s->newer = NULL;
}

static void link_newest(struct stream_pool *p, struct stream *s)
{
	s->older = p->newest;
	s->newer = NULL;
	if (p->newest)
		p->newest->newer = s;
	else
		p->oldest = s;
	p->newest = s;
}

static void give_buffer(struct stream *s, struct stream_pool *p)
{
	if (!s->buf)
		return;
	unlink_stream(p, s);
	p->free_list[p->free_count++] = s->buf;
	p->used--;
	s->buf = NULL;
}

void stream_reset(struct stream *s, struct stream_pool *pool)
{
	give_buffer(s, pool);
	memset(s, 0, sizeof(*s));
}

static void lose(struct stream *s, struct stream_pool *pool)
{
	stream_reset(s, pool);
	s->lost = true;
}

/* A free buffer, or that of the stream that has been idle for longest. */
static uint8_t *take_buffer(struct stream_pool *p)
{
	uint8_t *b = NULL;
	if (p->free_count > 0)
		b = p->free_list[--p->free_count];
	else if (p->made < p->max && (b = malloc(STREAM_WINDOW)))
		p->made++;
	if (!b && p->oldest) {
		lose(p->oldest, p);
		p->evicted++;
		b = p->free_list[--p->free_count];
	}
	if (!b) {
		p->refused++;
		return NULL;
	}
	p->used++;
	return b;
}

static void remove_piece(struct stream *s, unsigned i)
{
	s->piece_count--;
	memmove(&s->piece[i], &s->piece[i + 1], (s->piece_count - i) * sizeof(s->piece[0]));
}

static bool insert_piece(struct stream *s, unsigned i, uint32_t off, uint32_t len)
{
	if (s->piece_count == STREAM_PIECES)
		return false;
	memmove(&s->piece[i + 1], &s->piece[i], (s->piece_count - i) * sizeof(s->piece[0]));
	s->piece[i].off = off;
	s->piece[i].len = len;
	s->piece_count++;
	return true;
}

/* Joins what touches: ready with the first piece, pieces with one another. */
static void join(struct stream *s)
{
	for (unsigned i = 0; i + 1 < s->piece_count;) {
		if (s->piece[i].off + s->piece[i].len == s->piece[i + 1].off) {
			s->piece[i].len += s->piece[i + 1].len;
			remove_piece(s, i + 1);
		} else {
			i++;
		}
	}
	while (s->piece_count && s->piece[0].off == s->ready) {
		s->ready += s->piece[0].len;
		remove_piece(s, 0);
	}
}

/* Copies data to [off, off + len) of the buffer, only where nothing lies yet. */
static bool place(struct stream *s, uint32_t off, const uint8_t *data, uint32_t len)
{
	uint32_t at = off > s->ready ? off : s->ready;
	uint32_t end = off + len;
	unsigned i = 0;
	while (at < end) {
		while (i < s->piece_count && s->piece[i].off + s->piece[i].len <= at)
			i++;
		uint32_t stop = end;
		if (i < s->piece_count) {
			if (s->piece[i].off <= at) {
				at = s->piece[i].off + s->piece[i].len;
				continue;
			}
			if (s->piece[i].off < stop)
				stop = s->piece[i].off;
		}
		if (!insert_piece(s, i, at, stop - at))
			return false;
		memcpy(s->buf + at, data + (at - off), stop - at);
		at = stop;
	}
	join(s);
	return true;
}

/* Drops n used bytes from the front. */
static void advance(struct stream *s, struct stream_pool *pool, uint32_t n)
{
	uint32_t end = s->piece_count ?
			       s->piece[s->piece_count - 1].off + s->piece[s->piece_count - 1].len :
			       s->ready;
	s->base_seq += n;
	s->ready -= n;
	for (unsigned i = 0; i < s->piece_count; i++)
		s->piece[i].off -= n;
	if (end == n) {
		give_buffer(s, pool);
	} else if (n) {
		memmove(s->buf, s->buf + n, end - n);
	}
}

bool stream_skip(struct stream *s, struct stream_pool *pool, uint32_t acked, uint32_t *ret_dropped)
{
	if (s->lost || !s->piece_count || (int32_t)(acked - (s->base_seq + s->piece[0].off)) < 0)
		return false;
	*ret_dropped = s->piece[0].off;
	s->ready = *ret_dropped; /* as if they had come */
	join(s);
	advance(s, pool, *ret_dropped);
	return true;
}

void stream_offer(struct stream *s, struct stream_pool *pool, stream_read_fn read, void *arg)
{
	if (!s->buf || !s->ready)
		return;
	uint32_t used = read(arg, s->buf, s->ready);
	assert(used <= s->ready);
	advance(s, pool, used);
}

static void store(struct stream *s, struct stream_pool *pool, uint32_t off, const uint8_t *data,
		  uint32_t len)
{
	if (s->buf)
		unlink_stream(pool, s);
	else if (!(s->buf = take_buffer(pool))) {
		lose(s, pool);
		return;
	}
	link_newest(pool, s);
	if (off + len > STREAM_WINDOW || !place(s, off, data, len))
		lose(s, pool);
}

static void take_segment(struct stream *s, struct stream_pool *pool, uint32_t seq,
			 const uint8_t *data, uint32_t cap, uint32_t len, stream_read_fn read,
			 void *arg)
{
	if (s->lost || len == 0)
		return;
	if (!s->started) {
		s->started = true;
		s->base_seq = seq;
	}
	int32_t ahead = (int32_t)(seq - s->base_seq);
	if (ahead < 0) {
		uint32_t old = (uint32_t)-ahead;
		if (old >= len)
			return;
		data = old < cap ? data + old : data;
		cap = old < cap ? cap - old : 0;
		len -= old;
		ahead = 0;
	}
	if (!s->buf && ahead == 0) {
		uint32_t used = cap ? read(arg, data, cap) : 0;
		assert(used <= cap);
		s->base_seq += used;
		if (used < cap)
			store(s, pool, 0, data + used, cap - used);
	} else if ((uint32_t)ahead > STREAM_WINDOW) {
		lose(s, pool);
	} else {
		uint32_t before = s->ready;
		store(s, pool, (uint32_t)ahead, data, cap);
		if (s->ready > before)
			stream_offer(s, pool, read, arg);
	}
	if (cap < len)
		lose(s, pool);
}

/*
 * A frame that was put together from many (GRO) may be longer than the window: where bytes wait
 * already it comes in parts, so that the reader can make room between them.
 */
void stream_segment(struct stream *s, struct stream_pool *pool, uint32_t seq, const uint8_t *data,
		    uint32_t cap, uint32_t len, stream_read_fn read, void *arg)
{
	uint32_t at = 0;
	while (s->buf && cap - at > PART && s->ready + (cap - at) > STREAM_WINDOW) {
		take_segment(s, pool, seq + at, data + at, PART, PART, read, arg);
		at += PART;
	}
	take_segment(s, pool, seq + at, data + at, cap - at, len - at, read, arg);
}
