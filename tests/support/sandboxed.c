/*
 * sandboxed FOLDER OUTSIDE ATTEMPT - gives up power as the live exfild does, by the very same
 * function, then tries one thing.  Prints "done", or the name of the error; what ends the process
 * ends it.  FOLDER is what it may write to, OUTSIDE another.  ATTEMPT "landlock" prints its
 * version.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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
	{ "read_passwd", read_passwd },     { "read_outside", read_outside },
	{ "write_outside", write_outside }, { "write_passwd", write_passwd },
	{ "write_own", write_own },         { "inet_socket", inet_socket },
	{ "unix_socket", unix_socket },     { "packet_socket", packet_socket },
	{ "run_program", run_program },     { "make_process", make_process },
	{ "make_thread", make_thread },     { "trace_parent", trace_parent },
	{ "signal_parent", end_parent },    { "become_root", become_root },
	{ "write_and_run", write_and_run }, { "turn_to_code", turn_to_code },
	{ "dump_core", dump_core },         { "show_memory", show_memory },
	{ "new_namespace", new_namespace }, { "load_bpf", load_bpf },
};

int main(int argc, char **argv)
{
	char why[512];
	struct sandbox s = { 0 };
	if (argc != 4)
		return 2;
	(void)snprintf(written, sizeof(written), "%s/file", argv[1]);
	(void)snprintf(outside, sizeof(outside), "%s", argv[2]);
	(void)snprintf(outside_file, sizeof(outside_file), "%s/file", argv[2]);
	if (!sandbox_read(&s, "/etc") || !sandbox_write(&s, argv[1]) ||
	    sandbox_enter(&s, why, sizeof(why)) != 0) {
		(void)fprintf(stderr, "sandboxed: %s\n", why);
		return 2;
	}
	if (strcmp(argv[3], "landlock") == 0)
		(void)dprintf(STDOUT_FILENO, "%d\n", s.landlock);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		if (strcmp(attempts[i].name, argv[3]) != 0)
			continue;
		int got = attempts[i].run();
		const char *word = got == 0 ? "done" : strerrorname_np(errno);
		(void)dprintf(STDOUT_FILENO, "%s\n", word ? word : "?");
	}
	_exit(0); /* no exit handlers: they have other calls in mind */
}
