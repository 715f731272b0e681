/* base/block.c - see include/exfild/base/block.h */
#include "exfild/base/block.h"

#include <stdlib.h>

struct block *block_new(size_t size)
{
	if (size > UINT32_MAX || size > SIZE_MAX - sizeof(struct block))
		return NULL;
	struct block *b = malloc(sizeof(*b) + size);
	if (b == NULL)
		return NULL;
	atomic_init(&b->refs, 1);
	b->size = (uint32_t)size;
	return b;
}

void block_release(struct block *b)
{
	if (b == NULL)
		return;
	/* Release our reads of the bytes to whoever frees; acquire theirs when that is us. */
	if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
		free(b);
}
