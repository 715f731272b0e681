/*
 * inspect/content/filesums.c - see filesums.h.
 *
 * Each place has a context of libcrypto a kind, made when the place is first used and kept: a
 * shard's files cost no allocation after that.
 */
#include "filesums.h"

#include <stdlib.h>
#include <string.h>

#include "../crypto/crypto.h"
#include "magic.h"

#define KINDS 3u

static const enum crypto_digest algorithms[KINDS] = { CRYPTO_MD5, CRYPTO_SHA1, CRYPTO_SHA256 };

struct place {
	uint64_t serial; /* of the file that has it; 0: free */
	uint64_t used_seq;
	uint64_t bytes;
	unsigned kinds; /* enum sum_kind, that are computed */
	EVP_MD_CTX *ctx[KINDS];
};

struct filesums {
	const atomic_uint *wanted;
	uint64_t serial;
	struct place places[SUMS_PLACES];
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
	free(s);
}

size_t filesums_bytes(void)
{
	/* a context with its algorithm's state takes some 250 bytes */
	return sizeof(struct filesums) + (size_t)SUMS_PLACES * KINDS * 256;
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
	return wanted_of(in) != 0;
}

void filesums_begin(struct inspection *in, struct sum *s)
{
	struct filesums *all = in->sums;
	unsigned found = 0;
	filesums_drop(in, s);
	unsigned wanted = wanted_of(in);
	if (!wanted)
		return;
	for (unsigned i = 0; i < SUMS_PLACES && all->places[found].serial; i++)
		if (!all->places[i].serial || all->places[i].used_seq < all->places[found].used_seq)
			found = i;
	struct place *p = &all->places[found];
	p->serial = s->serial = ++all->serial;
	p->used_seq = in->seq;
	p->bytes = 0;
	p->kinds = 0;
	for (unsigned k = 0; k < KINDS; k++)
		if ((wanted & 1u << k) && begin_kind(p, k))
			p->kinds |= 1u << k;
	s->number = found + 1;
}

void filesums_take(struct inspection *in, struct sum *s, const uint8_t *data, uint32_t len)
{
	if (!s->number || s->is_broken || !len)
		return;
	struct place *p = place_of(in, s);
	/* most of what the web carries, and nothing that anybody runs or opens to harm */
	if (p && !p->bytes && magic_is_picture(data, len)) {
		filesums_drop(in, s);
		return;
	}
	if (!p || p->bytes + len > SUMS_FILE_MAX) {
		filesums_break(in, s);
		return;
	}
	p->used_seq = in->seq;
	p->bytes += len;
	for (unsigned k = 0; k < KINDS; k++)
		if ((p->kinds & 1u << k) && EVP_DigestUpdate(p->ctx[k], data, len) != 1)
			p->kinds &= ~(1u << k);
}

void filesums_break(struct inspection *in, struct sum *s)
{
	struct place *p = place_of(in, s);
	if (p)
		p->serial = 0;
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
	e->is_whole = p && is_whole;
	e->size = p ? p->bytes : UINT64_MAX;
	if (e->is_whole) {
		put_sum(in, p, 0, &e->md5);
		put_sum(in, p, 1, &e->sha1);
		put_sum(in, p, 2, &e->sha256);
	}
	filesums_drop(in, s);
	return e;
}
