/*
 * base/pool.h - names that outlive what they were read from.
 *
 * What: gives equal texts one address that stays, for the static names of rules and detectors that
 * come back from a file.
 * Ownership: embedded, zeroed by its owner; pool_deinit frees.  Threads: one owner.
 * Limits: POOL_NAMES names of at most POOL_NAME_MAX - 1 bytes.
 */
#ifndef EXFILD_BASE_POOL_H
#define EXFILD_BASE_POOL_H

#include <stddef.h>

#define POOL_NAMES    512
#define POOL_NAME_MAX 96

struct pool {
	char (*names)[POOL_NAME_MAX];
	size_t count;
};

/* NULL: too long, full, or no memory. */
const char *pool_name(struct pool *p, const char *text);
void pool_deinit(struct pool *p);

#endif
