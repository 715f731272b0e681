/*
 * context/services.h - the services of the internet, by name and by prefix.
 *
 * What: the set of services.yaml: suffixes of host names in a hash table, prefixes in a
 * prefix_set.  service_file.c and service_facts.c fill it, services.c answers; tenant.c reads a
 * tenant from a name, sanction.c knows whose is sanctioned.
 * Ownership: the set keeps the YAML trees alive, its texts point into them.
 * Threads: read by any once loaded.
 * Limits: 65,535 services; domains of at most 253 bytes.
 */
#ifndef EXFILD_CONTEXT_SERVICES_H
#define EXFILD_CONTEXT_SERVICES_H

#include "exfild/base/err.h"
#include "exfild/config/yaml.h"
#include "exfild/context/context.h"
#include "prefixes.h"

#define SERVICES_MAX          65535u
#define SERVICE_DOMAIN_MAX    253u
#define SERVICE_DNS_BYTES_MAX 1048576u
#define SERVICE_TAIL_BITS     32768u
#define OWN_TENANTS_MAX       65536u

enum tenant_form {
	TENANT_NONE,
	TENANT_LABEL, /* the label left of the domain: acme.sharepoint.com */
	TENANT_LABELS /* all that is left of it: a bucket's name may have dots */
};

struct service_suffix {
	uint64_t hash;
	const char *domain; /* NULL: the slot is free */
	uint8_t len;
	uint8_t labels;
	uint8_t form; /* enum tenant_form */
	uint32_t service;
};

/* What is no tenant in a service's names; lists of the file, NULL: none. */
struct tenant_rule {
	const struct yaml_node *shared, *regions, *endings;
};

struct own_tenant {
	uint32_t service;
	char text[SERVICE_TENANT_MAX];
};

/* The last question by name, and its answer. */
struct service_memo {
	size_t len; /* 0: none yet */
	const struct service *found;
	char name[SERVICE_DOMAIN_MAX];
};

struct services {
	struct yaml **trees; /* one a file */
	size_t tree_count;
	struct service *list;
	struct tenant_rule *rules; /* one a service */
	size_t count;
	struct own_tenant *own; /* those of one service stand together */
	size_t own_count;
	struct service_suffix *slots; /* open addressing, at most half full */
	size_t slot_mask;
	size_t slot_used;
	unsigned labels_max; /* of the longest domain */
	/* a bit for the hash of each end of a domain, from its last label on: what has none of
	   them is no service's, which most names say with their second label */
	uint64_t tails[SERVICE_TAIL_BITS / 64];
	/* several ask about the name of one event, one after the other */
	struct service_memo *memo;
	struct prefix_set prefixes;
};

/*
 * Reads path on top of what is there; ret_why has file:line:column and a sentence.  A name or a
 * domain that another file has is an error.  The set is empty on failure.
 */
int services_load(struct services *s, const char *path, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
/* After the last file. */
void services_seal(struct services *s);
/*
 * What the organisation uses on purpose and what it puts up with, and its own tenants there.
 * -EXF_E_INVALID for a name that no service has, or a tenant that its names cannot show.
 */
int services_sanction(struct services *s, const struct context_options *o, char *ret_why,
		      size_t why_size) EXF_MUST_USE;
void services_deinit(struct services *s);

/* *ret_owner: the service that has this domain already; NULL: it is now that of `service`. */
int services_add_domain(struct services *s, const char *domain, uint32_t service,
			const struct service **ret_owner) EXF_MUST_USE;
const struct service *services_by_name(const struct services *s, const char *name, size_t len);
/* The longest domain of a service that the name ends in, or NULL. */
const struct service_suffix *services_suffix(const struct services *s, const char *name,
					     size_t len);
/* That very domain, to be marked; NULL: no service has it. */
struct service_suffix *services_domain(struct services *s, const char *domain);
const struct service *services_by_prefix(const struct services *s, const struct ipaddr *a);
/* The name of a service that is spelled most alike, or NULL. */
const char *services_nearest(const struct services *s, const char *name);

/* tenant.c: see context_tenant_of(). */
bool services_tenant(const struct services *s, const struct service *service, const char *name,
		     size_t len, char dst[SERVICE_TENANT_MAX]);
/* Is this a tenant of the service's, as one writes it ("acme")? Lower-cased into dst. */
bool services_is_tenant(const struct services *s, const struct service *service, const char *text,
			char dst[SERVICE_TENANT_MAX]);

#endif
