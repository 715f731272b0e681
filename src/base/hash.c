/*
 * base/hash.c - see include/exfild/base/hash.h
 *
 * A string is taken as little-endian words, the last one from its last 8 bytes, some of which the
 * word before may have had too; what is shorter than a word is folded into one.  The length is
 * part of the start, so that two strings of the same words differ.
 */
#include "exfild/base/hash.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>

const struct hash_key hash_key_fixed = { { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull } };

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

static inline uint64_t load_le32(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return le32toh(word);
}

/* Each byte of up to 8 is in it. */
static inline uint64_t load_short(const uint8_t *p, size_t len)
{
	if (len >= 4)
		return load_le32(p) | load_le32(p + len - 4) << 32;
	if (len == 0)
		return 0;
	return (uint64_t)p[0] | (uint64_t)p[len / 2] << 8 | (uint64_t)p[len - 1] << 16;
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t hash = key->k[0] + len;

	if (len < 8)
		return hash_mix(hash_mix(hash, load_short(p, len)), key->k[1]);
	for (const uint8_t *last = p + len - 8; p < last; p += 8)
		hash = hash_mix(hash, load_le64(p));
	hash = hash_mix(hash, load_le64((const uint8_t *)data + len - 8));
	return hash_mix(hash, key->k[1]);
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
