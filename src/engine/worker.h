/*
 * engine/worker.h - one worker of a crew (crew.h).
 *
 * Ownership: owned by the crew.
 * Threads: worker_read() and worker_finish() are its own thread's; worker_told() anybody's.
 */
#ifndef EXFILD_SRC_ENGINE_WORKER_H
#define EXFILD_SRC_ENGINE_WORKER_H

#include "exfild/capture/live.h"
#include "handover.h"
#include "joint.h"
#include "leave.h"
#include "nat.h"
#include "retain.h"
#include "tally.h"

/* What all workers of a crew share. */
struct worker_shared {
	struct live *live;
	struct split_key split;
	unsigned workers, shards;
	struct nat *nat;
	struct retain *retain; /* NULL: no packets are kept */
	struct connections connections;
	struct handover *handovers[LIVE_WORKERS]; /* by worker; none when there is one */
};

struct worker_options {
	struct worker_shared *shared;
	unsigned number;
	struct shard_limits limits; /* with the number of shards */
	struct hash_key key, event_key;
	uint64_t start_ns;
	struct outlet out;
	uint64_t whole_bytes; /* of a flow; then its packets may come cut */
	struct port *port;    /* NULL: one worker */
	/* called on the worker's thread, every 100 ms at least; NULL: none */
	void (*look)(void *arg);
	void *arg;
};

struct worker_counts {
	uint64_t frames, bytes, cut, late, leaps, doubted, own, twice, handed_over;
	uint64_t now_ns, ahead_ns, steps_back;
	uint64_t decode[TALLY_DECODE];
};

struct worker;

struct worker *worker_new(const struct worker_options *o);
void worker_free(struct worker *w);
void worker_set_look(struct worker *w, void (*look)(void *arg), void *arg);

/* Until its rings are at their end; others may still hand packets over. */
void worker_read(struct worker *w);
/* Its rings are at their end: takes what was handed over since, and promises that time goes on. */
void worker_wait(struct worker *w);
/* Nothing more comes: ends its flows and closes its port. */
void worker_finish(struct worker *w);

/* As of the last second. */
void worker_told(struct worker *w, struct worker_counts *ret);
void worker_shards(struct worker *w, bool is_end, struct shard_counts ret[SHARDS]);

#endif
