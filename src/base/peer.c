/*
 * base/peer.c - SO_PEERCRED names user and main group, SO_PEERGROUPS the other groups.
 */
#include "exfild/base/peer.h"

#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUPS_MAX 1024

static bool find_group(const char *name, gid_t *ret)
{
	char space[4096];
	struct group g, *found = NULL;
	if (getgrnam_r(name, &g, space, sizeof(space), &found) != 0 || !found)
		return false;
	*ret = g.gr_gid;
	return true;
}

void peer_rules_find(struct peer_rules *ret)
{
	ret->has_read = find_group(PEER_GROUP_READ, &ret->read);
	ret->has_act = find_group(PEER_GROUP_ACT, &ret->act);
}

void peer_judge(const struct peer_rules *rules, const gid_t *groups, size_t count, struct peer *p)
{
	p->may_act = p->uid == 0 || p->uid == geteuid();
	p->may_read = p->may_act;
	for (size_t i = 0; i < count; i++) {
		p->may_act = p->may_act || (rules->has_act && groups[i] == rules->act);
		p->may_read = p->may_read || (rules->has_read && groups[i] == rules->read);
	}
	p->may_read = p->may_read || p->may_act;
}

bool peer_of(const struct peer_rules *rules, int fd, struct peer *ret)
{
	struct ucred cred;
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(cred), size = sizeof(groups) - sizeof(gid_t);
	memset(ret, 0, sizeof(*ret));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &size) != 0)
		size = 0;
	groups[0] = cred.gid;
	ret->uid = cred.uid;
	ret->pid = cred.pid;
	peer_judge(rules, groups, 1 + size / sizeof(gid_t), ret);
	return true;
}
