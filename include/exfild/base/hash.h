/*
 * base/hash.h - keyed hashes for tables that attackers feed.
 *
 * What: a chain of folded products, keyed with 128 secret bits.  The product is that of wyhash
 * (Wang Yi), which language run-times use for their maps likewise; it is as strong as the key is
 * unknown, and no hash is shown to anybody.  The key is random in a live process and fixed in
 * replay, so that replays are exact.  Threads: any; keys are values.
 */
#ifndef EXFILD_BASE_HASH_H
#define EXFILD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hash_key {
	uint64_t k[2];
};

/* The key of every replay and of tests. */
extern const struct hash_key hash_key_fixed;

/* A random key from the kernel. */
struct hash_key hash_key_random(void);

/*
 * Extends a secret hash by one word; only as strong as `secret` is unknown.  A factor of zero would
 * swallow the other one: then that one itself is the hash, inverted.
 */
static inline uint64_t hash_mix(uint64_t secret, uint64_t word)
{
	__extension__ typedef unsigned __int128 u128;
	uint64_t a = secret ^ 0x9e3779b97f4a7c15ull;
	uint64_t b = word ^ 0xe7037ed1a0b428dbull ^ secret;
	u128 m = (u128)a * b;
	uint64_t mixed = (uint64_t)m ^ (uint64_t)(m >> 64);
	return a && b ? mixed : ~(a + b);
}

/* Of a string of any length. */
uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

/* Of whole 64-bit words, which need not be aligned. */
static inline uint64_t hash_words(const struct hash_key *key, const void *words, size_t count)
{
	uint64_t hash = key->k[0] + count;
	for (size_t i = 0; i < count; i++) {
		uint64_t word;
		memcpy(&word, (const uint8_t *)words + 8 * i, 8);
		hash = hash_mix(hash, word);
	}
	/* without the last one, words that count up would give hashes that do */
	return hash_mix(hash, key->k[1]);
}

#endif
