/*
 * responder/neighbour.h - the other addresses of a host on the link.
 *
 * What: from the kernel's neighbour table (rtnetlink, RTM_GETNEIGH): the MAC of an address, and all
 * addresses of that MAC.  IPv6 gives a host many addresses, and it would go on with the next.
 * A MAC with an address that is never cut off, or with many IPv4 addresses, is that of a router or
 * a server of others, and not used. Ownership: values. Threads: any. Limits: HOST_ADDRESSES;
 * NEIGHBOUR_V4 IPv4 addresses for a MAC that is one host.
 */
#ifndef EXFILD_SRC_RESPONDER_NEIGHBOUR_H
#define EXFILD_SRC_RESPONDER_NEIGHBOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"
#include "never.h"

#define HOST_ADDRESSES 16
#define NEIGHBOUR_V4   3
#define NEIGHBOUR_MOST 16384

struct neighbour {
	struct ipaddr address;
	uint8_t mac[6];
	uint8_t pad[2];
};

struct host_names {
	uint8_t mac[6];
	bool has_mac;
	struct ipaddr addresses[HOST_ADDRESSES]; /* besides the one asked for */
	size_t count;
};

/* Adds what a datagram of the kernel tells; returns the new count, ret_done: it was the last. */
size_t neighbour_parse(const void *data, size_t len, struct neighbour *dst, size_t count,
		       size_t most, bool *ret_done);
/* Up to `most`; 0 where there are none or the kernel does not tell. */
size_t neighbour_read(struct neighbour *dst, size_t most);
/*
 * Nothing in ret where the host is not on the link, or the MAC is not a host's own.  `known` is the
 * MAC that it had, for a host that the table has forgotten since it says nothing; NULL: none.
 */
void neighbour_names(const struct neighbour *list, size_t count, const struct never *never,
		     const struct ipaddr *host, const uint8_t *known, struct host_names *ret);

#endif
