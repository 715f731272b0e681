/*
 * engine/rounds.h - the packet plane of several workers.
 *
 * What: the reader fills rounds of packets; N - 1 workers (and the reader itself, when the ring of
 * rounds is full) run the shards' parts of a round; one thread analyses finished rounds in order.
 * Ownership: borrows shards, and what the outlet leads to; owns the threads.
 * Threads: its functions are the reader's.
 * Limits: ROUND_PACKETS packets a round, ROUNDS rounds under way; a full ring blocks the reader.
 */
#ifndef EXFILD_SRC_ENGINE_ROUNDS_H
#define EXFILD_SRC_ENGINE_ROUNDS_H

#include "merge.h"

struct rounds;

struct rounds *rounds_new(unsigned workers, struct shard *const *shards, const struct hash_key *key,
			  const struct outlet *out);
/* Finishes what was posted and joins the threads. */
void rounds_free(struct rounds *p);

struct packet *rounds_slot(struct rounds *p);
void rounds_packet(struct rounds *p, struct packet *packet, uint64_t seq);
void rounds_tick(struct rounds *p, uint64_t seq, uint64_t now_ns, uint64_t leap_ns);
/* Posts what is there; the analysis does what it puts off when it has caught up. */
void rounds_idle(struct rounds *p);
/* Waits until all that was posted is analysed. */
void rounds_drain(struct rounds *p);
/* Ends a portion of the shard's flows; whether more are left. */
bool rounds_flush(struct rounds *p, unsigned shard, uint64_t seq, uint64_t now_ns);

#endif
