/*
 * usage/private.h - what counting and naming share.
 *
 * Ownership: of struct usage.  Threads: the analysis plane.
 */
#ifndef EXFILD_SRC_USAGE_PRIVATE_H
#define EXFILD_SRC_USAGE_PRIVATE_H

#include "exfild/base/table.h"
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

#endif
