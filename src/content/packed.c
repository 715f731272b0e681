/*
 * content/packed.c - undoes gzip, zlib (RFC 1952, 1950) and archives of ZIP while a text passes.
 *
 * Memory is that of the slot: zlib allocates its state and window from there and never from the
 * heap.  A text that would become too large, or is far larger than what came (a bomb), is given up;
 * so is one that is damaged or cut.  Members of gzip in a row are one text; those of ZIP are texts
 * of their own, a line's end between them.
 */
#include "exfild/content/packed.h"

#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "unzip.h"

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
	bool is_over, is_member; /* the text has ended; a member of an archive is being undone */
	struct unzip zip;
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

bool packed_is_zip(uint8_t first, uint8_t second)
{
	return first == 'P' && second == 'K';
}

static bool begin_inflate(struct packed *p)
{
	p->slab_used = 0;
	p->is_over = false;
	memset(&p->z, 0, sizeof(p->z));
	p->z.zalloc = slab_alloc;
	p->z.zfree = slab_free;
	p->z.opaque = p;
	if (inflateInit2(&p->z, p->form == PACKED_HEADED ? HEADED : BARE) != Z_OK)
		return false;
	/* what is damaged matches nothing, so its check (CRC-32) is not worth its cost */
	return inflateValidate(&p->z, 0) == Z_OK;
}

bool packed_begin(struct packed *p, enum packed_form form, uint64_t most)
{
	p->in = p->out = 0;
	p->most = most;
	p->form = form;
	p->is_member = false;
	unzip_begin(&p->zip);
	return begin_inflate(p);
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
		if (p->form == PACKED_ZIP)
			return false; /* of this member */
		r = inflateReset(&p->z);
		if (p->form == PACKED_BARE && p->z.avail_in)
			return false; /* only what has a head may follow another */
	}
	if (r != Z_OK && r != Z_BUF_ERROR)
		return false;
	return made || before != p->z.avail_in || !before;
}

static bool inflate_all(struct packed *p, const uint8_t *data, size_t len, packed_fn fn, void *arg)
{
	p->z.next_in = data;
	p->z.avail_in = (unsigned)len;
	do
		if (!undo(p, fn, arg))
			return false;
	while (p->z.avail_in || p->z.avail_out == 0); /* full: more may lie ready */
	return true;
}

struct listener {
	struct packed *p;
	packed_fn fn;
	void *arg;
};

/* Content of a member. */
static bool give(void *arg, const uint8_t *data, size_t len)
{
	const struct listener *l = arg;
	uint8_t text[OUT];
	for (size_t at = 0; at < len; at += OUT) {
		size_t n = len - at < OUT ? len - at : OUT;
		memcpy(text, data + at, n);
		n = unzip_text(&l->p->zip, text, n);
		if (n && !l->fn(l->arg, text, n))
			return false;
	}
	return true;
}

/* The deflate of a member of an archive; *ret_used: as far as it goes. */
static bool take_member(struct packed *p, const uint8_t *data, size_t len, size_t *ret_used,
			packed_fn fn, void *arg)
{
	struct listener listener = { p, fn, arg };
	static const uint8_t line_end = '\n';
	if (!p->is_member && !begin_inflate(p))
		return false;
	p->is_member = true;
	*ret_used = len;
	if (inflate_all(p, data, len, give, &listener))
		return true;
	if (!p->is_over || is_bomb(p))
		return false;
	p->is_member = false;
	*ret_used = len - p->z.avail_in;
	unzip_member_over(&p->zip);
	return fn(arg, &line_end, 1);
}

static bool take_text(struct packed *p, const uint8_t *data, size_t len, packed_fn fn, void *arg)
{
	struct listener listener = { p, fn, arg };
	p->in += len;
	p->out += len;
	return give(&listener, data, len) && !is_bomb(p);
}

static bool take_archive(struct packed *p, const uint8_t *data, size_t len, packed_fn fn, void *arg)
{
	while (len) {
		enum unzip_step step;
		size_t n = unzip_next(&p->zip, data, len, &step);
		bool goes_on = step != UNZIP_OVER;
		if (step == UNZIP_DEFLATE)
			goes_on = take_member(p, data, len, &n, fn, arg);
		else if (step == UNZIP_TEXT && n)
			goes_on = take_text(p, data, n, fn, arg);
		else if (step == UNZIP_HEAD_IS_TEXT)
			goes_on = take_text(p, p->zip.head, p->zip.head_len, fn, arg);
		if (!goes_on)
			return false;
		data += n;
		len -= n;
	}
	return true;
}

bool packed_take(struct packed *p, const uint8_t *data, size_t len, packed_fn fn, void *arg)
{
	if (p->form == PACKED_ZIP)
		return take_archive(p, data, len, fn, arg);
	return inflate_all(p, data, len, fn, arg);
}

bool packed_is_over(const struct packed *p)
{
	return p->is_over;
}
