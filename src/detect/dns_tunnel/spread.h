/*
 * detect/dns_tunnel/spread.h - tunnels that spread over clients or over domains.
 *
 * What: (i) all clients' distinct information to one domain, through the heavy-hitter cache; (ii)
 * one client's information to many rare domains, each counted beyond a free allowance. Threads:
 * analysis plane. Limits: HEAVY_DOMAINS domains; max_hosts clients; 65,536 domains for prevalence.
 */
#ifndef EXFILD_SRC_DETECT_DNS_TUNNEL_SPREAD_H
#define EXFILD_SRC_DETECT_DNS_TUNNEL_SPREAD_H

#include "exfild/base/table.h"
#include "dns_tunnel.h"
#include "heavy.h"

struct spread {
	struct heavy *heavy;
	uint64_t window_ns; /* of heavy and of the clients' sums */
	struct table clients, domains;
};

/* A name that is new for its client and domain. */
struct spread_item {
	struct ipaddr client;
	uint32_t tunnel_key;
	uint64_t domain_hash;
	const char *domain;
	const struct event *event;
	double before; /* information that the client had sent to the domain, in bytes */
};

int spread_init(struct spread *s, const struct detect_env *env);
void spread_deinit(struct spread *s);
void spread_add(struct spread *s, const struct dns_params *params, const struct detect_env *env,
		const struct spread_item *it, uint64_t name_hash, double weight);
/* Whether somebody else asked for the domain. */
bool spread_has_other_client(const struct spread *s, uint64_t domain_hash,
			     const struct ipaddr *client);
/* Asks for the cache lines of the domain. */
void spread_prefetch(const struct spread *s, uint64_t domain_hash);
size_t spread_bytes(const struct spread *s);

#endif
