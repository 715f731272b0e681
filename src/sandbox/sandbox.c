/*
 * sandbox/sandbox.c - the sequence of steps.  Read sandbox.h first.
 *
 * Their order matters: Landlock and seccomp need "no new privileges", and seccomp is last, since it
 * takes away the calls of the other steps.
 */
#include "exfild/sandbox/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "steps.h"

static bool add(const char **list, size_t *count, const char *path)
{
	if (*count == SANDBOX_PATHS)
		return false;
	list[(*count)++] = path;
	return true;
}

bool sandbox_read(struct sandbox *s, const char *path)
{
	return add(s->read, &s->read_count, path);
}

bool sandbox_write(struct sandbox *s, const char *path)
{
	return add(s->write, &s->write_count, path);
}

/* The C library loads code for names of groups and hosts when it is first asked for one: after the
 * last step no memory becomes code. */
static void load_name_services(void)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	(void)getgrnam("exfild");
	if (getaddrinfo("localhost", NULL, &hints, &list) == 0)
		freeaddrinfo(list);
}

/* A core file would hold packets and passwords. */
static int forbid_core_dumps(void)
{
	const struct rlimit none = { 0, 0 };
	return setrlimit(RLIMIT_CORE, &none);
}

/* Interfaces that come later are opened later: packet sockets are all that stays.  What is gone
 * from the bounding set can never be had again; to change that set takes CAP_SETPCAP, and without
 * it "no new privileges" does the same. */
static int drop_capabilities(void)
{
	capng_get_caps_process();
	bool opens_packets = capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW);
	bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
	if (opens_packets)
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW);
	if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int fail(const char *step, char *why, size_t size)
{
	(void)snprintf(
		why, size,
		"this process cannot give up power (%s: %s): where a container or a unit of your own forbids "
		"capset, prctl, seccomp or the landlock calls, allow them",
		step, strerror(errno));
	return -EXF_E_IO;
}

int sandbox_enter(struct sandbox *s, char *ret_why, size_t why_size)
{
	load_name_services();
	/* 1. nothing of its memory is ever written to a disk */
	if (forbid_core_dumps() != 0)
		return fail("core dumps", ret_why, why_size);
	/* 2. the power to open packet sockets, and no other */
	if (drop_capabilities() != 0)
		return fail("capabilities", ret_why, why_size);
	/* 3. nobody of the same user looks into it */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fail("prctl", ret_why, why_size);
	/* 4. setuid files mean nothing to it */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail("no new privileges", ret_why, why_size);
	/* 5. only the paths that it needs */
	if (landlock_close(s) != 0)
		return fail("Landlock", ret_why, why_size);
	/* 6. only the calls that it needs */
	if (filter_load(s->is_sanitized) != 0)
		return fail("seccomp", ret_why, why_size);
	return 0;
}
