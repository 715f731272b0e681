/*
 * engine/children.h - the two processes that the parent starts, and how it ends them.
 *
 * Threads: the parent's only one.
 */
#ifndef EXFILD_SRC_ENGINE_CHILDREN_H
#define EXFILD_SRC_ENGINE_CHILDREN_H

#include <sys/types.h>

#include "exfild/engine/options.h"
#include "exfild/sandbox/sandbox.h"
#include "wire.h"

struct child {
	pid_t pid;                   /* 0: there is none */
	int channel;                 /* -1 then */
	uint64_t started_ns, due_ns; /* monotonic: when it may start again */
	unsigned ends;               /* soon after their start, in a row */
};

/* False with errno. */
bool child_start_core(struct child *c, const struct options *o, int before, const int *close_fds,
		      size_t close_count);

struct child_capture {
	const struct options *options; /* what they hold is wiped */
	const struct wire_plan *plan;
	const char *rules;
	size_t rules_len;
	struct split_key split;
	const struct sandbox_user *user; /* NULL: the parent's own */
};
/* ret_fds: for core, by enum wire_capture_fd, to be closed by the caller. */
bool child_start_capture(struct child *c, const struct child_capture *o,
			 int ret_fds[WIRE_FD__COUNT]);
/* SIGKILL, also to a process of another user; it is waited for as any. */
void child_kill(const struct child *c, const struct sandbox_user *user);
/* It has ended: when it may start again. */
void child_ended(struct child *c);

#endif
