/*
 * content/packed.c - undoes gzip and zlib (RFC 1952, 1950) while a text passes.
 *
 * Memory is that of the slot: zlib allocates its state and window from there and never from the
 * heap.  A text that would become too large, or is far larger than what came (a bomb), is given up;
 * so is one that is damaged or cut.  Members of gzip in a row are one text.
 */
#include "packed.h"

#include <string.h>

#define OUT       4096u
#define BOMB_FROM (1u << 20) /* until then it may grow as it likes */
#define BOMB_RATE 200u
#define ALIGN     16u
#define WINDOW    (15 + 32) /* the largest, and gzip or zlib by their head */

static void *slab_alloc(void *arg, unsigned count, unsigned size)
{
	struct packed *p = arg;
	size_t want = ((size_t)count * size + ALIGN - 1) / ALIGN * ALIGN;
	if (want > sizeof(p->slab) - p->slab_used)
		return NULL;
	void *at = p->slab + p->slab_used;
	p->slab_used += want;
	return at;
}

static void slab_free(void *arg, void *at)
{
	(void)arg;
	(void)at;
}

bool packed_is(uint8_t first, uint8_t second)
{
	if (first == 0x1f && second == 0x8b)
		return true;
	/* deflate with a window of 32 KiB, as all write it, and the check of the head */
	return first == 0x78 && ((first << 8) | second) % 31 == 0 && !(second & 0x20);
}

bool packed_begin(struct packed *p)
{
	p->slab_used = 0;
	p->in = p->out = 0;
	memset(&p->z, 0, sizeof(p->z));
	p->z.zalloc = slab_alloc;
	p->z.zfree = slab_free;
	p->z.opaque = p;
	return inflateInit2(&p->z, WINDOW) == Z_OK;
}

static bool is_bomb(const struct packed *p)
{
	return p->out > PACKED_MAX || (p->out > BOMB_FROM && p->out / BOMB_RATE > p->in);
}

bool packed_take(struct packed *p, const uint8_t *data, size_t len, packed_fn fn, void *arg)
{
	uint8_t out[OUT];
	p->z.next_in = data;
	p->z.avail_in = (unsigned)len;
	while (p->z.avail_in) {
		unsigned before = p->z.avail_in;
		p->z.next_out = out;
		p->z.avail_out = OUT;
		int r = inflate(&p->z, Z_NO_FLUSH);
		unsigned made = OUT - p->z.avail_out;
		p->in += before - p->z.avail_in;
		p->out += made;
		if (made)
			fn(arg, out, made);
		if (is_bomb(p))
			return false;
		if (r == Z_STREAM_END)
			r = inflateReset(&p->z);
		if (r != Z_OK && r != Z_BUF_ERROR)
			return false;
		if (!made && before == p->z.avail_in)
			return false;
	}
	return true;
}
