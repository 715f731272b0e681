/*
 * context/services.h - the services of the internet, by name and by prefix.
 *
 * What: the set of services.yaml: suffixes of host names in a hash table, patterns of names behind
 * the suffix that they end in, prefixes in a prefix_set, nDPI's numbers in an array.
 * service_file.c, service_signs.c and service_facts.c fill it, services.c answers; tenant.c reads
 * a tenant from a name, sanction.c knows whose is sanctioned.
 * Ownership: the set keeps the YAML trees alive, its texts point into them.
 * Threads: read by any once loaded.
 * Limits: 65,535 services; domains of at most 253 bytes; 16 patterns that end alike, 8 wildcards
 * each.
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
#define SERVICE_PATTERNS_MAX  4096u
#define PATTERNS_ALIKE_MAX    16u /* of one literal end */
#define PATTERN_WILDCARDS_MAX 8u
#define SERVICE_APPS_MAX      1024u /* nDPI's numbers; 4.2 has 282 */
#define SERVICE_NO_DOMAIN     UINT32_MAX

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
	uint8_t form;      /* enum tenant_form */
	uint32_t service;  /* SERVICE_NO_DOMAIN: it is the end of patterns only */
	uint32_t patterns; /* of names that end so: the first one's index + 1 */
};

struct service_pattern {
	const char *text; /* "relay-*.net.example.com" */
	uint32_t service;
	uint32_t next; /* index + 1 */
};

/* What a name says. */
struct service_hit {
	const struct service *service; /* NULL: nothing */
	bool by_pattern;
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
	struct service_hit found;
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
	struct service_pattern *patterns;
	size_t pattern_count;
	uint16_t apps[SERVICE_APPS_MAX]; /* by nDPI's number: index of the service + 1 */
	context_app_fn app_number;
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
/* end: its literal labels at the right, "example.com".  *ret_owner as above. */
int services_add_pattern(struct services *s, const char *pattern, const char *end, uint32_t service,
			 const struct service **ret_owner) EXF_MUST_USE;
struct service_hit services_hit(const struct services *s, const char *name, size_t len);
const struct service *services_by_name(const struct services *s, const char *name, size_t len);
const struct service *services_by_app(const struct services *s, uint16_t master, uint16_t app);
/*
 * Is the name such a one?  Label by label, in any case: '*' is any run of bytes of its label, '#'
 * one digit or more, "**" as the first label one label or more.  Bounded by the name's length times
 * that of the pattern.
 */
bool service_pattern_fits(const char *pattern, const char *name, size_t len);
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
