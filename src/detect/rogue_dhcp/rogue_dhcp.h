/*
 * detect/rogue_dhcp/rogue_dhcp.h - what its parts share.
 *
 * What: servers of DHCP by their address, and what a server of IPv4 has told each host.
 * Ownership: both tables are the detector's.  Threads: analysis plane.  Limits: caps below.
 */
#ifndef EXFILD_DETECT_ROGUE_DHCP_H
#define EXFILD_DETECT_ROGUE_DHCP_H

#include "exfild/base/table.h"
#include "../step.h"

#define SECOND_NS 1000000000ull
#define GIVEN     2048u

struct server {
	struct ipaddr address;
	uint32_t tunnel_key, vlan;
	uint64_t first_ns, steady_ns; /* of its answers */
	uint64_t told_ns;             /* steady */
	struct ipaddr router, resolver;
	uint8_t network[4]; /* of what it gave: the first three bytes; 0: nothing */
	uint8_t severity;
	bool has_proxy;
	uint8_t pad[2];
};

/* What IPv4 has told a host. */
struct dhcp_given {
	uint8_t mac[6], pad[2]; /* the host's */
	uint32_t tunnel_key, vlan;
	uint64_t steady_ns;
	struct ipaddr server, router, resolver;
	uint8_t sender_mac[6], pad2[2]; /* of who answered it: the server, or a relay */
};

/* ---- families.c ---- */

int families_init(struct table *leases, const struct detect_env *env);
/* Remembers what an answer by IPv4 tells. */
void families_note(struct table *leases, const struct detect_env *env, const struct event_dhcp *e);
/* What IPv4 has told the host that is answered by IPv6; NULL: not seen. */
const struct dhcp_given *families_find(const struct table *leases, const struct event_dhcp *e);
/*
 * Whether who answers by IPv6 names itself as the resolver, and is none of those whom IPv4 names.
 * False where that cannot be known.
 */
bool families_differ(const struct dhcp_given *given, const struct detect_env *env,
		     const struct event_dhcp *e);
void families_explain(const struct dhcp_given *given, struct finding *f);

#endif
