/*
 * context/context.h - what is known about addresses and names.
 *
 * What: inside or outside, zones, registered domains by the public suffix list, services by name
 * and prefix, names of addresses learnt from traffic, link addresses, learnt roles.
 * Ownership: one context, owned by the engine; results are borrowed until the next call.
 * Threads: analysis plane only.
 * Limits: 65,536 names of addresses, 65,536 hosts.
 */
#ifndef EXFILD_CONTEXT_CONTEXT_H
#define EXFILD_CONTEXT_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/hash.h"
#include "exfild/base/ipaddr.h"
#include "exfild/base/keep.h"
#include "exfild/context/service.h"
#include "exfild/event/event.h"

struct context;
struct config_tenants;

struct context_zone {
	char name[64];
	struct prefix prefix;
	uint32_t vni; /* 0: any */
	bool has_vni;
	uint16_t vlan; /* 0: any */
	char model[16], owner[64], data[32];
	const char *const *tags; /* copied with the zone */
	size_t tag_count;
};

/*
 * nDPI's number of a protocol by its name; 0: the linked version has none of that name, and then
 * *ret_near is the one that is spelled most alike, *ret_version the versions that have it; each may
 * be NULL.
 */
typedef uint16_t (*context_app_fn)(const char *name, const char **ret_near,
				   const char **ret_version);

struct context_options {
	struct hash_key key;              /* of tables */
	struct hash_key sketch_key;       /* of marks that outlive the process */
	const struct context_zone *zones; /* configured; copied */
	size_t zone_count;
	const struct prefix *inside; /* --inside, added to the zones; copied */
	size_t inside_count;
	const char *services_path;         /* services.yaml; required */
	const char *const *services_files; /* more of them, on top */
	size_t services_file_count;
	context_app_fn app_number; /* NULL: no classifier is linked, nDPI's names mean nothing */
	const char *suffix_path;   /* public_suffix_list.dat; NULL: the library's own */
	const char *const *sanctioned;
	size_t sanctioned_count;
	const char *const *tolerated;
	size_t tolerated_count;
	const struct config_tenants *tenants; /* the organisation's own */
	size_t tenant_count;
	const char *users;       /* privacy.users; NULL: pseudonym */
	uint64_t identity_ttl_s; /* where an entry does not say so; 0: eight hours */
	uint32_t max_hosts, max_names;
};

/* -EXF_E_INVALID, -EXF_E_IO ...: ret_why has file:line:column and a sentence. */
int context_new(const struct context_options *o, struct context **ret, char *ret_why,
		size_t why_size) __attribute__((warn_unused_result));
void context_free(struct context *c);
/* What of it outlives the process. */
void context_keep(struct context *c, struct keep_list *list);
/*
 * A context of the configured part alone, zones and services, for context_take(); it answers
 * nothing by itself.  Any thread.
 */
int context_prepare(const struct context_options *o, struct context **ret, char *ret_why,
		    size_t why_size) __attribute__((warn_unused_result));
/*
 * Exchanges the configured part of c with that of fresh, which then holds the old one, to be freed.
 * What was learnt stays, and knows the new services; what context_set_inside() told holds on.
 */
void context_take(struct context *c, struct context *fresh);
/* Asks for the cache lines that the event will need when its turn comes: stage 0, later 1. */
void context_prefetch(const struct context *c, const struct event *e, unsigned stage);
/* Learns names, link addresses and roles; call for every event before the detectors. */
void context_event(struct context *c, const struct event *e);

bool context_is_inside(const struct context *c, const struct ipaddr *a, uint32_t tunnel_id);
/*
 * The zone, or NULL: that of the longest prefix, of equal ones the one of this tunnel or of the
 * VLAN that the packets were tagged with (0: none).  A zone whose addresses no other has needs no
 * tag: a router takes one off and puts another on.
 */
const struct context_zone *context_zone(const struct context *c, const struct ipaddr *a,
					uint32_t tunnel_id, uint16_t vlan);
bool context_zone_has_tag(const struct context_zone *z, const char *tag);
/*
 * Live: the prefixes on or behind inside interfaces, in place of those told before.  They count
 * where no zones are configured.  Whether that changed anything.
 */
bool context_set_inside(struct context *c, const struct prefix *list, size_t count);
/* "10.0.0.0/8, 172.16.0.0/12 ...": what counts as inside, for the first line. */
void context_describe_inside(const struct context *c, char *dst, size_t size);

/*
 * Splits a name (bytes, dots between labels) at its registered domain (public suffix + 1, private
 * section included). *ret_registered points into name; a name that is itself a suffix, or has no
 * dot, is its own registered domain. Returns the length of the part before it (with its dot), 0 if
 * none.
 */
size_t context_registered(const struct context *c, const char *name, size_t len,
			  const char **ret_registered, size_t *ret_len);

/* By address: prefixes of services.yaml, then names learnt for it. NULL if unknown. */
const struct service *context_service_by_ip(const struct context *c, const struct ipaddr *a);

/* The name that DNS or TLS gave to an address lately, or NULL. */
const char *context_name_of(const struct context *c, const struct ipaddr *a);
/* The name that the flow itself asked for (SNI, Host), or NULL: it told none, or is long ago. */
const char *context_flow_name(const struct context *c, uint64_t flow);
/* The host's own name (identity.h, DHCP, NetBIOS, mDNS), or NULL. */
const char *context_host_name(const struct context *c, const struct ipaddr *a);
/* The link address of an on-link host. */
bool context_mac_of(const struct context *c, const struct ipaddr *a, uint8_t ret_mac[6]);

enum host_role {
	ROLE_RESOLVER = 1u << 0, /* answers DNS and asks others itself */
	ROLE_PROXY = 1u << 1,
	ROLE_NAT = 1u << 2,
	ROLE_SERVER = 1u << 3, /* accepts connections of several hosts */
	ROLE_GATEWAY = 1u << 4,
	ROLE_CONTROLLER = 1u << 5, /* answers Kerberos: a domain controller */
	ROLE_MANAGER = 1u << 6,    /* administers several hosts on several days */
};
uint32_t context_roles(const struct context *c, const struct ipaddr *a);

struct context_stats {
	uint64_t names, name_evictions, hosts, host_evictions;
	uint64_t identities, identity_evictions, identity_capacity;
	uint64_t baselines,
		destinations; /* hosts and outside destinations whose habits are known */
	size_t services, zones;
};
void context_stats(const struct context *c, struct context_stats *ret);

#endif
