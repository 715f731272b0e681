/*
 * responder/server.c - see server.h.
 */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"

#define TICK_MS 1000

struct loop {
	const struct server_options *o;
	struct pollfd fds[2 + SERVER_CLIENTS]; /* signals, listener, clients */
	struct desk_asker askers[SERVER_CLIENTS];
	size_t clients;
};

static uint64_t now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec;
}

static uint64_t steady_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int server_listen(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	if (!str_copy(a.sun_path, sizeof(a.sun_path), path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int other = quarantine_connect(path);
	if (other >= 0) {
		(void)close(other);
		errno = EADDRINUSE;
		return -1;
	}
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* anybody may connect: what they may do is decided by who they are */
	mode_t old = umask(0111);
	bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 &&
		  listen(fd, SERVER_CLIENTS) == 0;
	(void)umask(old);
	if (ok)
		return fd;
	int saved = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = saved;
	return -1;
}

static void take_client(struct loop *l)
{
	struct peer p;
	int fd = accept4(l->fds[1].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (l->clients == SERVER_CLIENTS || !peer_of(&l->o->rules, fd, &p)) {
		(void)close(fd);
		return;
	}
	/* the user that the daemon runs as is no administrator, though the control socket trusts it
	 */
	l->askers[l->clients] = (struct desk_asker){
		.uid = p.uid,
		.may_read = p.may_read,
		.is_daemon = l->o->has_daemon && p.uid == l->o->daemon,
		.is_admin = p.uid == 0 || (p.may_act && p.uid != geteuid()),
	};
	l->fds[2 + l->clients++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void drop_client(struct loop *l, size_t i)
{
	(void)close(l->fds[2 + i].fd);
	l->clients--;
	l->fds[2 + i] = l->fds[2 + l->clients];
	l->askers[i] = l->askers[l->clients];
}

/* False: this client is over. */
static bool serve(struct loop *l, size_t i)
{
	uint8_t data[sizeof(struct quarantine_request) + 1];
	struct quarantine_answer answer;
	int fd = l->fds[2 + i].fd;
	ssize_t n = recv(fd, data, sizeof(data), 0);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	desk_answer(l->o->desk, data, (size_t)n, &l->askers[i], now_s(), &answer);
	return send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) == (ssize_t)sizeof(answer);
}

int server_run(int listener, const struct server_options *o)
{
	struct loop l = { .o = o };
	uint64_t next_ms = steady_ms() + TICK_MS;
	sigset_t ends;
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	l.fds[0] = (struct pollfd){ .fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK),
				    .events = POLLIN };
	l.fds[1] = (struct pollfd){ .fd = listener, .events = POLLIN };
	if (l.fds[0].fd < 0)
		return -EXF_E_IO;
	for (;;) {
		uint64_t now_ms = steady_ms();
		int wait_ms = now_ms >= next_ms ? 0 : (int)(next_ms - now_ms);
		if (poll(l.fds, 2 + l.clients, wait_ms) < 0 && errno != EINTR) {
			log_error("responder", "poll");
			break;
		}
		if (l.fds[0].revents & POLLIN)
			break;
		for (size_t i = l.clients; i > 0; i--)
			if (l.fds[1 + i].revents && !serve(&l, i - 1))
				drop_client(&l, i - 1);
		if (l.fds[1].revents & POLLIN)
			take_client(&l);
		if (steady_ms() >= next_ms) {
			next_ms = steady_ms() + TICK_MS;
			desk_tick(o->desk, now_s());
		}
	}
	while (l.clients)
		drop_client(&l, 0);
	(void)close(l.fds[0].fd);
	return 0;
}
