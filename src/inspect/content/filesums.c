/*
 * inspect/content/filesums.c - see filesums.h.
 *
 * Each place has a context of libcrypto a kind, made when the place is first used and kept, as is
 * each slot in which a coding is undone: a shard's files cost no allocation after that.
 */
#include "filesums.h"

#include <stdlib.h>
#include <string.h>

#include "exfild/content/packed.h"
#include "../crypto/crypto.h"
#include "magic.h"

#define KINDS 3u

static const enum crypto_digest algorithms[KINDS] = { CRYPTO_MD5, CRYPTO_SHA1, CRYPTO_SHA256 };

struct place {
	uint64_t serial; /* of the file that has it; 0: free */
	uint64_t used_seq;
	uint64_t bytes;
	unsigned kinds; /* enum sum_kind, that are computed */
	bool is_page;
	uint8_t coding; /* enum sum_coding */
	uint8_t slot;   /* where it is undone, 1 + number; 0: none yet */
	uint8_t held;   /* the first byte, while it is alone */
	bool is_held;
	EVP_MD_CTX *ctx[KINDS];
};

struct slot {            /* a coding is undone */
	uint64_t serial; /* of the file that has it; 0: free */
	uint64_t used_seq;
	struct packed *packed;
};

struct filesums {
	const atomic_uint *wanted;
	uint64_t serial;
	struct place places[SUMS_PLACES];
	struct slot slots[SUMS_UNDONE];
};

struct filesums *filesums_new(const atomic_uint *wanted)
{
	struct filesums *s = calloc(1, sizeof(*s));
	if (s)
		s->wanted = wanted;
	return s;
}

void filesums_free(struct filesums *s)
{
	for (unsigned i = 0; s && i < SUMS_PLACES; i++)
		for (unsigned k = 0; k < KINDS; k++)
			EVP_MD_CTX_free(s->places[i].ctx[k]);
	for (unsigned i = 0; s && i < SUMS_UNDONE; i++)
		packed_free(s->slots[i].packed);
	free(s);
}

size_t filesums_bytes(void)
{
	/* a context with its algorithm's state takes some 250 bytes */
	return sizeof(struct filesums) + (size_t)SUMS_PLACES * KINDS * 256 +
	       SUMS_UNDONE * packed_bytes();
}

/* The file's place, if it is still its own. */
static struct place *place_of(const struct inspection *in, const struct sum *s)
{
	if (!in->sums || !s->number || in->sums->places[s->number - 1].serial != s->serial)
		return NULL;
	return &in->sums->places[s->number - 1];
}

static bool begin_kind(struct place *p, unsigned k)
{
	const EVP_MD *algorithm = crypto_algorithm(algorithms[k]);
	if (!p->ctx[k])
		p->ctx[k] = EVP_MD_CTX_new();
	return p->ctx[k] && algorithm && EVP_DigestInit_ex2(p->ctx[k], algorithm, NULL) == 1;
}

static unsigned wanted_of(const struct inspection *in)
{
	return in->sums ? atomic_load_explicit(in->sums->wanted, memory_order_relaxed) : 0;
}

bool filesums_are_wanted(const struct inspection *in)
{
	return (wanted_of(in) & ~(unsigned)SUM_PAGES) != 0;
}

bool filesums_include_pages(const struct inspection *in)
{
	return (wanted_of(in) & SUM_PAGES) != 0;
}

void filesums_begin_coded(struct inspection *in, struct sum *s, enum sum_coding coding)
{
	struct filesums *all = in->sums;
	unsigned found = 0;
	filesums_drop(in, s);
	unsigned wanted = wanted_of(in);
	if (!filesums_are_wanted(in))
		return;
	for (unsigned i = 0; i < SUMS_PLACES && all->places[found].serial; i++)
		if (!all->places[i].serial || all->places[i].used_seq < all->places[found].used_seq)
			found = i;
	struct place *p = &all->places[found];
	p->serial = s->serial = ++all->serial;
	p->used_seq = in->seq;
	p->bytes = 0;
	p->kinds = 0;
	p->is_page = p->is_held = false;
	p->coding = (uint8_t)coding;
	p->slot = 0;
	for (unsigned k = 0; k < KINDS; k++)
		if ((wanted & 1u << k) && begin_kind(p, k))
			p->kinds |= 1u << k;
	s->number = found + 1;
}

void filesums_begin(struct inspection *in, struct sum *s)
{
	filesums_begin_coded(in, s, SUM_AS_IT_IS);
}

void filesums_set_page(struct inspection *in, struct sum *s)
{
	struct place *p = place_of(in, s);
	if (p)
		p->is_page =
			!(atomic_load_explicit(in->sums->wanted, memory_order_relaxed) & SUM_PAGES);
}

/* Pictures are most of what the web carries, and nothing that anybody runs or opens to harm. */
static bool is_dull(const struct place *p, const uint8_t *data, size_t len)
{
	return p->is_page ? !magic_is_loaded(data, len) : magic_is_picture(data, len);
}

/* False: no more of it is wanted. */
static bool take(struct inspection *in, struct sum *s, const uint8_t *data, size_t len)
{
	struct place *p = place_of(in, s);
	uint64_t most = p && p->coding ? SUMS_UNDONE_MAX : SUMS_FILE_MAX;
	if (p && !p->bytes && is_dull(p, data, len)) {
		filesums_drop(in, s);
		return false;
	}
	if (!p || p->bytes + len > most) {
		filesums_break(in, s);
		return false;
	}
	p->used_seq = in->seq;
	p->bytes += len;
	for (unsigned k = 0; k < KINDS; k++)
		if ((p->kinds & 1u << k) && EVP_DigestUpdate(p->ctx[k], data, len) != 1)
			p->kinds &= ~(1u << k);
	return true;
}

struct undoing {
	struct inspection *in;
	struct sum *s;
};

static bool take_undone(void *arg, const uint8_t *data, size_t len)
{
	const struct undoing *u = arg;
	return take(u->in, u->s, data, len);
}

/* The file's slot, if it is still its own. */
static struct slot *slot_of(struct inspection *in, const struct place *p)
{
	struct slot *slot = p->slot ? &in->sums->slots[p->slot - 1] : NULL;
	return slot && slot->serial == p->serial ? slot : NULL;
}

/* A free one, or that which was idle for longest; NULL: no memory. */
static struct slot *take_slot(struct inspection *in, struct place *p, uint8_t first, uint8_t second)
{
	struct slot *slots = in->sums->slots;
	unsigned found = 0;
	for (unsigned i = 0; i < SUMS_UNDONE && slots[found].serial; i++)
		if (!slots[i].serial || slots[i].used_seq < slots[found].used_seq)
			found = i;
	struct slot *slot = &slots[found];
	bool is_bare = p->coding == SUM_DEFLATE && !packed_is(first, second);
	if (!slot->packed)
		slot->packed = packed_new();
	if (!slot->packed ||
	    !packed_begin(slot->packed, is_bare ? PACKED_BARE : PACKED_HEADED, SUMS_UNDONE_MAX))
		return NULL;
	slot->serial = p->serial;
	p->slot = (uint8_t)(found + 1);
	return slot;
}

/* Through its coding; its first two bytes tell which. */
static void take_coded(struct inspection *in, struct sum *s, const uint8_t *data, uint32_t len)
{
	struct place *p = place_of(in, s);
	struct undoing u = { in, s };
	if (p && !p->slot && !p->is_held && len == 1) {
		p->held = *data;
		p->is_held = true;
		return;
	}
	struct slot *slot = p && p->slot ? slot_of(in, p) : NULL;
	if (p && !p->slot)
		slot = take_slot(in, p, p->is_held ? p->held : data[0],
				 p->is_held ? data[0] : data[1]);
	bool ok = slot &&
		  (!p->is_held || packed_take(slot->packed, &p->held, 1, take_undone, &u)) &&
		  packed_take(slot->packed, data, len, take_undone, &u);
	if (slot)
		slot->used_seq = in->seq;
	if (p)
		p->is_held = false;
	if (!ok && s->number) /* it has not been dropped */
		filesums_break(in, s);
}

void filesums_take(struct inspection *in, struct sum *s, const uint8_t *data, uint32_t len)
{
	if (!s->number || s->is_broken || !len)
		return;
	const struct place *p = place_of(in, s);
	if (p && p->coding)
		take_coded(in, s, data, len);
	else
		(void)take(in, s, data, len);
}

/* A whole file was whole within its coding, too. */
static bool is_undone(struct inspection *in, const struct place *p)
{
	const struct slot *slot = slot_of(in, p);
	return !p->coding || (slot && packed_is_over(slot->packed));
}

static void free_slot(struct inspection *in, const struct place *p)
{
	struct slot *slot = slot_of(in, p);
	if (slot)
		slot->serial = 0;
}

void filesums_break(struct inspection *in, struct sum *s)
{
	struct place *p = place_of(in, s);
	if (p) {
		free_slot(in, p);
		p->serial = 0;
	}
	s->is_broken = s->number != 0;
}

void filesums_drop(struct inspection *in, struct sum *s)
{
	filesums_break(in, s);
	memset(s, 0, sizeof(*s));
}

bool filesums_is_open(const struct sum *s)
{
	return s->number && !s->is_broken;
}

static void put_sum(struct inspection *in, struct place *p, unsigned k, struct event_str *ret)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	char text[2 * EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (!(p->kinds & 1u << k) || EVP_DigestFinal_ex(p->ctx[k], sum, &len) != 1)
		return;
	for (unsigned i = 0; i < len; i++) {
		text[2 * i] = digits[sum[i] >> 4];
		text[2 * i + 1] = digits[sum[i] & 15];
	}
	event_log_str(in->log, ret, text, 2 * (size_t)len, 2 * (size_t)len);
}

struct event_file_hash *filesums_end(struct inspection *in, struct sum *s, bool is_whole)
{
	struct place *p = place_of(in, s);
	if (!s->number || (p && !p->bytes)) {
		filesums_drop(in, s);
		return NULL;
	}
	struct event_file_hash *e = inspect_event(in, EVENT_FILE_HASH, sizeof(*e));
	e->is_whole = p && is_whole && is_undone(in, p);
	e->is_undone = p && p->coding;
	e->size = p ? p->bytes : UINT64_MAX;
	if (e->is_whole) {
		put_sum(in, p, 0, &e->md5);
		put_sum(in, p, 1, &e->sha1);
		put_sum(in, p, 2, &e->sha256);
	}
	filesums_drop(in, s);
	return e;
}
