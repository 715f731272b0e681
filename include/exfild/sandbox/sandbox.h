/*
 * sandbox/sandbox.h - the live daemon gives up all that its work does not need.
 *
 * What: one sequence of steps: no core dumps, no capability but CAP_NET_RAW, no new privileges,
 * Landlock, a seccomp filter.  After it a call that exfild has no use for fails with EPERM, a path
 * outside of its folders with EACCES; what only a program that was taken over would try ends the
 * process with SIGSYS: execve, fork, ptrace, writing into other processes.
 * Ownership: borrows all.
 * Threads: before any thread is made; threads made later have the same limits.
 * Limits: SANDBOX_PATHS paths of each kind.
 */
#ifndef EXFILD_SANDBOX_SANDBOX_H
#define EXFILD_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "exfild/base/err.h"

#define SANDBOX_PATHS 64

struct sandbox {
	/* files, and folders with all below; those that are not there are passed over */
	const char *read[SANDBOX_PATHS], *write[SANDBOX_PATHS];
	size_t read_count, write_count;
	bool is_sanitized; /* leak checks trace the process, reports run a program */
	int landlock;      /* out: version in effect, 0: the kernel has none */
};

/* False, and nothing added, where there is no room. */
bool sandbox_read(struct sandbox *s, const char *path);
bool sandbox_write(struct sandbox *s, const char *path);
/* 0, or negative with a sentence: then nothing may go on. */
int sandbox_enter(struct sandbox *s, char *ret_why, size_t why_size) EXF_MUST_USE;

#endif
