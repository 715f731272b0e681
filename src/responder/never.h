/*
 * responder/never.h - who is never cut off.
 *
 * What: this machine's addresses, its gateways, resolvers, DHCP and NTP servers as its own files
 * and routes name them, whom it asks for the time (asked.h), Redis, quarantine.never of the
 * configuration, roles that the daemon has learnt, and what is no host at all (0.0.0.0, broadcast,
 * multicast, loopback).  Taken anew at each request that would cut someone off: an address that
 * came a second ago counts. Ownership: owns its list. Threads: one owner. Limits: NEVER_ENTRIES, of
 * which NEVER_LEARNT may be the daemon's; beyond them nothing is cut off at all (never_is_whole),
 * since something may be missing from the list.
 */
#ifndef EXFILD_SRC_RESPONDER_NEVER_H
#define EXFILD_SRC_RESPONDER_NEVER_H

#include <stdbool.h>
#include <stddef.h>

#include "exfild/base/ipaddr.h"

#define NEVER_ENTRIES 4096
#define NEVER_LEARNT  1024
#define NEVER_WHY     64

struct never_entry {
	struct prefix prefix;
	char why[NEVER_WHY]; /* "a resolver of this machine" */
};

struct never {
	struct never_entry *entries;
	size_t count, fixed_count; /* those up to fixed_count stay when the machine is read anew */
	size_t learnt;
	bool is_whole, has_overflown;
};

/* 0 or -EXF_E_NOMEM. */
int never_init(struct never *n) EXF_MUST_USE;
void never_deinit(struct never *n);
/* What the configuration says; before never_refresh(). */
void never_add(struct never *n, const struct prefix *p, const char *why);
/* False: no room for it. */
bool never_protect(struct never *n, const struct ipaddr *a, const char *role);
/* Reads the machine's addresses, routes and files anew; `root` stands before their paths ("" or a
 * test's folder). */
void never_refresh(struct never *n, const char *root);
/* One more, until the machine is read anew. */
void never_note(struct never *n, const struct ipaddr *a, const char *why);
/* Why not, or NULL: it may be cut off. */
const char *never_why(const struct never *n, const struct ipaddr *a);

#endif
