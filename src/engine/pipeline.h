/*
 * engine/pipeline.h - one shard of the packet plane.  Read pipeline.c first.
 *
 * What: flow table, classifier and inspectors of the flows whose address pair hashes here.
 * Ownership: the shard owns all of it, and the log that its events go to unless it was given one.
 * Threads: one owner at a time.
 * Limits: each cap of the configuration divided by the number of shards.
 */
#ifndef EXFILD_SRC_ENGINE_PIPELINE_H
#define EXFILD_SRC_ENGINE_PIPELINE_H

#include <stdbool.h>

#include "exfild/base/hash.h"
#include "exfild/classify/classify.h"
#include "exfild/decode/packet.h"
#include "exfild/event/log.h"
#include "exfild/flow/table.h"
#include "exfild/inspect/inspect.h"

#define SHARDS 8 /* in replay; live: one or two a worker, see crew.h */

struct bulk;
struct shard;

struct shard_limits { /* of all shards together */
	uint32_t flows, undecided, inspected, streams;
	uint32_t shards;       /* that these are divided among; 0: SHARDS */
	uint32_t quiet_at_end; /* of a shard: flow_limits has it */
	/* what is looked for in clear text, borrowed; NULL: nothing.  Of one process: it is set
	 * where the shards are made. */
	const struct content_rules *content;
	const atomic_uint
		*sums; /* digests of files that are wanted, borrowed likewise; NULL: none */
};

/* log: borrowed, for events of several shards; NULL: one of its own. */
struct shard *shard_new(unsigned number, const struct shard_limits *limits,
			const struct hash_key *key, const struct hash_key *event_key,
			struct event_log *log);
void shard_free(struct shard *s);

/*
 * The shard of a packet: by its address pair and tunnel, never by ports; of an ICMP unreachable by
 * the pair that it quotes.
 */
static inline unsigned shard_of(const struct packet *p)
{
	return (unsigned)(p->route_hash >> 61);
}

/* Some packets before shard_packet(): stage 0, then stage 1. */
void shard_prefetch(const struct shard *s, const struct packet *p, unsigned stage);
void shard_packet(struct shard *s, const struct packet *p, uint64_t seq);
void shard_tick(struct shard *s, uint64_t seq, uint64_t now_ns);
void shard_leap(struct shard *s, uint64_t delta_ns);
/* Ends a portion of the flows; true: there are more. */
bool shard_flush(struct shard *s, uint64_t seq, uint64_t now_ns);

/* Borrowed: is told which packets need not come whole; NULL: nobody asks. */
void shard_set_bulk(struct shard *s, struct bulk *bulk);

/* Events written since the last reset. */
struct event_log *shard_log(struct shard *s);

struct shard_counts {
	struct flow_counts flow;
	struct classify_counts classify;
	struct inspect_counts inspect;
	uint64_t events_dropped;
};
void shard_counts(const struct shard *s, struct shard_counts *ret);
/* The counts of the last second of packet time; any thread. */
void shard_told(struct shard *s, struct shard_counts *ret);

#endif
