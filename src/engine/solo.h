/*
 * engine/solo.h - the packet plane of one worker.
 *
 * What: packets run through their shard on the reader's thread, without copy or hand-over; some of
 * them wait in a ring while their cache lines come.  Their events gather until there are enough to
 * be worth a turn of the analysis: each side then finds its code and tables in the caches.
 * Ownership: borrows shards, and what the outlet leads to; owns the log that all shards write to.
 * Threads: the reader's.
 * Limits: AHEAD packets of one block; GATHER_EVENTS events, or what one tick or flush adds to them.
 */
#ifndef EXFILD_SRC_ENGINE_SOLO_H
#define EXFILD_SRC_ENGINE_SOLO_H

#include "merge.h"

struct solo;

/*
 * The shards are made with solo_log(); `shards` has those whose number among `all` (a power of two,
 * at most SPLIT_SHARDS) is `first`, `first` + `step` and so on.
 */
struct solo *solo_new(struct shard *const *shards, unsigned first, unsigned step, unsigned all,
		      const struct hash_key *key, const struct outlet *out);
struct event_log *solo_log(struct solo *s);
void solo_free(struct solo *s);

struct packet *solo_slot(struct solo *s);
void solo_packet(struct solo *s, struct packet *packet, uint64_t seq);
void solo_tick(struct solo *s, uint64_t seq, uint64_t now_ns, uint64_t leap_ns);
/* Runs all that waits, and lets the analysis do what it puts off; a block may stay held. */
void solo_idle(struct solo *s);
/* Runs all that waits. */
void solo_drain(struct solo *s);
/* Ends a portion of the shard's flows; whether more are left. */
bool solo_flush(struct solo *s, unsigned shard, uint64_t seq, uint64_t now_ns);

#endif
