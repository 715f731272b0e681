/*
 * fuzz/fuzz_stream.c - segments in any order against a model that marks each byte.
 *
 * Input: the first sequence number, then segments: offset, length, what was captured of it, how
 * much the reader takes.  The bytes of a segment depend on who sends them, so that the model can
 * tell which copy was kept.  A stream may give up (lost); until then, it must hand on exactly what
 * a reader of the first copies would see.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/flow/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SPAN     65536u /* bytes of the stream that the model follows */
#define HEAD_LEN 6

struct model {
	uint8_t byte[SPAN], known[SPAN];
	uint32_t read; /* bytes that the reader has used */
	uint8_t appetite;
	uint32_t calls;
};

static uint32_t take(void *arg, const uint8_t *data, uint32_t len)
{
	struct model *m = arg;
	assert(len > 0);
	assert(m->read + len <= SPAN);
	for (uint32_t i = 0; i < len; i++) {
		assert(m->known[m->read + i]);
		assert(data[i] == m->byte[m->read + i]);
	}
	/* 0: nothing, 255: all, else so many bytes */
	uint32_t used = m->appetite == 255 ? len : m->appetite < len ? m->appetite : len;
	m->read += used;
	m->calls++;
	return used;
}

/* The unread bytes are right; what lies behind the gap may have come and been dropped. */
static bool skip(void *arg, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct model *m = arg;
	assert(len + missing <= SPAN - m->read && missing > 0 && (data || !len));
	m->read += len + missing;
	return m->appetite != 7;
}

/* The same without a look at the bytes: of those dropped with a piece another copy may come. */
static uint32_t take_any(void *arg, const uint8_t *data, uint32_t len)
{
	struct model *m = arg;
	assert(len > 0 && data && m->read + len <= SPAN);
	uint32_t used = m->appetite == 255 ? len : m->appetite < len ? m->appetite : len;
	m->read += used;
	m->calls++;
	return used;
}

/* First copy wins: what the reader has used, or what was stored before, stays. */
static void mark(struct model *m, uint32_t off, const uint8_t *bytes, uint32_t cap)
{
	for (uint32_t i = 0; i < cap && off + i < SPAN; i++) {
		if (m->known[off + i])
			continue;
		m->known[off + i] = 1;
		m->byte[off + i] = bytes[i];
	}
}

static void check(const struct stream *s, const struct model *m, uint32_t base)
{
	if (s->lost) {
		assert(!s->buf);
		return;
	}
	assert(!s->started || s->base_seq == base + m->read);
	assert(s->ready <= STREAM_WINDOW);
	uint32_t end = s->ready;
	for (unsigned i = 0; i < s->piece_count; i++) {
		assert(s->piece[i].len > 0);
		assert(s->piece[i].off > end || (i == 0 && s->piece[i].off > s->ready));
		end = s->piece[i].off + s->piece[i].len;
		assert(end <= STREAM_WINDOW);
	}
	assert(s->buf || end == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 5)
		return 0;
	struct stream_pool *pool = stream_pool_new(data[4] & 3);
	struct model *m = calloc(1, sizeof(*m));
	struct stream s = { 0 };
	uint32_t base = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 |
			data[3];
	if (!pool || !m)
		abort();
	s.started = true; /* the model needs to know where the stream begins */
	s.base_seq = base;
	bool survives = data[4] & 4;
	const struct stream_reader reader = { .read = survives ? take_any : take,
					      .gap = survives ? skip : NULL,
					      .arg = m };
	data += 5;
	size -= 5;
	while (size >= HEAD_LEN) {
		uint32_t off = (uint32_t)data[0] << 8 | data[1];
		uint32_t len = ((uint32_t)data[2] << 8 | data[3]) % 3000;
		uint32_t cap = data[4] < 240 ? len : len * (data[4] - 240u) / 16;
		m->appetite = data[5];
		if (off + len > SPAN)
			len = SPAN - off;
		if (cap > len)
			cap = len;
		uint8_t *bytes = malloc(cap ? cap : 1);
		if (!bytes)
			abort();
		memset(bytes, (uint8_t)(size * 7 + 1), cap);
		for (uint32_t i = 0; i < cap; i++)
			bytes[i] = (uint8_t)(bytes[i] + i);
		bool was_lost = s.lost;
		uint32_t calls = m->calls;
		if (off + len > m->read) /* what is old is dropped unread */
			mark(m, off, bytes, cap);
		stream_segment(&s, pool, base + off, bytes, cap, len, &reader);
		assert(!was_lost || calls == m->calls);
		if (survives && data[5] & 1)
			stream_acknowledged(&s, pool, base + off, &reader);
		if (!s.lost && !survives)
			assert(cap == len || off + len <= m->read);
		check(&s, m, base);
		free(bytes);
		data += HEAD_LEN;
		size -= HEAD_LEN;
	}
	stream_reset(&s, pool);
	assert(stream_pool_used(pool) == 0);
	stream_pool_free(pool);
	free(m);
	return 0;
}
