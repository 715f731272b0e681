/*
 * engine/content.h - what is looked for in clear text: from data files and configuration to rules.
 *
 * What: the shipped files of DATADIR/content, then content.markings and content.canaries, as lines
 * (content/content.h); in replay they become rules here, with the sets of content.fingerprints
 * (sets.h), live they go to the process that takes packets apart.
 * Ownership: the caller frees the buffer and the rules.
 * Threads: one.  Limits: CONTENT_TEXT bytes.
 */
#ifndef EXFILD_SRC_ENGINE_CONTENT_H
#define EXFILD_SRC_ENGINE_CONTENT_H

#include <stddef.h>

#include "exfild/base/buf.h"
#include "exfild/base/err.h"
#include "exfild/config/config.h"
#include "exfild/content/content.h"

/* -EXF_E_IO, _LIMIT with a sentence. */
int content_gather(struct buf *out, const char *data_dir, const struct config *c, char *why,
		   size_t why_size) EXF_MUST_USE;
/* The same, made into rules. */
int content_make(struct content_rules **ret, const char *data_dir, const struct config *c,
		 char *why, size_t why_size) EXF_MUST_USE;

#endif
