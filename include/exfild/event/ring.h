/*
 * event/ring.h - events from one process to another.
 *
 * What: a ring of records in a memory file of fixed, sealed size: events (event.h) and ticks, in
 * the order of the reader of packets.  One process writes, one reads.  No pointers, no locks; an
 * eventfd wakes a reader that sleeps.  Nothing of what the writer says is believed: the reader
 * copies a record out once, and checks the copy (check.h); it remembers its own place.
 * Full (a slow reader): events are refused by how much they can be missed, and counted by kind:
 * starts and progress of flows at 3/4, their ends and classes at 7/8, the rest at the brim.  A tick
 * that finds no room is made up for by the next one, with its leap.  A writer may have patience:
 * then it waits before it refuses, never longer than that in all.
 * Ownership: a ring owns its mapping and its descriptors; ring_fds() are borrowed.
 * Threads: one writer, one reader.
 * Limits: RING_MIN to RING_MAX bytes, a power of two.
 */
#ifndef EXFILD_EVENT_RING_H
#define EXFILD_EVENT_RING_H

#include <stdbool.h>

#include "exfild/event/check.h"

#define RING_MIN    ((size_t)65536)
#define RING_MAX    ((size_t)1 << 30)
#define RING_COUNTS 64 /* counters that the writer shows to the reader */

struct ring;

struct ring_fds {
	int memory, wake;
};

struct ring_tick {
	uint64_t seq, now_ns, leap_ns;
};

enum ring_got {
	RING_EMPTY,
	RING_EVENT,
	RING_TICK,
	RING_BROKEN, /* the writer does not keep to the rules: for good, ring_fault() says why */
};

/* Makes a ring of `size` bytes; errno on -EXF_E_IO. */
int ring_new(size_t size, struct ring **ret) EXF_MUST_USE;
/* Another process's end of it: takes over both descriptors, also when it fails. -EXF_E_FORMAT: the
 * memory is not sealed, or not a ring. */
int ring_attach(struct ring_fds fds, struct ring **ret) EXF_MUST_USE;
void ring_free(struct ring *r);
struct ring_fds ring_fds(const struct ring *r);

/* ---- the writer ---- */

/* False: there was no room; it is counted. */
bool ring_put(struct ring *r, const struct event *e);
void ring_put_tick(struct ring *r, const struct ring_tick *t);
/* So long, in all, the writer waits for room from now on; any thread of it. */
void ring_set_patience(struct ring *r, uint64_t patience_ns);
/* What is put becomes visible, and a sleeping reader is woken.  Call it after a handful. */
void ring_publish(struct ring *r);
/* Events refused so far, of a kind; of all: EVENT__COUNT.  Also the reader's, but then hearsay. */
uint64_t ring_dropped(const struct ring *r, unsigned kind);
void ring_count(struct ring *r, unsigned counter, uint64_t value);

/* ---- the reader ---- */

/* Starts with what is written from now on; before the first ring_get(). */
void ring_skip(struct ring *r);
/* Nothing later than this is believed; UINT64_MAX until set. */
void ring_set_latest(struct ring *r, uint64_t latest_ns);
/*
 * The next record.  RING_EVENT: copied to `into`, which has EVENT_MAX bytes, aligned to 8.
 * RING_TICK: ret_tick is set.  A broken record ends it all: what follows one cannot be found.
 */
enum ring_got ring_get(struct ring *r, struct event *into, struct ring_tick *ret_tick);
/*
 * Before sleeping on the wake descriptor: false when there is something to read.  Who sleeps long
 * is woken only when a heap has gathered: he looks again by himself, and many records read at once
 * cost less than each of them for itself.
 */
bool ring_sleep(struct ring *r, bool is_long);
/* After it: the descriptor is quiet again. */
void ring_wake(struct ring *r);
const char *ring_fault(const struct ring *r);
/* What the writer counted: hearsay. */
uint64_t ring_counted(const struct ring *r, unsigned counter);

#endif
