/*
 * base/sha256.h - SHA-256 of what people check again: files, and records of a chain.
 *
 * What: libcrypto behind begin, add, end; in one step for a text and for an open file.  Tables use
 * base/hash.h, which is keyed and much faster.
 * Ownership: nothing hangs on a struct sha256 after sha256_end().
 * Threads: any; a struct is one thread's.
 */
#ifndef EXFILD_BASE_SHA256_H
#define EXFILD_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

#define SHA256_HEX 65 /* 64 lower-case digits and NUL */

struct sha256 {
	void *ctx; /* NULL: the library refused, for want of memory */
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
/* -EXF_E_NOMEM: the library refused; ret is "" then. */
int sha256_end(struct sha256 *s, char ret[SHA256_HEX]) EXF_MUST_USE;

/* Of a file from where it stands to its end, and its bytes; -EXF_E_IO with errno. */
int sha256_fd(int fd, char ret[SHA256_HEX], uint64_t *ret_bytes) EXF_MUST_USE;

#endif
