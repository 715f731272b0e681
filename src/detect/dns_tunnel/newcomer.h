/*
 * detect/dns_tunnel/newcomer.h - a client and a domain that have hardly met.
 *
 * What: most pairs of client and registered domain see one to three names in a day.  They are kept
 * in one cache line, found by the keyed hash of the pair alone: that two pairs share it is as
 * likely as guessing the key.  Only the fourth distinct name, or the mark of a tool, makes a full
 * pair. Threads: analysis plane. Limits: the capacity of the table; the oldest go first.
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
	uint64_t pair_hash;
	uint64_t first_ns;
	uint64_t names[NEWCOMER_NAMES]; /* hashes */
	uint32_t window_s;
	uint16_t weights[NEWCOMER_NAMES]; /* in 1/128 byte */
	uint16_t questions;               /* up to its most */
	uint8_t name_count;
	bool is_full; /* a full pair was made of it */
};

/* What one name did. */
enum newcomer_step {
	NEWCOMER_KNOWN, /* nothing new */
	NEWCOMER_NEW,   /* a new name */
	NEWCOMER_FULL,  /* there is no room for the name: a full pair is due */
};

/* A new entry. */
void newcomer_begin(struct newcomer *n, uint64_t now_ns, uint64_t steady_ns);
/* When its day began, to the second. */
uint64_t newcomer_window_ns(const struct newcomer *n, uint64_t steady_ns);
enum newcomer_step newcomer_name(struct newcomer *n, uint64_t steady_ns, uint64_t hash,
				 double weight);
/* Of one name, in bytes. */
double newcomer_weight(const struct newcomer *n, unsigned name);
/* Information of the names so far, in bytes. */
double newcomer_info(const struct newcomer *n);

#endif
