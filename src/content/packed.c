/*
 * content/packed.c - undoes gzip and zlib (RFC 1952, 1950) while a text passes.
 *
 * Memory is that of the slot: zlib allocates its state and window from there and never from the
 * heap.  A text that would become too large, or is far larger than what came (a bomb), is given up;
 * so is one that is damaged or cut.  Members of gzip in a row are one text.
 */
#include "exfild/content/packed.h"

#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#define SLAB      (48u << 10) /* zlib: some 7 KiB of state, 32 of window */
#define OUT       4096u
#define OUT_FIRST 64u        /* what tells what a text is: the rest may not be wanted */
#define BOMB_FROM (1u << 20) /* until then it may grow as it likes */
#define BOMB_RATE 200u
#define ALIGN     16u
#define HEADED    (15 + 32) /* the largest window, and gzip or zlib by their head */
#define BARE      (-15)

struct packed {
	z_stream z;
	uint64_t in, out, most;
	enum packed_form form;
	bool is_over;
	size_t slab_used;
	_Alignas(16) uint8_t slab[SLAB];
};

struct packed *packed_new(void)
{
	return malloc(sizeof(struct packed));
}

void packed_free(struct packed *p)
{
	free(p);
}

size_t packed_bytes(void)
{
	return sizeof(struct packed);
}

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

bool packed_begin(struct packed *p, enum packed_form form, uint64_t most)
{
	p->slab_used = 0;
	p->in = p->out = 0;
	p->most = most;
	p->form = form;
	p->is_over = false;
	memset(&p->z, 0, sizeof(p->z));
	p->z.zalloc = slab_alloc;
	p->z.zfree = slab_free;
	p->z.opaque = p;
	return inflateInit2(&p->z, form == PACKED_BARE ? BARE : HEADED) == Z_OK;
}

static bool is_bomb(const struct packed *p)
{
	return p->out > p->most || (p->out > BOMB_FROM && p->out / BOMB_RATE > p->in);
}

/* One step; false: no more will come. */
static bool undo(struct packed *p, packed_fn fn, void *arg)
{
	uint8_t out[OUT];
	unsigned room = p->out ? OUT : OUT_FIRST, before = p->z.avail_in;
	p->z.next_out = out;
	p->z.avail_out = room;
	p->is_over &= before == 0;
	int r = inflate(&p->z, Z_NO_FLUSH);
	unsigned made = room - p->z.avail_out;
	p->in += before - p->z.avail_in;
	p->out += made;
	if (made && !fn(arg, out, made))
		return false;
	if (is_bomb(p))
		return false;
	if (r == Z_STREAM_END) {
		p->is_over = true;
		r = inflateReset(&p->z);
		if (p->form == PACKED_BARE && p->z.avail_in)
			return false; /* only what has a head may follow another */
	}
	if (r != Z_OK && r != Z_BUF_ERROR)
		return false;
	return made || before != p->z.avail_in || !before;
}

bool packed_take(struct packed *p, const uint8_t *data, size_t len, packed_fn fn, void *arg)
{
	p->z.next_in = data;
	p->z.avail_in = (unsigned)len;
	do
		if (!undo(p, fn, arg))
			return false;
	while (p->z.avail_in || p->z.avail_out == 0); /* full: more may lie ready */
	return true;
}

bool packed_is_over(const struct packed *p)
{
	return p->is_over;
}
