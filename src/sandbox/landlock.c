/*
 * sandbox/landlock.c - paths, by Landlock.  Debian 12's header knows its first versions
 * only and the C library has no wrappers, so numbers and layouts are here, as the kernel has them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "steps.h"

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH      1

/* By version: 1: 13 rights, 2: refer, 3: truncate, 5: ioctl of devices */
#define FS_EXECUTE    (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE  (1ull << 2)
#define FS_READ_DIR   (1ull << 3)
#define FS_V1         ((1ull << 13) - 1)
#define FS_REFER      (1ull << 13)
#define FS_TRUNCATE   (1ull << 14)
#define FS_IOCTL_DEV  (1ull << 15)
#define FS_OF_FILES   (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
/* to remove a folder and a file, to make a folder, a regular file and a socket */
#define FS_MAKE_FILES ((1ull << 4) | (1ull << 5) | (1ull << 7) | (1ull << 8) | (1ull << 9))
#define SCOPE_SOCKETS 1ull /* 6: abstract unix sockets outside */
#define SCOPE_SIGNALS 2ull /* 6: to processes outside */
#define NET_ALL       3ull /* 4: to bind and to connect TCP */

struct ruleset {
	uint64_t fs, net, scoped; /* net: ports of TCP, left open: sinks are wherever they are */
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

static int version_of_kernel(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	return version > 0 ? (int)version : 0;
}

static uint64_t rights_of(int version)
{
	return FS_V1 | (version >= 2 ? FS_REFER : 0) | (version >= 3 ? FS_TRUNCATE : 0) |
	       (version >= 5 ? FS_IOCTL_DEV : 0);
}

/* What is not there needs no rule. */
static int allow(int rules, const char *path, uint64_t rights)
{
	struct stat st;
	struct path_rule rule = { .fd = open(path, O_PATH | O_CLOEXEC) };
	if (rule.fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
	int err = fstat(rule.fd, &st);
	rule.allowed = err == 0 && S_ISDIR(st.st_mode) ? rights : rights & FS_OF_FILES;
	if (err == 0)
		err = (int)syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0);
	(void)close(rule.fd);
	return err;
}

static int allow_all(const struct sandbox *s, int rules, uint64_t handled)
{
	const uint64_t read = FS_READ_FILE | FS_READ_DIR;
	const uint64_t write =
		(read | FS_WRITE_FILE | FS_MAKE_FILES | FS_REFER | FS_TRUNCATE) & handled;
	for (size_t i = 0; i < s->read_count; i++)
		if (allow(rules, s->read[i], read) != 0)
			return -1;
	for (size_t i = 0; i < s->write_count; i++)
		if (allow(rules, s->write[i], write) != 0)
			return -1;
	return 0;
}

int landlock_close(struct sandbox *s)
{
	int version = version_of_kernel();
	if (!version)
		return 0; /* a kernel without it: users and seccomp remain */
	struct ruleset rules = { .fs = rights_of(version) };
	size_t size = version >= 6 ? sizeof(rules) : sizeof(rules.fs);
	if (version >= 6)
		rules.scoped = SCOPE_SIGNALS;
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return -1;
	int err = allow_all(s, fd, rules.fs);
	if (err == 0)
		err = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	int keep = errno;
	(void)close(fd);
	errno = keep;
	if (err == 0)
		s->landlock = version;
	return err;
}

int landlock_close_all(void)
{
	int version = version_of_kernel();
	if (!version)
		return 0; /* a kernel without it: user and seccomp remain */
	struct ruleset rules = { .fs = rights_of(version),
				 .net = version >= 4 ? NET_ALL : 0,
				 .scoped = version >= 6 ? SCOPE_SIGNALS | SCOPE_SOCKETS : 0 };
	size_t size = version >= 6 ? sizeof(rules) :
		      version >= 4 ? offsetof(struct ruleset, scoped) :
				     sizeof(rules.fs);
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return -1;
	int err = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	int keep = errno;
	(void)close(fd);
	errno = keep;
	return err ? -1 : version;
}
