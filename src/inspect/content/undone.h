/*
 * inspect/content/undone.h - where the compression of a long conversation is undone.
 *
 * What: one deflate without a head that goes on from message to message (RFC 7692), a side of a
 * flow.
 * Ownership: places belong to the shard; a side borrows one by number and serial (struct undoing).
 * Threads: one shard.
 * Limits: UNDONE_PLACES sides of a shard at a time, past that the one that was idle for longest
 * gives its place up and is lost; UNDONE_MOST bytes come out of one.
 */
#ifndef EXFILD_INSPECT_CONTENT_UNDONE_H
#define EXFILD_INSPECT_CONTENT_UNDONE_H

#include "exfild/content/packed.h"
#include "exfild/inspect/inspector.h"

#define UNDONE_PLACES 16u
#define UNDONE_MOST   (256ull << 20)

struct undoing { /* zeroed: nothing is compressed yet */
	uint64_t serial;
	uint32_t number; /* of the place; 0: none */
	bool is_lost;
};

/* NULL: no memory. */
struct undone *undone_new(void);
void undone_free(struct undone *u);
size_t undone_bytes(void);

/* Gives what the next bytes hold; false: no more of it will come (damage, a bomb, no place). */
bool undone_take(struct inspection *in, struct undoing *u, const uint8_t *data, size_t len,
		 packed_fn fn, void *arg);
/* It is of no interest any more. */
void undone_drop(struct inspection *in, struct undoing *u);

#endif
