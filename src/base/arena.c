/* base/arena.c - memory that is freed all at once; arena.h tells the contract. */
#include "exfild/base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_FIRST   ((size_t)4096)
#define CHUNK_LARGEST ((size_t)1 << 20)

struct arena_chunk {
	struct arena_chunk *next;
	alignas(max_align_t) unsigned char data[];
};

static bool chunk_add(struct arena *a, size_t need)
{
	size_t cap = a->cap ? a->cap * 2 : CHUNK_FIRST;
	if (cap > CHUNK_LARGEST)
		cap = CHUNK_LARGEST;
	if (cap < need)
		cap = need;
	struct arena_chunk *c = calloc(1, sizeof(*c) + cap);
	if (!c)
		return false;
	c->next = a->chunks;
	a->chunks = c;
	a->used = 0;
	a->cap = cap;
	return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t step = alignof(max_align_t);
	if (size > SIZE_MAX / 4)
		return NULL;
	size = (size + step - 1) / step * step;
	if ((!a->chunks || a->cap - a->used < size) && !chunk_add(a, size))
		return NULL;
	void *p = a->chunks->data + a->used;
	a->used += size;
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;
	return __builtin_mul_overflow(count, size, &total) ? NULL : arena_alloc(a, total);
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1);
	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

void arena_free(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *next = a->chunks->next;
		free(a->chunks);
		a->chunks = next;
	}
	a->used = 0;
	a->cap = 0;
}
