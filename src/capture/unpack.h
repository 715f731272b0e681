/*
 * capture/unpack.h - gzip and zstd, found by their first bytes.
 *
 * What: a streaming decompressor: bytes in, bytes out, several members or frames in a row.
 * Threads: one owner.
 * Limits: zstd windows over 128 MiB (what `zstd --long` makes) are refused.
 */
#ifndef EXFILD_CAPTURE_UNPACK_H
#define EXFILD_CAPTURE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

#define UNPACK_HEAD 4 /* bytes that unpack_detect wants to see */

enum unpack_codec { UNPACK_NONE, UNPACK_GZIP, UNPACK_ZSTD };

enum unpack_codec unpack_detect(const uint8_t *head, size_t len);
/* "xz", "bzip2" ...: a format that is known and not handled; else NULL. */
const char *unpack_refused(const uint8_t *head, size_t len);

struct unpack;
int unpack_new(enum unpack_codec codec, struct unpack **ret) EXF_MUST_USE;
void unpack_free(struct unpack *u);

struct unpack_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
};

#define UNPACK_END 1
/*
 * Moves both sides of io as far as it can. 0: feed more; UNPACK_END: the rest is to be ignored;
 * -EXF_E_FORMAT: unpack_reason says why.
 */
int unpack_run(struct unpack *u, struct unpack_io *io) EXF_MUST_USE;
/* True inside a member or frame: an end of input there is a cut. */
bool unpack_is_inside(const struct unpack *u);
const char *unpack_reason(const struct unpack *u);
const char *unpack_name(const struct unpack *u);
/* Bytes of memory in use. */
size_t unpack_memory(const struct unpack *u);

#endif
