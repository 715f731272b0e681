/*
 * context/hosts.h - what is known about an inside host: its name, link address and roles.
 *
 * Ownership: embedded; hosts_deinit frees.  Threads: one owner.
 * Limits: `capacity` hosts and as many link addresses, 136 bytes each.
 */
#ifndef EXFILD_CONTEXT_HOSTS_H
#define EXFILD_CONTEXT_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/table.h"
#include "exfild/context/context.h"

#define HOST_NAME_MAX_LEN 63
#define HOST_CLIENTS      3u /* distinct clients that make a server */
#define LINK_ADDRESSES    8u /* a link address with more of them is a router's */

/* Who said it: the higher one is believed. */
enum host_source { HOST_BY_LLMNR = 1, HOST_BY_MDNS, HOST_BY_NBNS, HOST_BY_DHCP };
enum mac_source { MAC_BY_FLOW = 1, MAC_BY_ARP };

struct host {
	struct ipaddr address;
	uint32_t roles; /* enum host_role */
	uint8_t name_source;
	uint8_t mac_source;
	uint8_t mac[6];
	bool answers_dns, asks_dns;
	uint8_t client_count;
	uint32_t clients[HOST_CLIENTS]; /* hashes of their addresses */
	char name[HOST_NAME_MAX_LEN + 1];
};

struct hosts {
	struct table table;
	struct table links; /* by link address */
	struct hash_key mark_key;
};

int hosts_init(struct hosts *h, const struct hash_key *key, const struct hash_key *mark_key,
	       uint32_t capacity) EXF_MUST_USE;
void hosts_deinit(struct hosts *h);
/* What of it outlives the process. */
void hosts_keep(struct hosts *h, struct keep_list *list);
/* Makes the host when it is new; NULL only without capacity. Valid until the next call. */
struct host *hosts_get(struct hosts *h, const struct ipaddr *a);
const struct host *hosts_find(const struct hosts *h, const struct ipaddr *a);
void hosts_set_name(struct hosts *h, const struct ipaddr *a, enum host_source source,
		    const void *name, size_t len);
void hosts_set_mac(struct hosts *h, const struct ipaddr *a, enum mac_source source,
		   const uint8_t mac[6], uint64_t now_ns);
bool hosts_mac_of(const struct hosts *h, const struct ipaddr *a, uint8_t ret_mac[6]);
bool hosts_is_router(const struct hosts *h, const uint8_t mac[6]);
/* The name that a client asked an address for; hosts_set_mac's owner takes it with its lease. */
void hosts_set_link_name(struct hosts *h, const uint8_t mac[6], const void *name, size_t len);
const char *hosts_link_name(const struct hosts *h, const uint8_t mac[6]);
/* A client was served by the host. */
void hosts_add_client(struct hosts *h, const struct ipaddr *server, const struct ipaddr *client);

#endif
