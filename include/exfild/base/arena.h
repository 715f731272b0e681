/*
 * base/arena.h - memory that is freed all at once.
 *
 * What: the strings and arrays of one document or one configuration.
 * Ownership: arena_free frees all of it; nothing is freed alone.
 * Threads: one owner while it grows.
 */
#ifndef EXFILD_BASE_ARENA_H
#define EXFILD_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
	size_t used, cap; /* of the newest chunk */
};

/* Zeroed and aligned for any type; NULL when memory is exhausted. */
void *arena_alloc(struct arena *a, size_t size);
/* The same for count elements; NULL also when the product does not fit in a size_t. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A copy of len bytes with a NUL behind them. */
char *arena_strndup(struct arena *a, const char *text, size_t len);
char *arena_strdup(struct arena *a, const char *text);
void arena_free(struct arena *a);

#endif
