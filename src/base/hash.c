/*
 * base/hash.c - see include/exfild/base/hash.h
 *
 * SipHash-1-3: an add-rotate-xor permutation of four words, one round a message word and three at
 * the end; the last word is the rest of the bytes with the length on top.
 */
#include "exfild/base/hash.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

const struct hash_key hash_key_fixed = { { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull } };

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline struct sip sip_start(const struct hash_key *key)
{
	return (struct sip){
		.v0 = key->k[0] ^ 0x736f6d6570736575ull,
		.v1 = key->k[1] ^ 0x646f72616e646f6dull,
		.v2 = key->k[0] ^ 0x6c7967656e657261ull,
		.v3 = key->k[1] ^ 0x7465646279746573ull,
	};
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

static inline uint64_t sip_end(struct sip *s)
{
	s->v2 ^= 0xff;
	sip_round(s);
	sip_round(s);
	sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct sip s = sip_start(key);
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8)
		sip_word(&s, load_le64(p));
	uint64_t last = (uint64_t)len << 56;
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)p[i] << (8 * i);
	sip_word(&s, last);
	return sip_end(&s);
}

/* Should getrandom be refused (a filter): the kernel's start-up bytes, not shown as they are. */
static struct hash_key key_from_start(void)
{
	struct hash_key start = hash_key_fixed;
	struct timespec now = { 0, 0 };
	const void *bytes = (const void *)(uintptr_t)getauxval(AT_RANDOM);

	if (bytes != NULL)
		memcpy(&start, bytes, sizeof(start));
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t words[3] = { (uint64_t)now.tv_sec, (uint64_t)now.tv_nsec, 0 };
	struct hash_key key;
	key.k[0] = hash_words(&start, words, 3);
	words[2] = 1;
	key.k[1] = hash_words(&start, words, 3);
	return key;
}

struct hash_key hash_key_random(void)
{
	struct hash_key key = { { 0 } };
	size_t got = 0;

	while (got < sizeof(key)) {
		ssize_t n = getrandom((uint8_t *)&key + got, sizeof(key) - got, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return key_from_start();
		got += (size_t)n;
	}
	return key;
}
