/*
 * control/server.c - socket, thread, turns.
 */
#include "exfild/control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "private.h"

#define SPARE_MAX 8 /* over the cap: they are told so, before they are cut */

void control_snapshot(struct control *c)
{
	board_read(c->options.board, &c->snapshot);
	struct snap_table *t = snap_add_table(&c->snapshot, "control_clients");
	if (!t)
		return;
	t->entries = c->session_count;
	t->capacity = CONTROL_CLIENTS;
	t->evictions = c->counts.cut;
	t->refused = c->counts.turned_away;
}

static void on_accept(int listen_fd, short what, void *arg)
{
	struct control *c = arg;
	(void)what;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (c->session_count >= CONTROL_CLIENTS + SPARE_MAX) {
		c->counts.turned_away++;
		(void)close(fd);
		return;
	}
	session_start(c, fd);
}

static void on_stop(int fd, short what, void *arg)
{
	struct control *c = arg;
	(void)fd;
	(void)what;
	(void)event_base_loopbreak(c->base);
}

static void on_turn(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	session_turn(arg);
}

/* --- the socket -------------------------------------------------------------------------- */

static bool somebody_listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answers =
		fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
			    errno == EAGAIN);
	if (fd >= 0)
		(void)close(fd);
	return answers;
}

static int fail_socket(const struct control *c, const char *what, char *why, size_t size)
{
	(void)snprintf(why, size, "control.socket %s: %s: %s", c->socket_path, what,
		       strerror(errno));
	return -EXF_E_IO;
}

/* Where the daemon's own group is exfild it is the socket's from the start, and the service's
 * filter of system calls has no chown. */
static bool is_of_group(const char *path, gid_t group)
{
	struct stat st;
	return (stat(path, &st) == 0 && st.st_gid == group) || chown(path, (uid_t)-1, group) == 0;
}

/* root:exfild 0660; without the group only the daemon's user and root. */
static void give_to_group(const struct control *c)
{
	bool given = c->rules.has_read && is_of_group(c->socket_path, c->rules.read);
	(void)chmod(c->socket_path, given ? 0660 : 0600);
	if (!given)
		log_info(
			"control",
			"%s is for root and the daemon's user only: there is no group " PEER_GROUP_READ
			", or the daemon is not in it",
			c->socket_path);
}

static int open_socket(struct control *c, char *why, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat there;
	if (strlen(c->options.socket_path) >= sizeof(address.sun_path)) {
		(void)snprintf(why, size, "control.socket is too long: at most 107 characters");
		return -EXF_E_INVALID;
	}
	(void)snprintf(c->socket_path, sizeof(c->socket_path), "%s", c->options.socket_path);
	memcpy(address.sun_path, c->socket_path, strlen(c->socket_path) + 1);
	if (lstat(c->socket_path, &there) == 0) {
		if (!S_ISSOCK(there.st_mode) || somebody_listens(&address)) {
			(void)snprintf(why, size,
				       S_ISSOCK(there.st_mode) ?
					       "control.socket %s is in use: another exfild runs; "
					       "stop it, or name another socket" :
					       "control.socket %s is there and is no socket: "
					       "remove it, or name another path",
				       c->socket_path);
			return -EXF_E_IO;
		}
		(void)unlink(c->socket_path);
	}
	c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->listen_fd < 0)
		return fail_socket(c, "cannot be made", why, size);
	mode_t old = umask(0177);
	int bound = bind(c->listen_fd, (const struct sockaddr *)&address, sizeof(address));
	int error = errno;
	(void)umask(old);
	errno = error;
	if (bound != 0)
		return fail_socket(c,
				   "cannot be bound (does its folder exist, and may exfild write "
				   "there?)",
				   why, size);
	c->has_socket = lstat(c->socket_path, &c->socket_stat) == 0;
	give_to_group(c);
	if (listen(c->listen_fd, CONTROL_CLIENTS) != 0)
		return fail_socket(c, "cannot be listened on", why, size);
	return 0;
}

static void remove_socket(const struct control *c)
{
	struct stat there;
	if (c->has_socket && lstat(c->socket_path, &there) == 0 &&
	    there.st_ino == c->socket_stat.st_ino && there.st_dev == c->socket_stat.st_dev)
		(void)unlink(c->socket_path);
}

/* --- the thread -------------------------------------------------------------------------- */

static void *run(void *arg)
{
	struct control *c = arg;
	(void)pthread_setname_np(pthread_self(), "exfild-control");
	(void)event_base_loop(c->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

/* No signal is this thread's to take. */
static int start_thread(struct control *c)
{
	sigset_t all, old;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	c->has_thread = pthread_create(&c->thread, NULL, run, c) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return c->has_thread ? 0 : -EXF_E_NOMEM;
}

static int add_events(struct control *c)
{
	c->stop_event = event_new(c->base, c->stop_fd, EV_READ, on_stop, c);
	c->turn_event = event_new(c->base, -1, EV_PERSIST, on_turn, c);
	if (!c->stop_event || !c->turn_event || event_add(c->stop_event, NULL) != 0)
		return -EXF_E_NOMEM;
	if (c->listen_fd < 0)
		return 0;
	c->accept_event = event_new(c->base, c->listen_fd, EV_READ | EV_PERSIST, on_accept, c);
	return c->accept_event && event_add(c->accept_event, NULL) == 0 ? 0 : -EXF_E_NOMEM;
}

int control_start(const struct control_options *o, struct control **ret, char *ret_why,
		  size_t why_size)
{
	struct control *c = calloc(1, sizeof(*c));
	if (!c)
		return -EXF_E_NOMEM;
	c->options = *o;
	c->listen_fd = -1;
	c->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->base = event_base_new();
	int err = c->base && c->stop_fd >= 0 ? 0 : -EXF_E_NOMEM;
	peer_rules_find(&c->rules);
	if (!err && o->socket_path && *o->socket_path)
		err = open_socket(c, ret_why, why_size);
	if (!err && o->listen && *o->listen)
		err = http_start(c, o->listen, &c->http, ret_why, why_size);
	if (!err)
		err = add_events(c);
	if (!err)
		err = start_thread(c);
	if (err) {
		control_stop(c);
		return err;
	}
	*ret = c;
	return 0;
}

void control_stop(struct control *c)
{
	if (!c)
		return;
	uint64_t one = 1;
	if (c->has_thread && write(c->stop_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		(void)pthread_join(c->thread, NULL);
	while (c->sessions)
		session_free(c->sessions);
	http_free(c->http);
	if (c->accept_event)
		event_free(c->accept_event);
	if (c->turn_event)
		event_free(c->turn_event);
	if (c->stop_event)
		event_free(c->stop_event);
	if (c->base)
		event_base_free(c->base);
	remove_socket(c);
	if (c->listen_fd >= 0)
		(void)close(c->listen_fd);
	if (c->stop_fd >= 0)
		(void)close(c->stop_fd);
	free(c);
}
