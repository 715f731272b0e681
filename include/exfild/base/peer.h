/*
 * base/peer.h - who is at the other end of the socket, by the kernel's word.
 *
 * Threads: any; the rules are read-only once found.
 */
#ifndef EXFILD_BASE_PEER_H
#define EXFILD_BASE_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#define PEER_GROUP_READ "exfild"
#define PEER_GROUP_ACT  "exfild-admin"

/* Groups are looked up once, before the process gives its rights away. */
struct peer_rules {
	bool has_read, has_act;
	gid_t read, act;
};

struct peer {
	uid_t uid;
	pid_t pid;
	bool may_read, may_act;
};

void peer_rules_find(struct peer_rules *ret);
/* By numbers: what a test and the socket's side share. */
void peer_judge(const struct peer_rules *rules, const gid_t *groups, size_t count, struct peer *p);
/* False: the kernel does not say; nobody may do anything then. */
bool peer_of(const struct peer_rules *rules, int fd, struct peer *ret);

#endif
