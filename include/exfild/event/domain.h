/*
 * event/domain.h - events of a network's own services: Kerberos, LDAP, DHCP, and its messages.
 *
 * What: structs of event/event.h, which includes this; they would make it too long.
 * Ownership, threads, limits: as there.
 */
#ifndef EXFILD_EVENT_DOMAIN_H
#define EXFILD_EVENT_DOMAIN_H

#include "exfild/event/event.h"

/*
 * A Kerberos message.  Of an answer, etypes, options, pre-authentication and names that it does not
 * tell itself are those of its request, where that was seen: `request` is not 0 then.
 */
struct event_kerberos {
	struct event e;
	uint8_t message; /* enum kerberos_message */
	uint8_t request; /* type of the request that this is or answers, 0: not seen */
	uint8_t is_malformed;
	uint8_t has_preauth; /* the request brought a proof of the client's key */
	uint8_t has_fast;    /* ... within FAST: what is inside is not seen */
	uint8_t has_additional_ticket;
	uint8_t pac;                     /* enum kerberos_pac: asked for by the request */
	uint8_t etype_count;             /* that the request offered; etypes[] has the first */
	int16_t etypes[KERBEROS_ETYPES]; /* as offered, in order */
	int16_t preauth_etype;           /* of the time stamp; KERBEROS_NO_ETYPE: none, as below */
	int16_t tgt_etype;               /* of the ticket shown by a TGS request */
	int16_t ticket_etype;            /* of the ticket given, or shown to a service */
	int16_t reply_etype;             /* of what the client is to open */
	int16_t cname_type, sname_type;  /* -1: no name */
	uint8_t is_tgt_foreign;          /* the ticket shown is of another realm than is asked */
	uint8_t pad[3];
	uint32_t options; /* of the request */
	uint32_t error;
	struct event_str cname, realm, sname; /* "user", "REALM", "http/host" */
	struct event_str for_user;            /* on behalf of (S4U2self) */
};

enum ldap_operation { /* application tags of RFC 4511 */
		      LDAP_BIND = 0,
		      LDAP_UNBIND = 2,
		      LDAP_SEARCH = 3,
		      LDAP_MODIFY = 6,
		      LDAP_ADD = 8,
		      LDAP_DELETE = 10,
		      LDAP_MODIFY_DN = 12,
		      LDAP_COMPARE = 14,
		      LDAP_ABANDON = 16,
		      LDAP_EXTENDED = 23,
		      LDAP_UNKNOWN = 254, /* an answer whose question was not seen */
		      LDAP_SEALED = 255,  /* encrypted from here on: told once, and at the end with
					     its bytes */
};

/* No result was seen. */
#define LDAP_NO_RESULT UINT32_MAX

/* An LDAP operation: once as it is asked, and (is_response) once when its result has come. */
struct event_ldap {
	struct event e;
	uint8_t operation; /* enum ldap_operation */
	uint8_t is_response;
	uint8_t is_malformed;
	uint8_t is_signed; /* inside a security layer that leaves it readable */
	uint8_t is_ping;   /* the search by which a client looks for a domain controller */
	uint8_t scope;     /* 0 the object, 1 its children, 2 the whole tree */
	uint16_t attribute_count;
	uint32_t message_id;
	uint32_t result;       /* response: result code */
	uint32_t entries;      /* response to a search */
	uint32_t size_limit;   /* of a search */
	uint64_t bytes;        /* response: of all its messages; sealed: of what the server sent */
	struct event_str base; /* of a search; name of what is bound, changed or extended */
	struct event_str filter;     /* as text, RFC 4515 */
	struct event_str attributes; /* asked, added or changed, ',' between; of objectClass and
					sAMAccountName with the value: "a=b" */
	struct event_str mechanism;  /* bind: "simple", "GSS-SPNEGO"; sealed: how */
};

/* RFC 4191, 2.1: of two bits with a sign. */
enum router_preference { ROUTER_MEDIUM = 0, ROUTER_HIGH = 1, ROUTER_LOW = 3 };

struct event_dhcp {
	struct event e;
	uint8_t message_type;
	uint8_t mac[6];
	uint8_t preference; /* of a router's advertisement: enum router_preference */
	uint32_t transaction;
	uint8_t is_answer;        /* of a server */
	uint8_t is_advertisement; /* of a router of IPv6, by ICMPv6: neither question nor answer */
	uint16_t lifetime_s;      /* of it: how long it is a way out, 0: it is none */
	struct ipaddr assigned;   /* yiaddr, or unspecified; of an advertisement its prefix */
	/* of an answer, unspecified where it does not tell: who gives it, and what it names */
	struct ipaddr server, router, resolver;
	uint8_t sender_mac[6], pad[2]; /* of an answer: who has put it on the link */
	struct event_str host_name, vendor_class;
	struct event_str proxy; /* where the proxy's settings are (option 252) */
};

/*
 * A message of syslog, SIP, SNMP or DHCP to an address that may be outside, and how much of it is
 * something else than such messages hold: inspect/content/carried.h.
 */
struct event_carrier {
	struct event e;
	uint32_t payload_len, carried_len;
	uint64_t carried_hash; /* keyed, 0 for nothing */
};

#endif
