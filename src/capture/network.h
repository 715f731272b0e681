/*
 * capture/network.h - the machine's links, addresses and routes, by rtnetlink.
 *
 * What: a picture of them, taken anew when the kernel says that something has changed.
 * Ownership: owns its sockets and lists; a state is borrowed until the next network_read().
 * Threads: one owner.
 * Limits: NETWORK_LINKS, NETWORK_ADDRESSES, NETWORK_ROUTES; what is beyond is left out, counted.
 */
#ifndef EXFILD_CAPTURE_NETWORK_H
#define EXFILD_CAPTURE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/ipaddr.h"

#define NETWORK_NAME      16
#define NETWORK_LINKS     4096
#define NETWORK_ADDRESSES 16384
#define NETWORK_ROUTES    65536

struct net_link {
	uint32_t index, master, parent; /* 0: none, or in another namespace */
	bool is_up, is_loopback;
	char name[NETWORK_NAME],
		kind[NETWORK_NAME]; /* kind: bridge, vlan, veth ...; "" of hardware */
};

struct net_address {
	uint32_t index;
	struct ipaddr address; /* this machine's */
	struct prefix prefix;  /* on the link, or the other end */
};

struct net_route { /* unicast; bits behind the prefix are zero */
	uint32_t index;
	struct prefix destination;
};

struct network_state {
	struct net_link *links;
	struct net_address *addresses;
	struct net_route *routes;
	size_t link_count, address_count, route_count;
	size_t link_room, address_room, route_room;
	uint64_t refused; /* beyond a limit, or malformed */
};

enum network_end { NETWORK_MORE, NETWORK_DONE, NETWORK_FAILED };
/* Adds what a datagram of the kernel tells. Hostile lengths end it. */
enum network_end network_parse(struct network_state *s, const void *data, size_t len);
void network_state_deinit(struct network_state *s);
bool network_is_own(const struct network_state *s, const struct ipaddr *a);
const struct net_link *network_link(const struct network_state *s, uint32_t index);

struct network;

int network_open(struct network **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
void network_close(struct network *n);
int network_fd(const struct network *n);
/* Of an interface, 0: there is none.  Takes no descriptor: there may be none left. */
uint32_t network_index(const struct network *n, const char *name);
const struct network_state *network_state(const struct network *n);
/* Reads what the kernel has said; true: the state was taken anew (at most every half second). */
bool network_read(struct network *n);

#endif
