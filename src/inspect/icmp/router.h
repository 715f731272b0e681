/*
 * inspect/icmp/router.h - what a router of IPv6 tells the hosts of its link.
 *
 * What: one event_dhcp an advertisement, which says the same things as a server of DHCP does: the
 * way out, a prefix, a resolver.
 * Ownership: none.
 * Threads: that of the shard.
 * Limits: the first prefix and the first resolver.
 */
#ifndef EXFILD_SRC_INSPECT_ICMP_ROUTER_H
#define EXFILD_SRC_INSPECT_ICMP_ROUTER_H

#include "exfild/inspect/inspector.h"

#define ICMP6_ROUTER_ADVERTISEMENT 134

/* The packet's ICMPv6 message is one. */
void icmp_router(struct inspection *in);

#endif
