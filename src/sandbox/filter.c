/*
 * sandbox/filter.c - the calls that exfild makes, by seccomp.
 *
 * All others fail with EPERM: a library that tries something new goes on, and nothing happens.
 * What only a program that was taken over would try ends the process, by SIGSYS.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "steps.h"

/* Memory, threads and time; files within Landlock's folders; sockets.  Asking for the clock's state
 * is adjtimex: without CAP_SYS_TIME it sets nothing.  tgkill is abort(). */
static const char *const allowed[] = {
	"accept",
	"accept4",
	"access",
	"adjtimex",
	"bind",
	"brk",
	"chmod",
	"clock_adjtime",
	"clock_getres",
	"clock_gettime",
	"clock_nanosleep",
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
	"exit",
	"exit_group",
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
	"futex",
	"get_robust_list",
	"getcpu",
	"getcwd",
	"getdents64",
	"getegid",
	"geteuid",
	"getgid",
	"getgroups",
	"getpeername",
	"getpid",
	"getppid",
	"getpriority",
	"getrandom",
	"getresgid",
	"getresuid",
	"getrusage",
	"getsockname",
	"getsockopt",
	"gettid",
	"gettimeofday",
	"getuid",
	"ioctl",
	"listen",
	"lseek",
	"lstat",
	"madvise",
	"membarrier",
	"memfd_create",
	"mkdir",
	"mkdirat",
	"mremap",
	"munmap",
	"nanosleep",
	"newfstatat",
	"open",
	"openat",
	"pipe2",
	"poll",
	"ppoll",
	"pread64",
	"preadv",
	"pselect6",
	"pwrite64",
	"pwritev",
	"read",
	"readlink",
	"readlinkat",
	"readv",
	"recvfrom",
	"recvmmsg",
	"recvmsg",
	"rename",
	"renameat",
	"renameat2",
	"restart_syscall",
	"rmdir",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"sched_getaffinity",
	"sched_yield",
	"select",
	"sendfile",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"set_robust_list",
	"setsockopt",
	"shutdown",
	"sigaltstack",
	"socket",
	"socketpair",
	"stat",
	"statfs",
	"statx",
	"sync_file_range",
	"sysinfo",
	"tgkill",
	"time",
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

/* What ends the process. */
static const char *const of_intruders[] = {
	"add_key",         "bpf",         "execveat",   "init_module",       "io_uring_setup",
	"kexec_load",      "keyctl",      "mount",      "name_to_handle_at", "open_by_handle_at",
	"perf_event_open", "pidfd_getfd", "pivot_root", "process_vm_readv",  "process_vm_writev",
	"request_key",     "setns",       "umount2",    "unshare",           "userfaultfd",
};

/* Other processes, and other programs: these as well. */
static const char *const of_processes[] = { "execve", "fork", "ptrace", "vfork" };

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

/* Memory that is never both, nor becomes executable; threads but no processes. */
static int add_conditions(scmp_filter_ctx c)
{
	int err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	/* its arguments lie in memory: the C library then takes clone() */
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return err;
}

static int add_of_release(scmp_filter_ctx c)
{
	int err = add_conditions(c);
	if (!err)
		err = add_rules(c, SCMP_ACT_KILL_PROCESS, of_processes, COUNT(of_processes));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				       SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	/* asking for limits, not setting them */
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
				       SCMP_A2(SCMP_CMP_EQ, 0, 0));
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

int filter_load(bool is_sanitized)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!c)
		return -1;
	(void)seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a list */
	int err = add_rules(c, SCMP_ACT_ALLOW, allowed, COUNT(allowed));
	if (!err)
		err = add_rules(c, SCMP_ACT_KILL_PROCESS, of_intruders, COUNT(of_intruders));
	if (!err)
		err = is_sanitized ? add_of_sanitizers(c) : add_of_release(c);
	if (!err)
		err = seccomp_load(c);
	seccomp_release(c);
	if (err < 0 && err != -1)
		errno = -err;
	return err ? -1 : 0;
}
