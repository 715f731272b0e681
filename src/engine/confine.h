/*
 * engine/confine.h - which paths the analysis needs (live), and that it gives up all else.
 *
 * What: from configuration and command line the folders for sandbox/sandbox.h.  A reload that names
 * a path outside of them is refused by the kernel: that takes a restart.
 * Ownership: borrows options and configuration.
 * Threads: before any thread is made.
 */
#ifndef EXFILD_SRC_ENGINE_CONFINE_H
#define EXFILD_SRC_ENGINE_CONFINE_H

#include "exfild/config/config.h"
#include "exfild/engine/options.h"

/* 0, or negative with a sentence: then exfild does not start. */
int confine(const struct options *o, const struct config *c, const char *data_dir, char *ret_why,
	    size_t why_size) EXF_MUST_USE;

/* Built with a sanitizer, which needs calls of its own. */
bool confine_is_sanitized(void);

#endif
