/*
 * context/service.h - the services of the internet: what they are and whose account is reached.
 *
 * What: the facts of services.yaml about a service, the tenant (account, bucket, workspace) that a
 * host name shows, and whether the organisation sanctions it.  A tenant that the wire does not show
 * is "not distinguishable": neither the own one nor a foreign one.
 * Ownership: services are borrowed from the context until its catalogue is exchanged.
 * Threads: analysis plane only.
 * Limits: tenants of at most 63 bytes, 12 countries a service; longer tenants are not
 * distinguishable.
 */
#ifndef EXFILD_CONTEXT_SERVICE_H
#define EXFILD_CONTEXT_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"

struct context;

enum service_class {
	SERVICE_NONE,
	SERVICE_STORAGE,   /* personal or company cloud storage */
	SERVICE_FILE_DROP, /* anonymous file sharing */
	SERVICE_PASTE,
	SERVICE_CHAT,
	SERVICE_MAIL,
	SERVICE_CODE,   /* code hosting */
	SERVICE_TUNNEL, /* ngrok and its like */
	SERVICE_REMOTE, /* remote control */
	SERVICE_OFFICE,
	SERVICE_IAAS, /* object storage and machines of the clouds */
	SERVICE_CDN,
	SERVICE_UPDATE, /* software update, telemetry */
	SERVICE_MEDIA,
	SERVICE_MEETING,
	SERVICE_BACKUP,
	SERVICE_SECURITY, /* reputation look-ups by DNS and HTTP */
	SERVICE_RESOLVER, /* public DNS, DoH */
	SERVICE_AI,
	SERVICE_SOCIAL,
	SERVICE_IP_CHECK, /* what is my address */
	SERVICE__COUNT
};

/* How much harm an unwatched upload there can do; the class says it where the entry does not. */
enum service_risk { SERVICE_RISK_LOW, SERVICE_RISK_MEDIUM, SERVICE_RISK_HIGH };

/* Does the wire show whose account is reached? */
enum service_tenancy { TENANCY_NO, TENANCY_PARTLY, TENANCY_YES };

/*
 * What the organisation says of a service, or of a tenant of it.  Only SANCTION_SANCTIONED excuses
 * anything: SANCTION_UNCLEAR is a service of which some tenants are the organisation's own, reached
 * in a way that does not show which.
 */
enum service_sanction {
	SANCTION_UNSANCTIONED,
	SANCTION_TOLERATED,
	SANCTION_SANCTIONED,
	SANCTION_UNCLEAR,
	SANCTION__COUNT
};

/*
 * What a service was told by.  A name is what the client or DNS said, a prefix is the service's
 * own, nDPI's word is a resemblance: whoever writes the packets chooses what they look like, so it
 * names a service for people and policies, and excuses nothing.
 */
enum service_evidence {
	SERVICE_BY_NOTHING,
	SERVICE_BY_DOMAIN,
	SERVICE_BY_SNI,
	SERVICE_BY_PREFIX,
	SERVICE_BY_NDPI,
	SERVICE_BY__COUNT
};

#define SERVICE_COUNTRIES      12
#define SERVICE_TENANT_MAX     64 /* with its end */
#define SERVICE_TENANT_UNKNOWN "not distinguishable"

struct service {
	const char *name;  /* "dropbox" */
	const char *title; /* "Dropbox" */
	enum service_class class;
	const char *class_name; /* "storage" */
	const char *category;   /* what the class is, or finer: "object_storage" */
	/* of the whole service, whatever the tenant; ask context_sanction() */
	bool sanctioned;
	uint8_t standing; /* enum service_sanction, of its own tenants where it has some */
	uint8_t risk;     /* enum service_risk */
	uint8_t tenancy;  /* enum service_tenancy */
	uint8_t country_count;
	char countries[SERVICE_COUNTRIES][3]; /* where it keeps data, ISO 3166; none: unknown */
	uint32_t own_tenants;                 /* that the configuration names */
	uint64_t dns_daily_bytes; /* cap of DNS information for look-up services, 0: none */
	const char *reason;       /* why it is here, shown in alerts */
};

/* By host name (suffix match on label boundaries, patterns below it), or NULL. */
const struct service *context_service_by_name(const struct context *c, const char *name,
					      size_t len);
/* By which of the two: SERVICE_BY_DOMAIN, SERVICE_BY_SNI, or SERVICE_BY_NOTHING. */
enum service_evidence context_name_evidence(const struct context *c, const char *name, size_t len);
/*
 * What nDPI took the flow for, or NULL: asked last, where neither a name nor a prefix says it.
 * Its sanction is SANCTION_UNCLEAR where the service has any.
 */
const struct service *context_service_by_flow(const struct context *c, uint64_t flow);

/*
 * The tenant that a host name of the service shows, in lower case: "acme" of acme.sharepoint.com.
 * False, and SERVICE_TENANT_UNKNOWN in dst, where it shows none: a name that all tenants share,
 * a region, a name of another service, bytes that no host name has, no name at all (len 0).
 */
bool context_tenant_of(const struct context *c, const struct service *s, const char *name,
		       size_t len, char dst[SERVICE_TENANT_MAX]);
/* s may be NULL: unsanctioned.  len 0: no name is known. */
enum service_sanction context_sanction(const struct context *c, const struct service *s,
				       const char *name, size_t len);

/*
 * The same for an address, by the name that was learnt for it.  Where several accounts were reached
 * at one address lately, whose it was this time is not distinguishable.
 */
bool context_tenant_at(const struct context *c, const struct service *s, const struct ipaddr *a,
		       char dst[SERVICE_TENANT_MAX]);
enum service_sanction context_sanction_at(const struct context *c, const struct service *s,
					  const struct ipaddr *a);

const char *service_evidence_name(enum service_evidence e); /* "domain" */
const char *service_sanction_name(enum service_sanction s); /* "sanctioned" */
const char *service_risk_name(enum service_risk r);         /* "high" */
const char *service_tenancy_name(enum service_tenancy t);   /* "partly" */
/* "DE, FI", or "unknown". Returns dst. */
#define SERVICE_RESIDENCY_MAX (SERVICE_COUNTRIES * 4)
const char *service_residency(const struct service *s, char dst[SERVICE_RESIDENCY_MAX]);
/* Does it keep data in that country ("DE")? False where that is unknown. */
bool service_resides_in(const struct service *s, const char *country);

#endif
