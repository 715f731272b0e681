/*
 * control/link.c - exfilctl's end of the socket.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "exfild/base/peer.h"
#include "exfild/control/server.h"
#include "client_parts.h"

#define LINE_MAX_BYTES (4u << 20)
#define PATIENCE_S     10

static bool fail(const char *path, int error)
{
	const char *mend =
		error == ENOENT || error == ECONNREFUSED ?
			"the daemon does not run here: systemctl start exfild, or name its socket "
			"with -s" :
		error == EACCES || error == EPERM ?
			"only root and members of the group " PEER_GROUP_READ
			" may ask: sudo adduser $USER " PEER_GROUP_READ ", then log in again" :
			"systemctl status exfild says how the daemon is";
	(void)fprintf(stderr, "exfilctl: %s: %s\nexfilctl: %s\n", path, strerror(error), mend);
	return false;
}

bool link_open(struct link *l, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	l->fd = -1;
	l->taken = 0;
	buf_init(&l->in, LINE_MAX_BYTES);
	if (strlen(path) >= sizeof(address.sun_path))
		return fail(path, ENAMETOOLONG);
	memcpy(address.sun_path, path, strlen(path) + 1);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || connect(l->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return fail(path, errno);
	(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return true;
}

void link_close(struct link *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	buf_deinit(&l->in);
}

bool link_send(struct link *l, const struct request *r)
{
	struct buf out;
	buf_init(&out, CONTROL_REQUEST_MAX);
	request_print(r, &out);
	if (r->follow) /* an alert may take its time */
		(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 0 },
				 sizeof(struct timeval));
	/* a daemon that refuses at once has answered already: its answer is read all the same */
	(void)send(l->fd, out.data, out.len, MSG_NOSIGNAL);
	buf_deinit(&out);
	return true;
}

void link_patience(struct link *l, double seconds)
{
	struct timeval patience = { .tv_sec = (time_t)seconds };
	patience.tv_usec = (suseconds_t)((seconds - (double)patience.tv_sec) * 1e6) + 1;
	(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static void forget_taken(struct link *l)
{
	size_t rest = l->in.len - l->taken;
	if (l->in.data)
		memmove(l->in.data, l->in.data + l->taken, rest);
	buf_truncate(&l->in, rest);
	l->taken = 0;
}

char *link_line(struct link *l)
{
	char space[65536];
	forget_taken(l);
	for (;;) {
		char *end = l->in.data ? memchr(l->in.data, '\n', l->in.len) : NULL;
		if (end) {
			*end = '\0';
			l->taken = (size_t)(end - l->in.data) + 1;
			return l->in.data;
		}
		ssize_t got = recv(l->fd, space, sizeof(space), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return NULL;
		buf_add(&l->in, space, (size_t)got);
		if (l->in.full)
			return NULL;
	}
}
