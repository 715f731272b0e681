/*
 * detect/dns_tunnel/information.c - see information.h.
 */
#include "information.h"

#include <math.h>

enum { HAS_DIGIT = 1, HAS_HEX = 2, HAS_BASE32 = 4, HAS_ALPHA = 8, HAS_DASH = 16, HAS_RAW = 32 };

static unsigned class_of(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return HAS_DIGIT;
	if (c >= 'a' && c <= 'f')
		return HAS_HEX;
	if (c >= 'g' && c <= 'v')
		return HAS_BASE32;
	if (c >= 'w' && c <= 'z')
		return HAS_ALPHA;
	if (c == '-' || c == '_' || c == '=' || c == '+' || c == '/')
		return HAS_DASH;
	return c >= 'A' && c <= 'Z' ? HAS_DASH : HAS_RAW;
}

double information_alphabet_bits(const char *text, size_t len)
{
	unsigned seen = 0;
	for (size_t i = 0; i < len; i++)
		seen |= class_of((unsigned char)text[i]);
	if (seen & HAS_RAW)
		return 8.0;
	if (seen & HAS_DASH)
		return 6.0;
	if (!(seen & ~(unsigned)HAS_DIGIT))
		return 3.3219; /* log2(10) */
	if (!(seen & (HAS_BASE32 | HAS_ALPHA)))
		return 4.0;
	if (!(seen & HAS_ALPHA) || !(seen & HAS_DIGIT))
		return seen & HAS_DIGIT ? 5.0 : 4.7004; /* log2(32), log2(26) */
	return 5.1699;                                  /* log2(36) */
}

static uint32_t label_hash(const char *text, size_t len)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return h ? h : 1;
}

/* Whether the label was met before; remembers it, the oldest goes. */
static bool met_before(struct label_memory *m, uint32_t hash)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->hash[i] == hash)
			return true;
	m->hash[m->next] = hash;
	m->next = (uint8_t)((m->next + 1) % LABELS_KNOWN);
	if (m->count < LABELS_KNOWN)
		m->count++;
	return false;
}

double information_bytes(const char *name, size_t len, struct label_memory *known)
{
	double bits = 0;
	size_t start = 0;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && name[i] != '.')
			continue;
		size_t n = i - start;
		if (n > 0) {
			double full = (double)n * information_alphabet_bits(name + start, n);
			unsigned choices = 1u + known->count;
			bool met = met_before(known, label_hash(name + start, n));
			bits += met ? fmin(log2(choices), full) : full;
		}
		start = i + 1;
	}
	return bits / 8.0;
}
