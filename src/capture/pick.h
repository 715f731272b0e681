/*
 * capture/pick.h - which interfaces to watch, and what is inside (design section 3).
 *
 * What: from links, addresses and routes: the inside interfaces once each (a bridge before its
 * ports, a VLAN before the trunk that carries it), and the prefixes on or routed behind interfaces
 * that do not hold the default route.
 * Ownership: embedded; pick_deinit() frees.
 * Threads: one owner.
 * Limits: LIVE_INTERFACES interfaces, PICK_PREFIXES prefixes; what is beyond is left out.
 */
#ifndef EXFILD_CAPTURE_PICK_H
#define EXFILD_CAPTURE_PICK_H

#include "exfild/capture/follow.h"
#include "network.h"

#define PICK_PREFIXES 4096

struct picked {
	char name[NETWORK_NAME];
	const char *filter; /* static, or NULL */
};

struct pick {
	struct picked list[LIVE_INTERFACES];
	size_t count;
	bool is_fallback; /* no inside interface: the outside one is watched */
	struct prefix *inside;
	size_t inside_count, inside_room;
};

/* named: the interfaces to watch; none: they are chosen. */
void pick_make(struct pick *p, const struct network_state *s, const struct live_interface *named,
	       size_t named_count);
void pick_deinit(struct pick *p);
const struct picked *pick_find(const struct pick *p, const char *name);

#endif
