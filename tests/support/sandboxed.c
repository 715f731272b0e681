/*
 * sandboxed PROCESS FOLDER OUTSIDE ATTEMPT - gives up power as that process of a live exfild does
 * (parent, core, capture), by the very same function, then tries one thing.  Prints "done", or the
 * name of the error; what ends the process ends it.  FOLDER is what core may write to, OUTSIDE
 * another.  ATTEMPT "landlock" prints its version.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exfild/sandbox/sandbox.h"

static char written[4096], outside[4096], outside_file[4096];

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : close(fd);
}

/* Opened before: capture gets such sockets from its parent. */
static int packets = -1, filtered = -1;

static int send_packet(void)
{
	static const char frame[64];
	return write(packets, frame, sizeof(frame)) < 0 ? -1 : 0;
}

static int send_packet_by_message(void)
{
	static const char frame[64];
	return send(packets, frame, sizeof(frame), 0) < 0 ? -1 : 0;
}

/* What a socket shows: all, or nothing. */
static int set_filter(int fd, uint32_t bytes)
{
	struct sock_filter code = { .code = BPF_RET | BPF_K, .k = bytes };
	struct sock_fprog program = { 1, &code };
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int cut_packets(void)
{
	return set_filter(packets, 256);
}

static int widen_filter(void)
{
	return set_filter(filtered, UINT32_MAX);
}

static int unlock_filter(void)
{
	int zero = 0;
	return setsockopt(filtered, SOL_SOCKET, SO_LOCK_FILTER, &zero, sizeof(zero));
}

static int listen_to_all(void)
{
	struct packet_mreq all = { .mr_ifindex = 1, .mr_type = PACKET_MR_PROMISC };
	return setsockopt(packets, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all));
}

static int open_as_written(void)
{
	return dup2(packets, STDERR_FILENO) < 0 ? -1 : 0;
}

static int close_written(void)
{
	return close(STDERR_FILENO);
}

static int read_passwd(void)
{
	return try_open("/etc/passwd", O_RDONLY);
}

static int read_outside(void)
{
	return try_open(outside, O_RDONLY | O_DIRECTORY);
}

static int write_outside(void)
{
	return try_open(outside_file, O_WRONLY | O_CREAT);
}

static int write_passwd(void)
{
	return try_open("/etc/passwd", O_WRONLY | O_APPEND);
}

static int write_own(void)
{
	return try_open(written, O_WRONLY | O_CREAT | O_TRUNC);
}

static int make_socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);
	return fd < 0 ? -1 : close(fd);
}

static int inet_socket(void)
{
	return make_socket(AF_INET, SOCK_STREAM, 0);
}

static int unix_socket(void)
{
	return make_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int packet_socket(void)
{
	return make_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
}

static int run_program(void)
{
	char *const list[] = { (char[]){ "/bin/true" }, NULL };
	return execv(list[0], list);
}

static int make_process(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static int make_thread(void)
{
	pthread_t thread;
	errno = pthread_create(&thread, NULL, nothing, NULL);
	return errno ? -1 : pthread_join(thread, NULL);
}

static int trace_parent(void)
{
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int end_parent(void)
{
	return kill(getppid(), SIGCONT);
}

static int become_root(void)
{
	return setresuid(0, 0, 0);
}

static int write_and_run(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	return at == MAP_FAILED ? -1 : 0;
}

static int turn_to_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? 0 : mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static int dump_core(void)
{
	const struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };
	return setrlimit(RLIMIT_CORE, &more);
}

static int show_memory(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* What is asked for again where a secret is read, by a reload as well. */
static int hide_again(void)
{
	return sandbox_hide(false);
}

static int new_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int load_bpf(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static const struct {
	const char *name;
	int (*run)(void);
} attempts[] = {
	{ "read_passwd", read_passwd },
	{ "read_outside", read_outside },
	{ "write_outside", write_outside },
	{ "write_passwd", write_passwd },
	{ "write_own", write_own },
	{ "inet_socket", inet_socket },
	{ "unix_socket", unix_socket },
	{ "packet_socket", packet_socket },
	{ "run_program", run_program },
	{ "make_process", make_process },
	{ "make_thread", make_thread },
	{ "trace_parent", trace_parent },
	{ "signal_parent", end_parent },
	{ "become_root", become_root },
	{ "write_and_run", write_and_run },
	{ "turn_to_code", turn_to_code },
	{ "dump_core", dump_core },
	{ "show_memory", show_memory },
	{ "hide_again", hide_again },
	{ "new_namespace", new_namespace },
	{ "load_bpf", load_bpf },
	{ "send_packet", send_packet },
	{ "send_by_message", send_packet_by_message },
	{ "take_number", open_as_written },
	{ "close_written", close_written },
	{ "cut_packets", cut_packets },
	{ "widen_filter", widen_filter },
	{ "unlock_filter", unlock_filter },
	{ "listen_to_all", listen_to_all },
};

static int give_up(const char *process, const char *folder, int *ret_landlock, char *why,
		   size_t size)
{
	struct sandbox_user user;
	struct sandbox s = { 0 };
	const struct sandbox_parent p = { 0 };
	struct sandbox_capture c = { .writes = { STDOUT_FILENO, STDERR_FILENO }, .write_count = 2 };
	int err = -1;
	(void)snprintf(why, size, "no such process");
	if (strcmp(process, "parent") == 0) {
		err = sandbox_enter_parent(&p, why, size);
	} else if (strcmp(process, "core") == 0) {
		err = sandbox_read(&s, "/etc") && sandbox_write(&s, folder) ?
			      sandbox_enter_core(&s, why, size) :
			      -1;
	} else if (strcmp(process, "capture") == 0) {
		c.user = sandbox_find_user("exfild-capture", &user) ? &user : NULL;
		c.keeps[c.keep_count++] = packets;
		err = sandbox_enter_capture(&c, why, size);
		s.landlock = c.landlock;
	}
	*ret_landlock = s.landlock;
	return err;
}

/* By one call: dprintf asks for the file's place. */
static void say(const char *word)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%s\n", word);
	ssize_t done = write(STDOUT_FILENO, line, (size_t)len);
	(void)done;
}

int main(int argc, char **argv)
{
	char why[512];
	int landlock;
	if (argc != 5)
		return 2;
	(void)snprintf(written, sizeof(written), "%s/file", argv[2]);
	(void)snprintf(outside, sizeof(outside), "%s", argv[3]);
	(void)snprintf(outside_file, sizeof(outside_file), "%s/file", argv[3]);
	packets = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	/* as one with capture.filter is */
	int one = 1;
	filtered = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (filtered >= 0 &&
	    (set_filter(filtered, 0) != 0 ||
	     setsockopt(filtered, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)) != 0))
		return 2;
	if (give_up(argv[1], argv[2], &landlock, why, sizeof(why)) != 0) {
		(void)fprintf(stderr, "sandboxed: %s\n", why);
		return 2;
	}
	if (strcmp(argv[4], "landlock") == 0)
		say(landlock ? "some" : "0");
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		if (strcmp(attempts[i].name, argv[4]) != 0)
			continue;
		int got = attempts[i].run();
		const char *word = got == 0 ? "done" : strerrorname_np(errno);
		say(word ? word : "?");
	}
	_exit(0); /* no exit handlers: they have other calls in mind */
}
