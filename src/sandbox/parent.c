/*
 * sandbox/parent.c - what the parent gives up.  It opens packet sockets, gives its children users
 * of their own, and reads nothing but records of core and answers of the kernel.
 *
 * Its children inherit all of this, and give up the rest themselves: so its paths stay open, and
 * its filter has what any of them needs.
 */
#include <linux/capability.h>

#include "steps.h"

int sandbox_enter_parent(const struct sandbox_parent *s, char *ret_why, size_t why_size)
{
	static const unsigned kept[] = { CAP_NET_RAW, CAP_SETUID, CAP_SETGID };
	/* 1. nothing of its memory is ever written to a disk */
	if (forbid_core_dumps() != 0)
		return step_failed("core dumps", ret_why, why_size);
	/* 2. interfaces come later, too, and capture is started again as its user */
	if (keep_capabilities(kept, sizeof(kept) / sizeof(kept[0])) != 0)
		return step_failed("capabilities", ret_why, why_size);
	/* 3. nobody of the same user looks into it */
	if (hide_memory() != 0)
		return step_failed("prctl", ret_why, why_size);
	/* 4. setuid files mean nothing to it */
	if (forbid_new_privileges() != 0)
		return step_failed("no new privileges", ret_why, why_size);
	/* 5. only the calls that it and its children need: no program is ever run */
	if (filter_load_parent(s->is_sanitized) != 0)
		return step_failed("seccomp", ret_why, why_size);
	return 0;
}
