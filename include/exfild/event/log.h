/*
 * event/log.h - an append-only run of events.
 *
 * What: the packet plane appends, the analysis plane walks and then resets.  Chunks of 64 KiB; an
 * event never straddles two.
 * Ownership: the log owns its chunks and keeps them over a reset.
 * Threads: one writer, then one reader; the hand-over is the caller's.
 * Limits: `max_chunks`; what does not fit is dropped and counted (never in replay, which hands
 * over often enough).
 */
#ifndef EXFILD_EVENT_LOG_H
#define EXFILD_EVENT_LOG_H

#include <stdint.h>

#include "exfild/base/hash.h"
#include "exfild/event/event.h"

struct event_log;

struct event_log *event_log_new(void);
void event_log_free(struct event_log *log);
/* The key of the strings' hashes; hash_key_fixed until set. Live: random, so that nobody outside
 * can choose strings that fall together in a sketch. */
void event_log_set_key(struct event_log *log, const struct hash_key *key);
void event_log_reset(struct event_log *log);
/* Exchanges the contents of two logs: how a shard hands its events over. */
void event_log_swap(struct event_log *a, struct event_log *b);
uint64_t event_log_count(const struct event_log *log);

/* Another shard goes on at the same seq: n counts from 0 again. */
void event_log_restart(struct event_log *log);

/*
 * Starts an event: `size` is sizeof its struct, zeroed; kind and size are set, n is counted within
 * seq. Never NULL (memory exhaustion yields a scratch event that is dropped and counted).
 */
void *event_log_begin(struct event_log *log, enum event_kind kind, size_t size, uint64_t seq);
/* Adds a string to the event begun last; `s` is a field of it. full: true length (>= len). */
void event_log_str(struct event_log *log, struct event_str *s, const void *data, size_t len,
		   size_t full);
/* Ends the event begun last. Without it the event is forgotten by the next begin. */
void event_log_commit(struct event_log *log);

/* Walks: NULL gives the first event, the last gives NULL. */
const struct event *event_log_next(const struct event_log *log, const struct event *e);
uint64_t event_log_dropped(const struct event_log *log);

#endif
