/*
 * context/managers.h - hosts that administer several others on several days.
 *
 * What: notes each act of administration; says when a host has become a manager: MANAGER_TARGETS
 * different hosts, on MANAGER_DAYS days.
 * Ownership: embedded; managers_deinit frees.  Threads: one owner.
 * Limits: `capacity` hosts; those with the fewest days make room.
 */
#ifndef EXFILD_SRC_CONTEXT_MANAGERS_H
#define EXFILD_SRC_CONTEXT_MANAGERS_H

#include "exfild/base/keep.h"
#include "exfild/base/table.h"
#include "exfild/context/context.h"

#define MANAGER_TARGETS 3u
#define MANAGER_DAYS    3u

struct managers {
	struct table table;
	struct hash_key mark_key;
};

int managers_init(struct managers *m, const struct hash_key *key, const struct hash_key *mark_key,
		  uint32_t capacity) EXF_MUST_USE;
void managers_deinit(struct managers *m);
void managers_keep(struct managers *m, struct keep_list *list);
/* The client administers the server now; whether it is a manager. */
bool managers_note(struct managers *m, const struct ipaddr *client, const struct ipaddr *server,
		   uint64_t now_ns);

#endif
