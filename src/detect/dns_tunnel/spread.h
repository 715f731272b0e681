/*
 * detect/dns_tunnel/spread.h - tunnels that spread over clients or over domains.
 *
 * What: (i) all clients' distinct information to one domain, through the heavy-hitter cache; (ii)
 * one client's information to many rare domains, each counted beyond a free allowance. Threads:
 * analysis plane. Limits: HEAVY_DOMAINS domains; max_hosts clients; 65,536 domains for prevalence;
 * the totals of 256 raised sums.
 */
#ifndef EXFILD_SRC_DETECT_DNS_TUNNEL_SPREAD_H
#define EXFILD_SRC_DETECT_DNS_TUNNEL_SPREAD_H

#include "exfild/base/table.h"
#include "dns_tunnel.h"
#include "heavy.h"

#define SPREAD_FREE_BYTES   96.0 /* of each (client, domain): an ordinary site's names */
#define SPREAD_RARE_CLIENTS 3    /* a domain with fewer clients is rare */
#define SPREAD_DOMAINS_MANY 40
#define SPREAD_DOMAINS_MIN  8

struct spread {
	const struct dns_params *params;
	const struct detect_env *env;
	struct heavy *heavy;
	uint32_t window;          /* number, from 1 */
	uint64_t window_ns;       /* of heavy */
	uint64_t window_first_ns; /* its begin as people see it */
	struct table clients, domains, told;
	uint64_t findings;
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

enum spread_kind { SPREAD_DOMAIN, SPREAD_CLIENT };

/* A sum over its limit: all clients' for a domain, or a client's over many domains. */
struct spread_sum {
	enum spread_kind kind;
	struct ipaddr client; /* who asked when it went over the limit */
	uint64_t domain_hash; /* SPREAD_DOMAIN */
	char domain[DOMAIN_TEXT];
	struct event event; /* that went over it */
	uint64_t first_ns, last_ns;
	double info;
	unsigned count; /* clients (CLIENTS_KNOWN at most), or domains */
	bool is_update; /* only totals have grown */
};

/* Both are borrowed until spread_deinit. */
int spread_init(struct spread *s, const struct dns_params *params, const struct detect_env *env);
void spread_deinit(struct spread *s);
void spread_add(struct spread *s, const struct spread_item *it, uint64_t name_hash, double weight);
/*
 * The bytes that so many rare domains of a client may get in a day: spread_daily_bytes from
 * SPREAD_DOMAINS_MANY on.  Ordinary sites that name things at random are few, so fewer domains ask
 * for more, by the root of how much fewer they are; below SPREAD_DOMAINS_MIN nothing is enough.
 */
double spread_limit(const struct dns_params *params, unsigned domains);
/* Tells the totals of what was raised and has grown since. */
void spread_tell(struct spread *s);
/* Fills and raises the finding. */
void spread_explain(const struct spread_sum *sum, const struct dns_params *params,
		    const struct detect_env *env);
/* Whether somebody else asked for the domain. */
bool spread_has_other_client(const struct spread *s, uint64_t domain_hash,
			     const struct ipaddr *client);
/* Asks for the cache lines of the domain. */
void spread_prefetch(const struct spread *s, uint64_t domain_hash);
size_t spread_bytes(const struct spread *s);
/* What of it outlives the process. */
void spread_keep(struct spread *s, struct keep_list *list);

#endif
