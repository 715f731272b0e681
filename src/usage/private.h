/*
 * usage/private.h - what counting and naming share.
 *
 * Ownership: of struct usage.  Threads: the analysis plane.
 */
#ifndef EXFILD_SRC_USAGE_PRIVATE_H
#define EXFILD_SRC_USAGE_PRIVATE_H

#include <assert.h>

#include "exfild/base/table.h"
#include "exfild/context/identity.h"
#include "exfild/usage/usage.h"

#define ZONES_MAX 256u

/* A service as it goes into rows: a copy, since a reload exchanges the catalogue. */
struct named {
	char name[96], title[48], category[24], tenant[SERVICE_TENANT_MAX];
	uint8_t sanction; /* enum usage_sanction */
	uint8_t risk;     /* enum usage_risk */
};

/* tls.c: a version, a flaw of the suite, and whether it was offered only; 0: none was seen. */
#define TLS_VERSIONS  6u
#define TLS_FLAWS     8u
#define TLS_STATES    (TLS_VERSIONS * TLS_FLAWS * 2)
#define USAGE_TLS_MAX 40
uint16_t usage_tls_state(const struct event_tls *t);
/* The server has chosen: what was offered does not matter any more. */
bool usage_tls_is_chosen(uint16_t state);
/* "TLS 1.3", "weak TLS 1.0, RC4", "TLS 1.2 offered"; "" none was seen. */
const char *usage_tls_text(uint16_t state, char dst[USAGE_TLS_MAX]);

struct place_of_name { /* entry: from a hash to a number */
	uint64_t hash; /* key */
	uint32_t number;
	uint32_t pad;
};

/* The first ones are what everything is that has no name, or no place. */
enum { NAMED_OTHER, NAMED_NONE, NAMED__FIRST };
#define NAMED_UNSAID UINT32_MAX

struct flow_label {      /* entry */
	uint64_t flow;   /* key */
	uint32_t number; /* of the name that it asked for; NAMED_UNSAID: of none */
	uint16_t tls;
	uint16_t pad;
};

/* What the other end of a connection is called. */
struct label {
	uint32_t number;
	uint16_t tls;
	bool is_named; /* a name is known, not only an address or a protocol */
};

struct labels {
	const struct context *context;
	struct hash_key key;
	struct named *list;
	uint32_t count, max_count;
	struct table by_text; /* of service, tenant: number in list */
	struct table by_host; /* of a name as it was asked for: the same, without a look-up */
	struct table by_flow; /* of a connection that asked for a name, or for TLS */
};

#define PLACES_MAX 8192u

struct place_text {
	char country[4];  /* ISO 3166, "*" behind it: anycast; "" not known */
	char network[80]; /* "AS15169 Google"; "" not known */
	uint16_t tls;
	uint16_t pad;
};

struct places {
	const struct context *context;
	struct hash_key key;
	struct place_text *list; /* the first: not known, and what has no room */
	uint32_t count;
	struct table by_text;
	uint32_t by_tls[TLS_STATES]; /* of addresses of which nothing is known, which are most; 0:
					none */
};

/* places.c */
int places_init(struct places *p, const struct context *context, const struct hash_key *key);
void places_deinit(struct places *p);
uint64_t places_bytes(void);
/* Number of an outside address's place, and how it is spoken with; a NULL: it is none.  0: nothing
 * is known. */
uint32_t places_number(struct places *p, const struct ipaddr *a, uint32_t tunnel_id, uint16_t tls);

#define USERS_MAX 8192u /* of one hour; more count as not known */

struct user_text {
	char name[IDENTITY_NAME];
};

struct users {
	struct hash_key key;
	struct user_text *list; /* the first: not known; NULL: users are not counted */
	uint32_t count;
	struct table by_text;
};

/* users.c */
int users_init(struct users *u, const struct hash_key *key, bool is_wanted);
void users_deinit(struct users *u);
void users_begin(struct users *u);
uint64_t users_bytes(void);
/* 0: not known, or nobody counts by user; name NULL: not known. */
uint32_t users_number(struct users *u, const char *name);

/* labels.c */
int labels_init(struct labels *n, const struct context *context, const struct hash_key *key,
		uint32_t max_rows);
void labels_deinit(struct labels *n);
/* Services are numbered anew; connections forget theirs when there is little room. */
void labels_begin(struct labels *n);
/* A connection tells whom it wants (SNI, Host), and how (TLS). */
void labels_note(struct labels *n, const struct event *e);
void labels_end_flow(struct labels *n, const struct event *e);
struct label labels_outside(struct labels *n, const struct event *e);
struct label labels_inside(struct labels *n, const struct event *e);
struct label labels_address(struct labels *n, const struct ipaddr *a);
uint64_t labels_bytes(uint32_t max_rows);

#define HOST_ZONE 0x80000000u /* a number of a zone, not of a host */

struct counter_key {
	uint32_t hour; /* since 1970 */
	uint32_t host; /* in hosts; HOST_ZONE | zone */
	uint32_t service;
	uint16_t direction;
	uint16_t place; /* of the other end */
};
static_assert(PLACES_MAX <= UINT16_MAX, "a place has a number in a key");

struct counter { /* entry */
	struct counter_key key;
	struct usage_counts n;
};

struct host_key {
	struct ipaddr address;
	uint32_t tunnel_id;
	uint32_t user; /* another one is another row */
};

struct host { /* entry */
	struct host_key key;
	uint32_t number, zone;
};

struct host_text {
	struct ipaddr address;
	uint32_t zone, user;
};

struct usage {
	const struct context *context;
	struct labels labels;
	struct places places;
	struct users users;
	struct table hosts, rows, others, sums;
	struct host_text *host_list;
	uint32_t host_count, max_hosts;
	char zones[ZONES_MAX][64]; /* the first: none */
	uint32_t zone_count;
	struct counter rest; /* what nothing else could hold */
	uint64_t folded;
	uint32_t oldest_hour; /* of any row; 0: none */
};

/* usage.c: the number of the zone of a host, or of what stands for several. */
uint32_t usage_zone_of(const struct usage *u, uint32_t host);

#endif
