/*
 * sandbox/sandbox.h - each process of the live daemon gives up all that its work does not need.
 *
 * What: one sequence of steps a process: parent.c, core.c, capture.c.  After it a call that the
 * process has no use for fails with EPERM, a path outside of its folders with EACCES; what only a
 * program that was taken over would try ends the process with SIGSYS: execve, ptrace, writing into
 * other processes, and in all but the parent fork.
 * Ownership: borrows all.
 * Threads: before any thread is made; threads made later have the same limits.
 * Limits: SANDBOX_PATHS paths of each kind, SANDBOX_FDS descriptors.
 */
#ifndef EXFILD_SANDBOX_SANDBOX_H
#define EXFILD_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "exfild/base/err.h"

#define SANDBOX_PATHS 64
#define SANDBOX_FDS   80

struct sandbox_user {
	uid_t uid;
	gid_t gid;
};

/* Its place, of the account of that name, or of nobody; false: this process may not become another
 * user. */
bool sandbox_find_user(const char *name, struct sandbox_user *ret);
/* For good; no groups.  0, or -1 with errno. */
int sandbox_become(const struct sandbox_user *user) EXF_MUST_USE;

/*
 * For a process that is about to hold a secret: no core dump will show it.  One that is confined
 * has done so already and may ask again. is_sanitized: the sanitizer traces the process, and only
 * the dump's size is limited. 0, or -1 with errno.
 */
int sandbox_hide(bool is_sanitized) EXF_MUST_USE;

/* Keeps: packet sockets, users for its children, other processes. */
struct sandbox_parent {
	bool is_sanitized; /* leak checks trace the process, reports run a program */
};
/* 0, or negative with a sentence: then nothing may go on.  So do all three. */
int sandbox_enter_parent(const struct sandbox_parent *s, char *ret_why,
			 size_t why_size) EXF_MUST_USE;

/* Keeps: files within its folders, sockets of all kinds but packets. */
struct sandbox {
	/* files, and folders with all below; those that are not there are passed over */
	const char *read[SANDBOX_PATHS], *write[SANDBOX_PATHS];
	size_t read_count, write_count;
	bool is_sanitized;
	int landlock; /* out: version in effect, 0: the kernel has none */
};
/* False, and nothing added, where there is no room. */
bool sandbox_read(struct sandbox *s, const char *path);
bool sandbox_write(struct sandbox *s, const char *path);
int sandbox_enter_core(struct sandbox *s, char *ret_why, size_t why_size) EXF_MUST_USE;

/* Keeps: memory, threads, time, and the descriptors that it has. */
struct sandbox_capture {
	const struct sandbox_user *user; /* to become; NULL: stays who it is */
	int writes[SANDBOX_FDS];         /* all that it ever writes to */
	int keeps[SANDBOX_FDS];          /* others that stay open */
	size_t write_count, keep_count;
	bool is_sanitized;
	int landlock; /* out */
};
int sandbox_enter_capture(struct sandbox_capture *s, char *ret_why, size_t why_size) EXF_MUST_USE;

/* Keeps: nftables and conntrack, files within its folder, its socket. */
struct sandbox_responder {
	const char *folder;
};
int sandbox_enter_responder(const struct sandbox_responder *s, char *ret_why,
			    size_t why_size) EXF_MUST_USE;

#endif
