/*
 * sandbox/filter.c - the calls that exfild's processes make, by seccomp.
 *
 * All others fail with EPERM: a library that tries something new goes on, and nothing happens.
 * What only a program that was taken over would try ends the process, by SIGSYS.  A child has its
 * parent's filter and its own: the stricter answer of the two counts.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "steps.h"

/* Memory, threads and time; reading what is open.  tgkill is abort(). */
static const char *const of_all[] = {
	"brk",
	"clock_getres",
	"clock_gettime",
	"clock_nanosleep",
	"exit",
	"exit_group",
	"futex",
	"get_robust_list",
	"getcpu",
	"getegid",
	"geteuid",
	"getgid",
	"getpid",
	"getppid",
	"getrandom",
	"getrusage",
	"getsockopt",
	"gettid",
	"gettimeofday",
	"getuid",
	"madvise",
	"membarrier",
	"mremap",
	"munmap",
	"nanosleep",
	"poll",
	"ppoll",
	"read",
	"recvmsg",
	"restart_syscall",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sched_getaffinity",
	"sched_yield",
	"set_robust_list",
	"sigaltstack",
	"sysinfo",
	"tgkill",
	"time",
};

/* Files within Landlock's folders; sockets.  Asking for the clock's state is adjtimex: without
 * CAP_SYS_TIME it sets nothing. */
static const char *const of_core[] = {
	"accept",
	"accept4",
	"access",
	"adjtimex",
	"bind",
	"chmod",
	"clock_adjtime",
	"close",
	"connect",
	"dup",
	"dup2",
	"dup3",
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_wait",
	"eventfd2",
	"faccessat",
	"faccessat2",
	"fadvise64",
	"fallocate",
	"fchmod",
	"fchmodat",
	"fchown",
	"fchownat",
	"fcntl",
	"fdatasync",
	"flock",
	"fstat",
	"fstatfs",
	"fsync",
	"ftruncate",
	"getcwd",
	"getdents64",
	"getgroups",
	"getpeername",
	"getpriority",
	"getresgid",
	"getresuid",
	"getsockname",
	"inotify_add_watch",
	"inotify_init1",
	"ioctl",
	"listen",
	"lseek",
	"lstat",
	"memfd_create",
	"mkdir",
	"mkdirat",
	"newfstatat",
	"open",
	"openat",
	"pipe2",
	"pread64",
	"preadv",
	"pselect6",
	"pwrite64",
	"pwritev",
	"readlink",
	"readlinkat",
	"readv",
	"recvfrom",
	"recvmmsg",
	"rename",
	"renameat",
	"renameat2",
	"rmdir",
	"rt_sigtimedwait",
	"select",
	"sendfile",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"setsockopt",
	"shutdown",
	"socket",
	"socketpair",
	"stat",
	"statfs",
	"statx",
	"sync_file_range",
	"timerfd_create",
	"timerfd_settime",
	"truncate",
	"umask",
	"uname",
	"unlink",
	"unlinkat",
	"utimensat",
	"write",
	"writev",
};

/* To start processes, and what these need to give up power themselves. */
static const char *const of_parent[] = {
	"capget",
	"capset",
	"fork",
	"kill",
	"landlock_add_rule",
	"landlock_create_ruleset",
	"landlock_restrict_self",
	"prctl",
	"prlimit64",
	"seccomp",
	"setgroups",
	"setresgid",
	"setresuid",
	"setrlimit",
	"signalfd4",
	"vfork",
	"wait4",
	"waitid",
};

/* What ends the process. */
static const char *const of_intruders[] = {
	"add_key",         "bpf",         "execveat",   "init_module",       "io_uring_setup",
	"kexec_load",      "keyctl",      "mount",      "name_to_handle_at", "open_by_handle_at",
	"perf_event_open", "pidfd_getfd", "pivot_root", "process_vm_readv",  "process_vm_writev",
	"request_key",     "setns",       "umount2",    "unshare",           "userfaultfd",
};

/* Other processes, and other programs: these as well. */
static const char *const of_processes[] = { "execve", "fork", "ptrace", "vfork" };
static const char *const of_programs[] = { "execve", "ptrace" };

/* What makes a namespace. */
#define NAMESPACES                                                                          \
 (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | \
  CLONE_NEWCGROUP)

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int add_rules(scmp_filter_ctx c, uint32_t action, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		/* not every machine has every call */
		if (number >= 0 && seccomp_rule_add(c, action, number, 0) != 0)
			return -1;
	}
	return 0;
}

/* Memory that is never both, nor becomes executable. */
static int add_memory(scmp_filter_ctx c)
{
	int err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* its arguments lie in memory: the C library then takes clone() */
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return err;
}

/* Threads, but no processes. */
static int add_threads(scmp_filter_ctx c)
{
	int err = add_rules(c, SCMP_ACT_KILL_PROCESS, of_processes, COUNT(of_processes));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				       SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				       SCMP_A0(SCMP_CMP_EQ, PR_GET_DUMPABLE, 0));
	/* asking for limits, not setting them */
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
				       SCMP_A2(SCMP_CMP_EQ, 0, 0));
	return err;
}

/* Processes like itself, in its own namespaces; no programs. */
static int add_processes(scmp_filter_ctx c)
{
	int err = add_rules(c, SCMP_ACT_KILL_PROCESS, of_programs, COUNT(of_programs));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, NAMESPACES, 0));
	return err;
}

/* Leaks are looked for by a process that traces this one, reports are made by a program. */
static int add_of_sanitizers(scmp_filter_ctx c)
{
	static const char *const more[] = { "clone",     "clone3",   "getdents",    "kill",
					    "mmap",      "mprotect", "personality", "prctl",
					    "prlimit64", "wait4" };
	int err = add_rules(c, SCMP_ACT_ALLOW, of_processes, COUNT(of_processes));
	return err ? err : add_rules(c, SCMP_ACT_ALLOW, more, COUNT(more));
}

static scmp_filter_ctx begin(void)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (c)
		(void)seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a list */
	return c;
}

static int load(scmp_filter_ctx c, int err)
{
	if (!err)
		err = add_rules(c, SCMP_ACT_KILL_PROCESS, of_intruders, COUNT(of_intruders));
	if (!err)
		err = seccomp_load(c);
	seccomp_release(c);
	if (err < 0 && err != -1)
		errno = -err;
	return err ? -1 : 0;
}

int filter_load_parent(bool is_sanitized)
{
	scmp_filter_ctx c = begin();
	if (!c)
		return -1;
	int err = add_rules(c, SCMP_ACT_ALLOW, of_all, COUNT(of_all));
	if (!err)
		err = add_rules(c, SCMP_ACT_ALLOW, of_core, COUNT(of_core));
	if (!err)
		err = add_rules(c, SCMP_ACT_ALLOW, of_parent, COUNT(of_parent));
	if (!err && is_sanitized)
		err = add_of_sanitizers(c);
	else if (!err)
		err = add_memory(c) || add_processes(c) ? -1 : 0;
	return load(c, err);
}

int filter_load_core(bool is_sanitized)
{
	scmp_filter_ctx c = begin();
	if (!c)
		return -1;
	int err = add_rules(c, SCMP_ACT_ALLOW, of_all, COUNT(of_all));
	if (!err)
		err = add_rules(c, SCMP_ACT_ALLOW, of_core, COUNT(of_core));
	if (!err && is_sanitized)
		err = add_of_sanitizers(c);
	else if (!err)
		err = add_memory(c) || add_threads(c) ? -1 : 0;
	return load(c, err);
}

/* What has no number of the list is not written to. */
static int add_writes(scmp_filter_ctx c, const struct sandbox_capture *s)
{
	int err = 0;
	for (size_t i = 0; !err && i < s->write_count; i++) {
		const scmp_datum_t fd = (scmp_datum_t)s->writes[i];
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
				       SCMP_A0(SCMP_CMP_EQ, fd, 0));
		if (!err)
			err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1,
					       SCMP_A0(SCMP_CMP_EQ, fd, 0));
	}
	return err;
}

int filter_load_capture(const struct sandbox_capture *s, int highest)
{
	scmp_filter_ctx c = begin();
	if (!c)
		return -1;
	int err = add_rules(c, SCMP_ACT_ALLOW, of_all, COUNT(of_all));
	if (!err)
		err = add_writes(c, s);
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(close), 1,
				       SCMP_A0(SCMP_CMP_GT, (scmp_datum_t)highest, 0));
	/* its sockets may be told to cut packets; where they are filtered, nothing can change that
	 */
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
				       SCMP_A1(SCMP_CMP_EQ, SOL_SOCKET, 0),
				       SCMP_A2(SCMP_CMP_EQ, SO_ATTACH_FILTER, 0));
	if (!err && s->is_sanitized)
		err = add_of_sanitizers(c);
	else if (!err)
		err = add_memory(c) || add_threads(c) ? -1 : 0;
	return load(c, err);
}
