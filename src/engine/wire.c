/*
 * engine/wire.c - see wire.h.
 */
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

struct head {
	uint32_t kind, len;
};

/* What each kind has, to the byte. */
static const struct {
	size_t len;
	unsigned fds; /* at most */
} kinds[WIRE__COUNT] = {
	[WIRE_PLAN] = { sizeof(struct wire_plan), 0 },
	[WIRE_RULES] = { sizeof(struct wire_rules), 0 },
	[WIRE_NOTIFY] = { sizeof(struct wire_notify), 0 },
	[WIRE_DISTRUST] = { sizeof(struct wire_distrust), 0 },
	[WIRE_CAPTURE] = { 0, WIRE_FD__COUNT },
	[WIRE_GONE] = { sizeof(struct wire_gone), 0 },
	[WIRE_INSIDE] = { sizeof(struct wire_prefixes), 0 },
	[WIRE_RELOAD] = { 0, 0 },
	[WIRE_REFUSED] = { 0, 0 },
	[WIRE_SOCKETS] = { sizeof(struct wire_sockets), SOCKETS_MAX },
	[WIRE_UNSET] = { sizeof(struct wire_unset), 0 },
	[WIRE_OWN] = { sizeof(struct wire_addresses), 0 },
	[WIRE_BEGIN] = { 0, 0 },
	[WIRE_STOP] = { 0, 0 },
	[WIRE_ASK] = { sizeof(struct keep_request), 0 },
	[WIRE_CONNECTIONS] = { sizeof(struct wire_connections), 0 },
	[WIRE_SETS] = { sizeof(struct wire_sets), 1 },
	[WIRE_SUMS] = { sizeof(struct wire_sums), 0 },
};

_Static_assert(sizeof(struct wire_plan) <= WIRE_MAX, "every record fits");
_Static_assert(sizeof(struct wire_prefixes) <= WIRE_MAX, "every record fits");
_Static_assert(sizeof(struct wire_connections) <= WIRE_MAX, "every record fits");

bool wire_pair(int ret[2], bool is_impatient)
{
	const struct timeval patience = { .tv_sec = WIRE_PATIENCE_MS / 1000 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) != 0)
		return false;
	for (unsigned i = 0; i < 2; i++)
		(void)setsockopt(ret[i], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return !is_impatient || fcntl(ret[0], F_SETFL, O_NONBLOCK) == 0;
}

bool wire_send(int fd, enum wire_kind kind, const void *body, size_t len, const int *fds,
	       unsigned fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS)];
	} control = { .bytes = { 0 } };
	struct head head = { .kind = (uint32_t)kind, .len = (uint32_t)len };
	struct iovec parts[2] = { { &head, sizeof(head) }, { (void *)(uintptr_t)body, len } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = len ? 2 : 1 };
	if (fd_count) {
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
	}
	ssize_t done;
	do
		done = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	return done == (ssize_t)(sizeof(head) + len);
}

void wire_close_fds(struct wire *w)
{
	for (unsigned i = 0; i < w->fd_count; i++)
		(void)close(w->fds[i]);
	w->fd_count = 0;
}

static void take_fds(struct msghdr *m, struct wire *w)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (w->fd_count < WIRE_FDS)
				w->fds[w->fd_count++] = fd;
			else
				(void)close(fd);
		}
	}
}

/* A text that does not end is ended. */
static void end_texts(struct wire *w)
{
	if (w->kind == WIRE_PLAN) {
		struct wire_plan *p = (void *)w->body;
		p->filter[WIRE_FILTER - 1] = '\0';
		for (unsigned i = 0; i < LIVE_INTERFACES; i++)
			p->interfaces[i].name[SOCKETS_NAME - 1] = '\0';
	} else if (w->kind == WIRE_NOTIFY) {
		((struct wire_notify *)(void *)w->body)->text[WIRE_TEXT - 1] = '\0';
	} else if (w->kind == WIRE_DISTRUST) {
		((struct wire_distrust *)(void *)w->body)->why[WIRE_TEXT - 1] = '\0';
	} else if (w->kind == WIRE_SOCKETS) {
		((struct wire_sockets *)(void *)w->body)->name[SOCKETS_NAME - 1] = '\0';
	} else if (w->kind == WIRE_ASK) {
		((struct keep_request *)(void *)w->body)->alert_id[KEEP_ID_MAX - 1] = '\0';
	}
}

/* A truth value that is neither would not be one. */
static bool is_truth(const struct wire *w, size_t at)
{
	return w->body[at] <= 1;
}

static bool is_sound(const struct head *head, const struct wire *w)
{
	if (head->kind == WIRE_ASK && !is_truth(w, offsetof(struct keep_request, has_peer)))
		return false;
	return head->kind && head->kind < WIRE__COUNT && head->len == w->len &&
	       kinds[head->kind].len == w->len && w->fd_count <= kinds[head->kind].fds;
}

/* One record, sound or not; NOTHING, CLOSED. */
static enum wire_got receive_one(int fd, struct wire *w, bool *ret_is_sound)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS)];
	} control;
	struct head head = { 0 };
	struct iovec parts[2] = { { &head, sizeof(head) }, { w->body, sizeof(w->body) } };
	struct msghdr m = { .msg_iov = parts,
			    .msg_iovlen = 2,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	ssize_t got;
	w->fd_count = 0;
	do
		got = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) ?
			       WIRE_NOTHING :
			       WIRE_CLOSED;
	take_fds(&m, w);
	w->kind = head.kind;
	w->len = (size_t)got < sizeof(head) ? 0 : (size_t)got - sizeof(head);
	if (m.msg_flags & MSG_CTRUNC)
		wire_close_fds(w); /* none are left here: who takes it sees that they are missing */
	*ret_is_sound = !(m.msg_flags & MSG_TRUNC) && is_sound(&head, w);
	return WIRE_RECORD;
}

enum wire_got wire_receive(int fd, struct wire *ret)
{
	bool is_sound = false;
	enum wire_got got;
	while ((got = receive_one(fd, ret, &is_sound)) == WIRE_RECORD && !is_sound)
		wire_close_fds(ret);
	if (got == WIRE_RECORD)
		end_texts(ret);
	return got;
}
