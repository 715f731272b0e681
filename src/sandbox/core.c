/*
 * sandbox/core.c - what core gives up.  It judges events, writes state and evidence, talks to sinks
 * and to exfilctl; it never opens a packet socket.
 *
 * The order matters: Landlock and seccomp need "no new privileges", and seccomp is last, since it
 * takes away the calls of the other steps.
 */
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <sys/socket.h>

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

/*
 * The C library loads code for names of groups and hosts when it is first asked for one: after the
 * last step no memory becomes code.  Where no file knows "localhost" it asks a name server, which
 * may be away: the start waits a second for it, and what is asked later as long as is usual.
 */
static void load_name_services(void)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	(void)getgrnam("exfild");
	if (res_init() == 0) {
		_res.retrans = 1;
		_res.retry = 1;
	}
	if (getaddrinfo("localhost", NULL, &hints, &list) == 0)
		freeaddrinfo(list);
	(void)res_init();
}

int sandbox_enter_core(struct sandbox *s, char *ret_why, size_t why_size)
{
	load_name_services();
	/* 1. nothing of its memory is ever written to a disk */
	if (forbid_core_dumps() != 0)
		return step_failed("core dumps", ret_why, why_size);
	/* 2. no capability at all */
	if (keep_capabilities(NULL, 0) != 0)
		return step_failed("capabilities", ret_why, why_size);
	/* 3. nobody of the same user looks into it */
	if (hide_memory() != 0)
		return step_failed("prctl", ret_why, why_size);
	/* 4. setuid files mean nothing to it */
	if (forbid_new_privileges() != 0)
		return step_failed("no new privileges", ret_why, why_size);
	/* 5. only the paths that it needs */
	if (landlock_close(s) != 0)
		return step_failed("Landlock", ret_why, why_size);
	/* 6. only the calls that it needs */
	if (filter_load_core(s->is_sanitized) != 0)
		return step_failed("seccomp", ret_why, why_size);
	return 0;
}
