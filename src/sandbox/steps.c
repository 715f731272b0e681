/*
 * sandbox/steps.c - see steps.h.
 */
#include "steps.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOBODY 65534u

int forbid_core_dumps(void)
{
	const struct rlimit none = { 0, 0 };
	return setrlimit(RLIMIT_CORE, &none);
}

/* To change the bounding set takes CAP_SETPCAP; without it "no new privileges" does the same. */
int keep_capabilities(const unsigned *list, size_t count)
{
	bool has[CAP_LAST_CAP + 1] = { false };
	capng_get_caps_process();
	bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_select_t what = may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS;
	for (size_t i = 0; i < count; i++)
		has[list[i]] = capng_have_capability(CAPNG_PERMITTED, list[i]);
	capng_clear(what);
	for (size_t i = 0; i < count; i++)
		if (has[list[i]])
			(void)capng_updatev(CAPNG_ADD,
					    CAPNG_EFFECTIVE | CAPNG_PERMITTED |
						    (may_bound ? CAPNG_BOUNDING_SET : 0),
					    list[i], -1);
	if (capng_apply(what) != 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int hide_memory(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A confined process has done both and may set neither again: it is asked first. */
int sandbox_hide(bool is_sanitized)
{
	struct rlimit core;
	int err = getrlimit(RLIMIT_CORE, &core);
	if (!err && (core.rlim_cur != 0 || core.rlim_max != 0))
		err = forbid_core_dumps();
	if (err || is_sanitized || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)
		return err;
	return hide_memory();
}

int forbid_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int step_failed(const char *step, char *why, size_t size)
{
	(void)snprintf(
		why, size,
		"this process cannot give up power (%s: %s): where a container or a unit of your own forbids "
		"capset, setresuid, prctl, seccomp or the landlock calls, allow them",
		step, strerror(errno));
	return -EXF_E_IO;
}

/* --- users ------------------------------------------------------------------------------- */

bool sandbox_find_user(const char *name, struct sandbox_user *ret)
{
	capng_get_caps_process();
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) ||
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID))
		return false;
	const struct passwd *p = getpwnam(name);
	*ret = p ? (struct sandbox_user){ p->pw_uid, p->pw_gid } :
		   (struct sandbox_user){ NOBODY, NOBODY };
	return ret->uid != geteuid();
}

int sandbox_become(const struct sandbox_user *user)
{
	if (setgroups(0, NULL) != 0 || setresgid(user->gid, user->gid, user->gid) != 0)
		return -1;
	return setresuid(user->uid, user->uid, user->uid);
}
