/*
 * engine/keeper.h - what the analysis plane knows, on its way to the disk and back.
 *
 * What: reads the state of an earlier process into the parts that their owners declared
 * (base/keep.h), and, live, walks all places again and again: what has changed since it was put
 * goes to the store, whose thread writes.  A walk begins every 30 seconds and looks at a bounded
 * number of places a turn, so that the analysis goes on between; what is urgent (alerts that are
 * open) follows within a second.  A replay puts everything once, at its end.
 * Ownership: owns the store; borrows the parts.  Threads: the analysis thread; main before and
 * after it.
 * Limits: 8 bytes of memory for each place that was ever used.
 */
#ifndef EXFILD_SRC_ENGINE_KEEPER_H
#define EXFILD_SRC_ENGINE_KEEPER_H

#include "exfild/base/keep.h"
#include "exfild/store/store.h"

struct keeper;

/* -EXF_E_x with a sentence. *key becomes that of the state's sketches; a new state gets it. */
int keeper_open(const char *directory, uint64_t max_bytes, struct hash_key *key,
		struct keeper **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
/*
 * Takes in what was kept.  Whether a name before a dot is that of an owner who is only absent
 * (a detector that is switched off) says `is_known`.
 */
void keeper_load(struct keeper *k, struct keep_list *list, bool (*is_known)(const char *owner));
/* What is urgent is on the disk when it returns; from here on state is kept. */
int keeper_begin(struct keeper *k, char *ret_why, size_t why_size) EXF_MUST_USE;
/* Live: what is urgent has changed. */
void keeper_hurry(struct keeper *k);
/* Live, each tick; monotonic time. */
void keeper_turn(struct keeper *k, uint64_t steady_ns);
/* Puts all and waits; false: it could not be written. */
bool keeper_finish(struct keeper *k);
void keeper_stats(struct keeper *k, struct store_stats *ret);
/* NULL is accepted. */
void keeper_close(struct keeper *k);

#endif
