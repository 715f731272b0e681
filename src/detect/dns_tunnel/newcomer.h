/*
 * detect/dns_tunnel/newcomer.h - a client and a domain that have hardly met.
 *
 * What: most pairs of client and registered domain see one to three names in a day.  They are kept
 * in 104 bytes; only the fourth distinct name, or the mark of a tool, makes a full pair of them.
 * Threads: analysis plane.
 * Limits: the capacity of the table; the oldest go first.
 */
#ifndef EXFILD_SRC_DETECT_DNS_TUNNEL_NEWCOMER_H
#define EXFILD_SRC_DETECT_DNS_TUNNEL_NEWCOMER_H

#include "exfild/base/ipaddr.h"
#include "exfild/base/table.h"

#define NEWCOMER_NAMES 3

struct pair_key {
	struct ipaddr client;
	uint64_t domain_hash;
	uint32_t tunnel_key;
	uint32_t pad;
};

struct newcomer {
	struct pair_key key;
	uint64_t window_ns, first_ns;
	uint64_t names[NEWCOMER_NAMES]; /* hashes */
	float weights[NEWCOMER_NAMES];
	uint32_t questions;
	uint8_t name_count;
	bool is_full; /* a full pair was made of it */
};

/* What one name did. */
enum newcomer_step {
	NEWCOMER_KNOWN, /* nothing new */
	NEWCOMER_NEW,   /* a new name */
	NEWCOMER_FULL,  /* there is no room for the name: a full pair is due */
};

enum newcomer_step newcomer_name(struct newcomer *n, uint64_t steady_ns, uint64_t hash,
				 double weight);
/* Information of the names so far, in bytes. */
double newcomer_info(const struct newcomer *n);

#endif
