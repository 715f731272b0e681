/*
 * context/suffix.h - registered domains by the public suffix list.
 *
 * What: libpsl behind a small cache, safe for names that are any bytes.
 * Ownership: suffix_free frees.  Threads: one owner (the cache is written by look-ups).
 * Limits: 16,384 cached answers, 256 KiB; no allocation after suffix_new.
 */
#ifndef EXFILD_CONTEXT_SUFFIX_H
#define EXFILD_CONTEXT_SUFFIX_H

#include <stddef.h>

#include "exfild/base/err.h"
#include "exfild/base/hash.h"

struct suffix;

/* path NULL: the newest of the system's list and the library's own. */
int suffix_new(const char *path, const struct hash_key *key, struct suffix **ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
void suffix_free(struct suffix *s);
/* context_registered(), see there. */
size_t suffix_split(struct suffix *s, const char *name, size_t len, const char **ret_registered,
		    size_t *ret_len);

#endif
