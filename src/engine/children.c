/*
 * engine/children.c - see children.h.
 */
#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exfild/event/ring.h"
#include "core.h"
#include "hearsay.h"
#include "packets.h"

#define LONG_NS       60000000000ull /* it has run for so long: its next end is a first one */
#define LATER_NS      200000000ull   /* the second time; then twice as long each time, */
#define LATEST_NS     10000000000ull /* up to this */
#define OPEN_MOST     1024           /* no descriptor of a parent is as high */
#define PARCELS_BYTES (4 << 20)      /* as much of it as the kernel allows */

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

static void began(struct child *c, pid_t pid, int channel)
{
	c->pid = pid;
	c->channel = channel;
	c->started_ns = monotonic_ns();
}

bool child_start_core(struct child *c, const struct options *o, int before, const int *close_fds,
		      size_t close_count)
{
	int pair[2];
	if (!wire_pair(pair, false))
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		close_all(close_fds, close_count);
		exit(core_run(o, pair[1], before));
	}
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return false;
	}
	began(c, pid, pair[0]);
	return true;
}

/* --- capture ------------------------------------------------------------------------------- */

struct links { /* both ends of each */
	struct ring *ring;
	int board, channel[2], ask[2], parcels[2];
};

static bool make_parcels(int pair[2])
{
	const int bytes = PARCELS_BYTES;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return false;
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return true;
}

static void drop_links(struct links *l)
{
	const int fds[] = { l->board,  l->channel[0], l->channel[1], l->ask[0],
			    l->ask[1], l->parcels[0], l->parcels[1] };
	ring_free(l->ring);
	close_all(fds, sizeof(fds) / sizeof(fds[0]));
}

static bool make_links(struct links *l, uint64_t ring_bytes)
{
	*l = (struct links){ NULL, -1, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if (ring_new((size_t)ring_bytes, &l->ring) == 0 && (l->board = hearsay_memory()) >= 0 &&
	    wire_pair(l->channel, false) && wire_pair(l->ask, true) && make_parcels(l->parcels))
		return true;
	int keep = errno;
	drop_links(l);
	errno = keep;
	return false;
}

/* Its own descriptors, and no other: those of the parent, and whatever it was started with. */
static void close_others(const struct links *l)
{
	const int own[] = { l->board,
			    l->channel[1],
			    l->ask[1],
			    l->parcels[1],
			    ring_fds(l->ring).memory,
			    ring_fds(l->ring).wake };
	for (int fd = STDERR_FILENO + 1; fd < OPEN_MOST; fd++) {
		bool is_own = false;
		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
			is_own = is_own || own[i] == fd;
		if (!is_own)
			(void)close(fd);
	}
}

/* What the command line says may hold a password; standard input and output are core's. */
static void forget_what_is_not_its(const struct options *o)
{
	for (size_t i = 0; i < o->set_count; i++)
		explicit_bzero((void *)(uintptr_t)o->sets[i], strlen(o->sets[i]));
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0)
		_exit(1);
}

static _Noreturn void be_capture(const struct child_capture *o, struct links *l)
{
	const struct packets_options options = { .plan = o->plan,
						 .rules = o->rules,
						 .rules_len = o->rules_len,
						 .split = o->split,
						 .ring = l->ring,
						 .parent = l->channel[1],
						 .ask = l->ask[1],
						 .board = l->board,
						 .parcels = l->parcels[1],
						 .user = o->user };
	forget_what_is_not_its(o->options);
	close_others(l);
	_exit(packets_run(&options));
}

bool child_start_capture(struct child *c, const struct child_capture *o,
			 int ret_fds[WIRE_FD__COUNT])
{
	struct links l;
	if (!make_links(&l, o->plan->ring_bytes))
		return false;
	pid_t pid = fork();
	if (pid == 0)
		be_capture(o, &l);
	if (pid < 0) {
		int keep = errno;
		drop_links(&l);
		errno = keep;
		return false;
	}
	(void)close(l.channel[1]);
	(void)close(l.ask[1]);
	(void)close(l.parcels[1]);
	ret_fds[WIRE_FD_RING] = fcntl(ring_fds(l.ring).memory, F_DUPFD_CLOEXEC, 0);
	ret_fds[WIRE_FD_RING_WAKE] = fcntl(ring_fds(l.ring).wake, F_DUPFD_CLOEXEC, 0);
	ret_fds[WIRE_FD_BOARD] = l.board;
	ret_fds[WIRE_FD_PARCELS] = l.parcels[0];
	ret_fds[WIRE_FD_ASK] = l.ask[0];
	ring_free(l.ring);
	began(c, pid, l.channel[0]);
	return true;
}

/* --- ends ---------------------------------------------------------------------------------- */

/* No power to signal others' processes is kept for this: a child becomes that user. */
static void kill_as(pid_t pid, const struct sandbox_user *user)
{
	pid_t helper = fork();
	if (helper == 0) {
		if (sandbox_become(user) == 0)
			(void)kill(pid, SIGKILL);
		_exit(0);
	}
}

void child_kill(const struct child *c, const struct sandbox_user *user)
{
	if (c->pid <= 0)
		return;
	if (kill(c->pid, SIGKILL) != 0 && user)
		kill_as(c->pid, user);
}

void child_ended(struct child *c)
{
	uint64_t now_ns = monotonic_ns();
	uint64_t wait_ns = 0;
	if (c->channel >= 0)
		(void)close(c->channel);
	c->ends = now_ns - c->started_ns > LONG_NS ? 1 : c->ends + 1;
	for (unsigned i = 1; i < c->ends && wait_ns < LATEST_NS; i++)
		wait_ns = wait_ns ? wait_ns * 2 : LATER_NS;
	c->pid = 0;
	c->channel = -1;
	c->due_ns = now_ns + (wait_ns < LATEST_NS ? wait_ns : LATEST_NS);
}
