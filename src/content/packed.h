/*
 * content/packed.h - one compressed text that is undone as it passes.
 *
 * What: gzip and zlib, known by their first two bytes.
 * Ownership: the scanner's, lent to a text.  Threads: that of the scanner.
 * Limits: PACKED_MAX bytes of a text come out; memory is the slot's alone.
 */
#ifndef EXFILD_SRC_CONTENT_PACKED_H
#define EXFILD_SRC_CONTENT_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZLIB_CONST
#include <zlib.h>

#define PACKED_MAX  (8u << 20)
#define PACKED_SLAB (48u << 10) /* zlib: some 7 KiB of state, 32 of window */

struct packed {
	z_stream z;
	uint64_t in, out;
	size_t slab_used;
	_Alignas(16) uint8_t slab[PACKED_SLAB];
};

typedef void (*packed_fn)(void *arg, const uint8_t *data, size_t len);

/* Whether a text that begins so is compressed. */
bool packed_is(uint8_t first, uint8_t second);
bool packed_begin(struct packed *p);
/* Gives what the next bytes hold; false: no more of it will come (damage, a bomb, no memory). */
bool packed_take(struct packed *p, const uint8_t *data, size_t len, packed_fn fn, void *arg);

#endif
