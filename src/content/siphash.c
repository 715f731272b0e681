/*
 * content/siphash.c - a keyed hash that may be shown: who has not the key learns nothing from it.
 *
 * SipHash-2-4 (Aumasson, Bernstein 2012): the hashes of sets lie in files, so that the fast hash of
 * our tables (base/hash.h), which must never be seen, will not do.
 */
#include "prints.h"

static uint64_t turn(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], unsigned count)
{
	while (count--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = turn(v[1], 13) ^ v[0];
		v[3] = turn(v[3], 16) ^ v[2];
		v[0] = turn(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = turn(v[1], 17) ^ v[2];
		v[3] = turn(v[3], 21) ^ v[0];
		v[2] = turn(v[2], 32);
	}
}

/* Up to eight bytes, the first one lowest. */
static uint64_t word_of(const uint8_t *data, size_t len)
{
	uint64_t word = 0;
	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)data[i] << 8 * i;
	return word;
}

uint64_t siphash(const struct content_key *key, const void *data, size_t len)
{
	const uint8_t *at = data;
	uint64_t k0 = word_of(key->bytes, 8), k1 = word_of(key->bytes + 8, 8);
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575ull, k1 ^ 0x646f72616e646f6dull,
			  k0 ^ 0x6c7967656e657261ull, k1 ^ 0x7465646279746573ull };
	size_t left = len;
	for (; left >= 8; left -= 8, at += 8) {
		uint64_t word = word_of(at, 8);
		v[3] ^= word;
		rounds(v, 2);
		v[0] ^= word;
	}
	uint64_t last = word_of(at, left) | (uint64_t)len << 56;
	v[3] ^= last;
	rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
