/*
 * tests/unit/base/random.h - numbers that look random and are the same in every run.
 *
 * What: splitmix64 (Steele, Lea and Flood 2014).  Threads: a state belongs to its caller.
 */
#ifndef EXFILD_TEST_RANDOM_H
#define EXFILD_TEST_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0 .. below - 1 */
static inline uint64_t random_below(uint64_t *state, uint64_t below)
{
	return random_next(state) % below;
}

#endif
