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
};

struct place_of_name { /* entry: from a hash to a number */
	uint64_t hash; /* key */
	uint32_t number;
	uint32_t pad;
};

/* The first ones are what everything is that has no name, or no place. */
enum { NAMED_OTHER, NAMED_NONE, NAMED__FIRST };

struct labels {
	const struct context *context;
	struct hash_key key;
	struct named *list;
	uint32_t count, max_count;
	struct table by_text; /* of service, tenant: number in list */
	struct table by_host; /* of a name as it was asked for: the same, without a look-up */
	struct table by_flow; /* of a connection that asked for a name */
};

#define PLACES_MAX 4096u

struct place_text {
	char country[4];  /* ISO 3166, "*" behind it: anycast; "" not known */
	char network[80]; /* "AS15169 Google"; "" not known */
};

struct places {
	const struct context *context;
	struct hash_key key;
	struct place_text *list; /* the first: not known, and what has no room */
	uint32_t count;
	struct table by_text;
};

/* places.c */
int places_init(struct places *p, const struct context *context, const struct hash_key *key);
void places_deinit(struct places *p);
uint64_t places_bytes(void);
/* Number of an outside address's place; 0: not known. */
uint32_t places_number(struct places *p, const struct ipaddr *a, uint32_t tunnel_id);

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
/* A connection tells whom it wants: SNI, Host. */
void labels_note(struct labels *n, const struct event *e);
void labels_end_flow(struct labels *n, const struct event *e);
/* Number of the service; *ret_is_named: a name is known, not only an address or a protocol. */
uint32_t labels_outside(struct labels *n, const struct event *e, bool *ret_is_named);
uint32_t labels_inside(struct labels *n, const struct event *e, bool *ret_is_named);
uint32_t labels_address(struct labels *n, const struct ipaddr *a, bool *ret_is_named);
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
