/*
 * engine/crew.h - the workers of the live packet plane.
 *
 * What: each worker reads its own rings, decodes, and runs the shards that it owns, on a thread of
 * its own (the first one on the caller's).  A packet whose innermost address pair another worker
 * owns is handed over.  Events of one worker go straight to the outlet; those of several meet in a
 * joint.  Shards: the next power of two at or above the workers.
 * Ownership: owns its threads, planes and decoders; borrows the capture and what the outlet leads
 * to.
 * Threads: crew_run() on one; crew_tally() from its `look`, or when it has returned.
 * Limits: LIVE_WORKERS workers.
 */
#ifndef EXFILD_SRC_ENGINE_CREW_H
#define EXFILD_SRC_ENGINE_CREW_H

#include "exfild/capture/live.h"
#include "outlet.h"
#include "pipeline.h"

struct retain;
struct wire_connections;
struct crew;
struct tally;

struct crew_options {
	struct live *live;
	struct shard_limits limits;
	const struct hash_key *key, *event_key; /* as plane.h has them; copied */
	uint64_t start_ns;      /* packet time to start with, 0: the first packet's */
	struct split_key split; /* the same as the capture's */
	uint64_t whole_bytes;   /* of a flow; then its packets may come cut (bulk.h) */
	struct retain *retain;  /* NULL: no packets are kept */
	struct outlet out;
};

int crew_new(const struct crew_options *o, struct crew **ret) EXF_MUST_USE;
void crew_free(struct crew *c);

/*
 * Until the capture is stopped (live_stop()) and all is handed over.  look: called now and then on
 * the caller's thread, every 100 ms at least.
 */
int crew_run(struct crew *c, void (*look)(void *arg), void *arg) EXF_MUST_USE;

/* Any: exfild's own connections. */
void crew_connections(struct crew *c, const struct wire_connections *list);

/* What the workers count, in sum; is_end: they have come to rest. */
void crew_tally(struct crew *c, struct tally *t, bool is_end);

#endif
