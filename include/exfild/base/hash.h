/*
 * base/hash.h - keyed hashes for tables that attackers feed.
 *
 * What: SipHash-1-3 (Aumasson and Bernstein 2012; one compression and three finalisation rounds)
 * and a cheap keyed mix that extends a secret 64-bit hash by one more word.
 * The key is random in a live process and fixed in replay, so that replays are exact.
 * Threads: any; keys are values.
 */
#ifndef EXFILD_BASE_HASH_H
#define EXFILD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k[2];
};

/* The key of every replay and of tests. */
extern const struct hash_key hash_key_fixed;

/* A random key from the kernel. */
struct hash_key hash_key_random(void);

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);
/* The same over whole 64-bit words; faster, and another function of the same bytes. */
uint64_t hash_words(const struct hash_key *key, const uint64_t *words, size_t count);

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

#endif
