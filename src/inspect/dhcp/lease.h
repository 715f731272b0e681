/*
 * inspect/dhcp/lease.h - what a DHCP message of either version says.
 *
 * Ownership: strings are borrowed from the message.  Threads: any (values).
 */
#ifndef EXFILD_INSPECT_DHCP_LEASE_H
#define EXFILD_INSPECT_DHCP_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"

#define DHCP_NAME_MAX 255

struct dhcp_lease {
	uint8_t type; /* of the message, by its version's numbers; 0: plain BOOTP */
	bool has_mac;
	bool is_grant; /* the address is the client's from now on */
	uint8_t mac[6];
	uint32_t transaction;
	uint32_t seconds;      /* of the lease */
	struct ipaddr address; /* unspecified: none */
	bool is_answer;        /* of a server */
	/* of an answer, unspecified where it does not tell */
	struct ipaddr server, router, resolver;
	const uint8_t *proxy; /* URL of the proxy's settings */
	uint16_t proxy_len;
	const uint8_t *vendor;
	uint16_t vendor_len;
	uint16_t name_len;
	char name[DHCP_NAME_MAX]; /* of the client */
};

/* Labels (RFC 1035) to text with dots; what does not parse is left out. */
void dhcp_put_labels(struct dhcp_lease *lease, const uint8_t *data, size_t len);

/*
 * False when this is no message of the version; *ret means nothing then.  Options are read up to
 * the first that runs past the end; version 6, which has no magic number, must end with its last
 * one unless bytes were not captured (is_cut).
 */
bool dhcp_read_v4(const uint8_t *data, uint32_t len, struct dhcp_lease *ret);
bool dhcp_read_v6(const uint8_t *data, uint32_t len, bool is_cut, struct dhcp_lease *ret);

#endif
