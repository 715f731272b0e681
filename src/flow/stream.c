/*
 * flow/stream.c - first copy wins.
 *
 * The buffer begins at base_seq, the first byte that the reader has not used.  `ready` contiguous
 * bytes lie at its front; pieces beyond the first hole are kept as sorted ranges.  As long as
 * nothing waits, a segment goes to the reader from where it lies in the packet.  A hole that is
 * given up becomes a gap, and what lies behind it is read.
 */
#include "exfild/flow/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

/* Its buffer is needed elsewhere: what was in it is a hole from now on. */
static void lose_buffer(struct stream *s, struct stream_pool *pool)
{
	if (!s->survives) {
		lose(s, pool);
		return;
	}
	give_buffer(s, pool);
	s->ready = 0;
	s->piece_count = 0;
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
		lose_buffer(p->oldest, p);
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
	s->piece[i].off = (uint16_t)off;
	s->piece[i].len = (uint16_t)len;
	s->piece_count++;
	return true;
}

/* Joins what touches: ready with the first piece, pieces with one another. */
static void join(struct stream *s)
{
	for (unsigned i = 0; i + 1 < s->piece_count;) {
		if (s->piece[i].off + s->piece[i].len == s->piece[i + 1].off) {
			s->piece[i].len = (uint16_t)(s->piece[i].len + s->piece[i + 1].len);
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
		s->piece[i].off = (uint16_t)(s->piece[i].off - n);
	if (end == n) {
		give_buffer(s, pool);
	} else if (n && s->buf) {
		memmove(s->buf, s->buf + n, end - n);
	}
}

static void read_ready(struct stream *s, struct stream_pool *pool, const struct stream_reader *r)
{
	if (!s->buf || !s->ready)
		return;
	uint32_t used = r->read(r->arg, s->buf, s->ready);
	assert(used <= s->ready);
	advance(s, pool, used);
}

/* Gives the first hole up and reads what lies behind it. */
static void skip_hole(struct stream *s, struct stream_pool *pool, const struct stream_reader *r)
{
	uint32_t off = s->piece[0].off;
	if (!r->gap || !r->gap(r->arg, s->buf, s->ready, off - s->ready)) {
		lose(s, pool);
		return;
	}
	s->ready = off;
	join(s);
	advance(s, pool, off);
	read_ready(s, pool, r);
}

/* Nothing waits behind the unread bytes; the next ones are `missing` further on. */
static void jump(struct stream *s, struct stream_pool *pool, const struct stream_reader *r,
		 uint32_t missing)
{
	uint32_t next = s->base_seq + s->ready + missing;
	if (!r->gap || !r->gap(r->arg, s->buf, s->ready, missing)) {
		lose(s, pool);
		return;
	}
	give_buffer(s, pool);
	s->ready = 0;
	s->base_seq = next;
}

/* Keeps bytes until those before them have come or are given up. */
static void store(struct stream *s, struct stream_pool *pool, uint32_t off, const uint8_t *data,
		  uint32_t len, const struct stream_reader *r)
{
	if (s->buf)
		unlink_stream(pool, s);
	else if (!(s->buf = take_buffer(pool))) {
		lose(s, pool);
		return;
	}
	link_newest(pool, s);
	uint32_t base = s->base_seq;
	if (off + len > STREAM_WINDOW) {
		lose(s, pool);
	} else if (!place(s, off, data, len)) {
		/* too many pieces: the first holes are given up, then there is room for all */
		while (!s->lost && s->piece_count > 1)
			skip_hole(s, pool, r);
		if (!s->lost && s->buf && s->base_seq == base && !place(s, off, data, len))
			lose(s, pool);
	}
}

/* A segment, or what is left of it. */
struct segment {
	uint32_t seq;
	const uint8_t *data;
	uint32_t cap, len;
};

/* Drops what was read before; false: nothing is left. */
static bool trim(const struct stream *s, struct segment *g)
{
	int32_t ahead = (int32_t)(g->seq - s->base_seq);
	if (ahead >= 0)
		return true;
	uint32_t old = (uint32_t)-ahead;
	if (old >= g->len)
		return false;
	g->seq += old;
	g->data = old < g->cap ? g->data + old : g->data;
	g->cap = old < g->cap ? g->cap - old : 0;
	g->len -= old;
	return true;
}

/* Whether the segment is too far ahead to be believed. */
static bool is_wild(struct stream *s, const struct segment *g)
{
	if (!s->survives || (int32_t)(g->seq - s->base_seq) <= STREAM_FAR) {
		s->far = 0;
		return false;
	}
	return ++s->far < STREAM_FAR_MIN;
}

/* Gives holes up until the segment fits behind what is still to be read. */
static void make_room(struct stream *s, struct stream_pool *pool, const struct segment *g,
		      const struct stream_reader *r)
{
	while (!s->lost && g->seq - s->base_seq + g->cap > STREAM_WINDOW &&
	       (int32_t)(g->seq - s->base_seq) > 0) {
		uint32_t ahead = g->seq - s->base_seq;
		if (s->piece_count)
			skip_hole(s, pool, r);
		else if (ahead > s->ready)
			jump(s, pool, r, ahead - s->ready);
		else
			break; /* it goes on where the unread bytes end */
	}
}

/* From where it lies in the packet: nothing waits. */
static void read_direct(struct stream *s, struct stream_pool *pool, const uint8_t *data,
			uint32_t cap, const struct stream_reader *r)
{
	uint32_t used = cap ? r->read(r->arg, data, cap) : 0;
	assert(used <= cap);
	s->base_seq += used;
	if (used < cap)
		store(s, pool, 0, data + used, cap - used, r);
}

/* In order, but more than the window takes behind what is unread: in parts. */
static void take_long(struct stream *s, struct stream_pool *pool, const struct segment *g,
		      const struct stream_reader *r)
{
	const uint8_t *data = g->data;
	uint32_t left = g->cap;
	while (left && s->buf && !s->lost) {
		uint32_t n = STREAM_WINDOW - s->ready;
		n = n < left ? n : left;
		if (!n) { /* the reader takes nothing */
			lose(s, pool);
			return;
		}
		store(s, pool, s->ready, data, n, r);
		read_ready(s, pool, r);
		data += n;
		left -= n;
	}
	if (left && !s->lost)
		read_direct(s, pool, data, left, r);
}

static void take(struct stream *s, struct stream_pool *pool, const struct segment *g,
		 const struct stream_reader *r)
{
	uint32_t ahead = g->seq - s->base_seq;
	if (!s->buf && ahead == 0) {
		read_direct(s, pool, g->data, g->cap, r);
		return;
	}
	if (s->buf && !s->piece_count && ahead == s->ready && ahead + g->cap > STREAM_WINDOW) {
		take_long(s, pool, g, r);
		return;
	}
	uint32_t before = s->ready;
	if (g->cap)
		store(s, pool, ahead, g->data, g->cap, r);
	if (s->buf && s->ready > before)
		read_ready(s, pool, r);
}

void stream_segment(struct stream *s, struct stream_pool *pool, uint32_t seq, const uint8_t *data,
		    uint32_t cap, uint32_t len, const struct stream_reader *r)
{
	struct segment g = { seq, data, cap, len };
	if (s->lost || len == 0)
		return;
	s->survives = r->gap != NULL;
	if (!s->started) {
		s->started = true;
		s->base_seq = seq;
	}
	if (!trim(s, &g) || is_wild(s, &g))
		return;
	make_room(s, pool, &g, r);
	if (s->lost || !trim(s, &g))
		return;
	take(s, pool, &g, r);
	if (s->lost || g.cap == g.len)
		return;
	/* cut off by the capture: a hole that is known not to be filled */
	if (g.seq + g.cap == s->base_seq + s->ready && !s->piece_count)
		jump(s, pool, r, g.len - g.cap);
	else if (!r->gap)
		lose(s, pool);
}

void stream_acknowledged(struct stream *s, struct stream_pool *pool, uint32_t seq,
			 const struct stream_reader *r)
{
	while (!s->lost && r->gap && s->piece_count &&
	       (int32_t)(seq - (s->base_seq + s->piece[0].off)) >= 0)
		skip_hole(s, pool, r);
}
