/*
 * engine/plane.h - the packet plane as the reader sees it.
 *
 * What: with one worker, packets run through their shard on the reader's thread, without copy or
 * hand-over.  With N, the reader fills rounds of packets; N - 1 workers (and the reader itself,
 * when the ring of rounds is full) run the shards' parts of a round; one thread analyses finished
 * rounds in order.  Shards see the same packets and ticks, and the analysis the same events in the
 * same order, whatever N is. Ownership: owns the shards and threads; borrows what
 * the outlet leads to. Threads:
 * its functions are the reader's. Limits: ROUND_PACKETS packets a round, ROUNDS rounds under way; a
 * full ring blocks the reader.
 */
#ifndef EXFILD_SRC_ENGINE_PLANE_H
#define EXFILD_SRC_ENGINE_PLANE_H

#include "outlet.h"
#include "pipeline.h"

struct plane;

/* key: of tables; event_key: of hashes in events, which outlive the process in sketches. */
struct plane *plane_new(unsigned workers, const struct shard_limits *limits,
			const struct hash_key *key, const struct hash_key *event_key,
			const struct outlet *out);
/*
 * One worker's part of a crew's plane (live): its shards are `first`, `first` + `step` and so on,
 * of limits->shards.
 */
struct plane *plane_new_part(unsigned first, unsigned step, const struct shard_limits *limits,
			     const struct hash_key *key, const struct hash_key *event_key,
			     const struct outlet *out);
/* Joins the threads and frees the shards; what was posted is finished first. */
void plane_free(struct plane *p);

/* Borrowed: is told which packets need not come whole (pipeline.h). */
void plane_set_bulk(struct plane *p, struct bulk *bulk);

/* Where the next packet is to be decoded to. */
struct packet *plane_slot(struct plane *p);
/* Takes what plane_slot() gave, filled. The packet's block is held as long as it is needed. */
void plane_packet(struct plane *p, struct packet *packet, uint64_t seq);
/* A tick of packet time for every shard and the analysis; leap_ns: the clock has just jumped. */
void plane_tick(struct plane *p, uint64_t seq, uint64_t now_ns, uint64_t leap_ns);
/* Nothing waits: what was gathered is analysed soon. */
void plane_idle(struct plane *p);
/* Returns when all that was taken is analysed, and no block is held. */
void plane_wait(struct plane *p);
/* The input is at its end: ends all flows; returns when all is analysed. */
void plane_finish(struct plane *p, uint64_t *seq, uint64_t now_ns);

void plane_counts(const struct plane *p, struct shard_counts ret[SHARDS]);
/* The same as of the last second of packet time, while the plane runs. */
void plane_told(const struct plane *p, struct shard_counts ret[SHARDS]);

#endif
