/*
 * Two sockets: one hears of changes, one asks for everything again.  A full dump of a gateway's
 * tables takes well under a millisecond; following single changes would save that and could drift.
 */
#include "network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/str.h"

#define BUFFER_SIZE 65536
#define SETTLE_NS   500000000ull /* between two dumps */

struct network {
	int changes, questions;
	uint32_t sequence;
	bool is_changed;
	uint64_t taken_ns; /* monotonic */
	struct network_state state;
	uint8_t buffer[BUFFER_SIZE];
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static int open_socket(uint32_t groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool ask(struct network *n, uint16_t what, struct network_state *s)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg family;
	} question = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
			  .nlmsg_type = what,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			  .nlmsg_seq = ++n->sequence },
		.family = { .rtgen_family = AF_UNSPEC },
	};
	if (send(n->questions, &question, question.head.nlmsg_len, 0) < 0)
		return false;
	for (;;) {
		ssize_t got = recv(n->questions, n->buffer, sizeof(n->buffer), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		enum network_end end = network_parse(s, n->buffer, (size_t)got);
		if (end != NETWORK_MORE)
			return end == NETWORK_DONE;
	}
}

static bool take(struct network *n)
{
	struct network_state fresh = { 0 };
	bool ok = ask(n, RTM_GETLINK, &fresh) && ask(n, RTM_GETADDR, &fresh) &&
		  ask(n, RTM_GETROUTE, &fresh);
	if (!ok) {
		network_state_deinit(&fresh);
		return false;
	}
	network_state_deinit(&n->state);
	n->state = fresh;
	n->taken_ns = monotonic_ns();
	n->is_changed = false;
	return true;
}

int network_open(struct network **ret, char *ret_why, size_t why_size)
{
	const uint32_t groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
				RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
	const struct timeval patience = { .tv_sec = 2 };
	struct network *n = calloc(1, sizeof(*n));
	if (!n)
		return -EXF_E_NOMEM;
	n->changes = open_socket(groups);
	n->questions = open_socket(0);
	if (n->questions >= 0)
		(void)setsockopt(n->questions, SOL_SOCKET, SO_RCVTIMEO, &patience,
				 sizeof(patience));
	if (n->changes < 0 || n->questions < 0 || !take(n)) {
		(void)snprintf(ret_why, why_size,
			       "cannot ask the kernel for interfaces and routes (rtnetlink): %s; "
			       "in a sandbox, allow the address family AF_NETLINK",
			       strerror(errno));
		network_close(n);
		return -EXF_E_IO;
	}
	*ret = n;
	return 0;
}

void network_close(struct network *n)
{
	if (!n)
		return;
	if (n->changes >= 0)
		(void)close(n->changes);
	if (n->questions >= 0)
		(void)close(n->questions);
	network_state_deinit(&n->state);
	free(n);
}

int network_fd(const struct network *n)
{
	return n->changes;
}

uint32_t network_index(const struct network *n, const char *name)
{
	struct ifreq request = { 0 };
	(void)str_copy(request.ifr_name, sizeof(request.ifr_name), name);
	return ioctl(n->questions, SIOCGIFINDEX, &request) == 0 ? (uint32_t)request.ifr_ifindex : 0;
}

const struct network_state *network_state(const struct network *n)
{
	return &n->state;
}

bool network_read(struct network *n)
{
	ssize_t got;
	/* that something has changed is enough, also that more has than was told (ENOBUFS) */
	while ((got = recv(n->changes, n->buffer, sizeof(n->buffer), MSG_DONTWAIT)) > 0 ||
	       (got < 0 && errno == ENOBUFS))
		n->is_changed = true;
	return n->is_changed && monotonic_ns() - n->taken_ns >= SETTLE_NS && take(n);
}
