/*
 * responder/edge.h - slowing what a flowtable carries.
 *
 * What: packets of a connection that a flowtable carries pass by the rules for forwarding, so that
 * a host that is slowed would not be.  A table of the family netdev on the interfaces of the
 * flowtables looks at them before.  Text for nft(8); who is cut off needs none (tracked.h).
 * Threads: any; no state.
 * Limits: EDGE_DEVICES_MAX bytes of names of interfaces.
 */
#ifndef EXFILD_SRC_RESPONDER_EDGE_H
#define EXFILD_SRC_RESPONDER_EDGE_H

#include <stdbool.h>

#include "exfild/base/buf.h"
#include "exfild/responder/request.h"

#define EDGE_DEVICES_MAX (64u << 10)

/* Of `nft list flowtables`: the names of their interfaces, each once, in quotes, with commas. */
void edge_devices(const char *listing, struct buf *ret);
/* Whether this decision has a place at the edge. */
bool edge_wants(const struct quarantine_entry *e, uint64_t now_s);
/* The table anew; devices "": no table. */
void edge_rules(struct buf *out, const char *devices, const struct quarantine_entry *entries,
		size_t count, uint64_t now_s);

#endif
