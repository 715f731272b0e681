/*
 * sandbox/steps.h - the steps that the three sequences are made of.
 *
 * Threads: before any thread.
 */
#ifndef EXFILD_SRC_SANDBOX_STEPS_H
#define EXFILD_SRC_SANDBOX_STEPS_H

#include "exfild/sandbox/sandbox.h"

/* steps.c.  0, or -1 with errno. */
/* A core file would hold packets and passwords. */
int forbid_core_dumps(void) EXF_MUST_USE;
/* Of what it has, only those stay; what is gone from the bounding set can never be had again. */
int keep_capabilities(const unsigned *list, size_t count) EXF_MUST_USE;
/* Nobody of the same user looks into it. */
int hide_memory(void) EXF_MUST_USE;
/* Setuid files mean nothing to it. */
int forbid_new_privileges(void) EXF_MUST_USE;
/* The sentence of a step that failed. */
int step_failed(const char *step, char *why, size_t size);

/* landlock.c: what is outside of the named paths is closed; s->landlock says which version did it.
 */
int landlock_close(struct sandbox *s) EXF_MUST_USE;
/* The same without any path, TCP or abstract socket; the version, or -1. */
int landlock_close_all(void) EXF_MUST_USE;

/* filter.c: the calls that a process makes; all others fail or end it. */
int filter_load_parent(bool is_sanitized) EXF_MUST_USE;
int filter_load_core(bool is_sanitized) EXF_MUST_USE;
/* Descriptors above `highest` may be closed, those of the list written to. */
int filter_load_capture(const struct sandbox_capture *s, int highest) EXF_MUST_USE;

#endif
