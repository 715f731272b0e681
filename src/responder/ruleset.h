/*
 * responder/ruleset.h - the decisions as nftables commands.
 *
 * What: text for nft(8): a table of our own in each of the families inet and bridge, sets with
 * time-outs that end by themselves in the kernel, and rules that look into the sets.
 * Threads: any; no state.
 * Limits: sets hold RULESET_TIMES times quarantine.max: a host has several addresses.
 */
#ifndef EXFILD_SRC_RESPONDER_RULESET_H
#define EXFILD_SRC_RESPONDER_RULESET_H

#include <stdbool.h>

#include "exfild/base/buf.h"
#include "exfild/responder/request.h"
#include "neighbour.h"

#define RULESET_TABLE "exfild"
#define RULESET_TIMES 8
/* What a host may still send under SLOW. */
#define RULESET_SLOW  "64 kbytes/second"

/* Both tables anew, empty.  Bridges may be missing from a kernel: then without that family. */
void ruleset_create(struct buf *out, uint32_t max, bool has_bridge);
void ruleset_remove(struct buf *out, bool has_bridge);
/* In one transaction: what is there already ends later. */
void ruleset_add(struct buf *out, const struct quarantine_entry *e, const struct host_names *names,
		 uint64_t now_s, bool has_bridge);
/* The sets empty, for all that is left to be added anew. */
void ruleset_empty(struct buf *out, bool has_bridge);

#endif
