/*
 * engine/sets.h - the files of content.fingerprints, on their way to who takes texts apart.
 *
 * What: reads the key and the sets, checks them, and keeps them in sealed memory, whose descriptor
 * can be handed to another process.  A set that cannot be used is an error that names its file.
 * Ownership: a sets_pack is the caller's until it is committed; the store's memory is its own.
 * Threads: sets_gather() any; the store's functions any.
 * Limits: content/sets.h.
 */
#ifndef EXFILD_SRC_ENGINE_SETS_H
#define EXFILD_SRC_ENGINE_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/base/err.h"
#include "exfild/config/config.h"

struct content_sets;

/* *ret NULL: none is configured. -EXF_E_x with a sentence. */
int sets_make(const struct config *c, struct content_sets **ret, char *ret_why,
	      size_t why_size) EXF_MUST_USE;
/* Changes when one of the files does. */
uint64_t sets_signature(const struct config *c);

struct sets_pack {
	int fd; /* -1: no set is configured */
	uint64_t len;
};
int sets_pack_make(const struct config *c, struct sets_pack *ret, char *ret_why,
		   size_t why_size) EXF_MUST_USE;
void sets_pack_drop(struct sets_pack *p);

struct sets_store; /* what is in effect */
struct sets_store *sets_store_new(void);
void sets_store_free(struct sets_store *s);
/* Takes the pack over. */
void sets_store_commit(struct sets_store *s, const struct sets_pack *p);
/* Whether there is another one than that of this number, which becomes its; *ret: a descriptor of
 * the caller's. */
bool sets_store_next(struct sets_store *s, uint32_t *number, struct sets_pack *ret);

#endif
