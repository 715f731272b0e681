/*
 * sandbox/steps.h - the two steps that are more than a call.
 *
 * Threads: before any thread.
 */
#ifndef EXFILD_SRC_SANDBOX_STEPS_H
#define EXFILD_SRC_SANDBOX_STEPS_H

#include "exfild/sandbox/sandbox.h"

/* landlock.c: paths outside of those named are closed; s->landlock says which version did it. */
int landlock_close(struct sandbox *s) EXF_MUST_USE;
/* filter.c: the calls that exfild makes; all others fail or end the process. */
int filter_load(bool is_sanitized) EXF_MUST_USE;

#endif
