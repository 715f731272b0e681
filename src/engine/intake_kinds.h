/*
 * engine/intake_kinds.h - the streams of messages, and what each of them does.
 *
 * Threads: that of messages.
 */
#ifndef EXFILD_SRC_ENGINE_INTAKE_KINDS_H
#define EXFILD_SRC_ENGINE_INTAKE_KINDS_H

#include <stdatomic.h>

#include "exfild/bus/stream.h"
#include "intake.h"

struct intake_job {
	const struct intake_options *o;
	const atomic_bool *stop; /* exfild is ending */
};

struct intake_kind {
	const char *name; /* behind the prefix, and what is signed */
	bool (*is_on)(const struct config *c);
	/* 0, or -EXF_E_INVALID: no message; another: it is not done; with a sentence */
	int (*take)(const struct intake_job *i, const struct redis_text *body, char *why,
		    size_t size);
};

/* The last has no name. */
extern const struct intake_kind intake_kinds[];

#endif
