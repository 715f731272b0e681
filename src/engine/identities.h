/*
 * engine/identities.h - the file of identity.file, for the analysis.
 *
 * Threads: any; who prepares a change.
 */
#ifndef EXFILD_SRC_ENGINE_IDENTITIES_H
#define EXFILD_SRC_ENGINE_IDENTITIES_H

#include "exfild/config/config.h"
#include "exfild/context/identity.h"

/* *ret NULL: no file is configured.  ret_why: "file:line:column: sentence". */
int identities_from(const struct config *c, struct identity_list **ret, char *ret_why,
		    size_t why_size) EXF_MUST_USE;
/* Changes when the file does. */
uint64_t identities_signature(const struct config *c);

#endif
