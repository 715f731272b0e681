/*
 * engine/tally.h - what the packet half counts, for the analysis half to tell.
 *
 * What: one fixed-size record of plain numbers; live it is filled once a second, in a replay at
 * the end.  Between processes it lies in shared memory (hearsay.h).
 * Ownership: plain values.
 * Threads: a tally belongs to who fills it.
 * Limits: LIVE_INTERFACES links, LIVE_WORKERS workers, TALLY_DECODE counters.
 */
#ifndef EXFILD_SRC_ENGINE_TALLY_H
#define EXFILD_SRC_ENGINE_TALLY_H

#include "exfild/capture/live.h"
#include "reader.h"

#define TALLY_DECODE 192
#define TALLY_NAME   16

struct tally_link {
	char name[TALLY_NAME];
	uint64_t is_open, frames, bytes, drops, opened;
};

struct tally_worker {
	uint64_t frames, bytes, drops;
	uint64_t handed_over, not_taken; /* to others; by this one, of what others gave it */
};

struct tally_plane { /* of all shards */
	uint64_t flows, untold;
	uint64_t table_entries, table_capacity, table_evictions, table_valued, table_bytes;
	uint64_t undecided, undecided_capped;
	uint64_t inspected, inspect_evicted, inspect_refused, inspect_bytes;
	uint64_t streams_evicted, streams_refused;
	uint64_t events_dropped;
};

struct tally_evidence { /* packets that may become evidence: of all workers */
	uint64_t packets, bytes, capacity, overwritten, too_large, given, withheld, lost, watches;
};

struct tally {
	uint64_t turns; /* of the loop; one more each second */
	uint64_t now_ns, ahead_ns, steps_back, late, leaps, doubted;
	uint64_t frames, bytes, drops, own, twice;
	uint64_t cut; /* frames that came without all of their content (bulk.h) */
	uint64_t is_interrupted;
	uint64_t memory_bytes;   /* at most so far, of the packet half's process */
	uint64_t events_refused; /* that found no room on their way to the analysis */
	struct tally_plane plane;
	struct tally_evidence evidence;
	uint64_t link_count;
	struct tally_link links[LIVE_INTERFACES];
	uint64_t worker_count;
	struct tally_worker workers[LIVE_WORKERS];
	uint64_t decode[TALLY_DECODE]; /* by decode_counter_name() */
};

/* Adds what the shards count. */
void tally_add_plane(struct tally_plane *t, const struct shard_counts counts[SHARDS]);
void tally_add_links(struct tally *t, struct live *live);
/* Of a replay.  is_end: the plane has come to rest; else its numbers are those of the last second.
 */
void tally_fill(struct tally *t, const struct reader *r, bool is_end);

#endif
