/*
 * responder/tracked.h - the connections of who is cut off, in the kernel's table of them.
 *
 * What: ends them, by netlink.  What a flowtable carries passes by all rules for as long as its
 * connection is tracked, and goes with it.  The rules have to be there first, or it comes back.
 * Ownership: owns its socket. Threads: one owner.
 * Limits: TRACKED_ROUND connections a round, TRACKED_ROUNDS rounds.
 */
#ifndef EXFILD_SRC_RESPONDER_TRACKED_H
#define EXFILD_SRC_RESPONDER_TRACKED_H

#include <stddef.h>

#include "exfild/base/ipaddr.h"

#define TRACKED_ROUND  65536
#define TRACKED_ROUNDS 64

struct tracked;

/* Whose connections are to end. */
struct tracked_target {
	struct ipaddr host, peer; /* peer all zeros: with whomever */
};

/* NULL: the kernel tracks nothing, or there is no memory. */
struct tracked *tracked_open(void);
void tracked_close(struct tracked *t);
/* Sorts the list. NULL is a kernel that tracks nothing. */
void tracked_end(struct tracked *t, struct tracked_target *list, size_t count);

#endif
