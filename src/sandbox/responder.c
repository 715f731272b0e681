/*
 * sandbox/responder.c - what the responder gives up.  It talks to nftables and conntrack by
 * netlink, keeps its decisions in its folder and reads what the machine depends on; it takes
 * nothing from a network but by its unix socket.
 *
 * The order matters: Landlock needs "no new privileges".
 */
#include <linux/capability.h>
#include <string.h>

#include "steps.h"

int sandbox_enter_responder(const struct sandbox_responder *s, char *ret_why, size_t why_size)
{
	static const unsigned keeps[] = { CAP_NET_ADMIN };
	static const char *const reads[] = { "/etc", "/proc",         "/sys",
					     "/run", "/var/lib/dhcp", "/usr" };
	struct sandbox paths = { .landlock = 0 };
	/* 1. nothing of its memory is ever written to a disk */
	if (forbid_core_dumps() != 0)
		return step_failed("core dumps", ret_why, why_size);
	/* 2. the network's rules, and no other power */
	if (keep_capabilities(keeps, 1) != 0)
		return step_failed("capabilities", ret_why, why_size);
	/* 3. nobody of the same user looks into it */
	if (hide_memory() != 0)
		return step_failed("prctl", ret_why, why_size);
	/* 4. setuid files mean nothing to it */
	if (forbid_new_privileges() != 0)
		return step_failed("no new privileges", ret_why, why_size);
	/* 5. only the paths that it needs */
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
		(void)sandbox_read(&paths, reads[i]);
	(void)sandbox_write(&paths, s->folder);
	if (landlock_close(&paths) != 0)
		return step_failed("Landlock", ret_why, why_size);
	return 0;
}
