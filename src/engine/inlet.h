/*
 * engine/inlet.h - events of the packet half's process, into the analysis.
 *
 * What: takes records from the ring (event/ring.h) in handfuls, so that the cache lines of events
 * are on their way before their turn comes, and holds time: no tick goes back, and nothing is later
 * than this machine's clock and a bit allows.
 * Ownership: owns the ring it is attached to.
 * Threads: the analysis thread.
 */
#ifndef EXFILD_SRC_ENGINE_INLET_H
#define EXFILD_SRC_ENGINE_INLET_H

#include "exfild/event/ring.h"
#include "analysis.h"

struct inlet;

struct inlet *inlet_new(struct analysis *a);
void inlet_free(struct inlet *i);

/* Another ring takes the place of the one before; both descriptors are taken over. */
int inlet_attach(struct inlet *i, struct ring_fds fds) EXF_MUST_USE;
void inlet_detach(struct inlet *i);

enum inlet_got { INLET_EMPTY, INLET_SOME, INLET_BROKEN };
/* A handful.  BROKEN: for good, inlet_fault() says why; until then EMPTY without a ring. */
enum inlet_got inlet_take(struct inlet *i);
const char *inlet_fault(const struct inlet *i);
/* Events that found no room in the ring, of all rings: hearsay. */
uint64_t inlet_refused(const struct inlet *i);

/* Before sleeping on inlet_fd(): false when there is something to read.  Long: see ring_sleep(). */
bool inlet_sleep(struct inlet *i, bool is_long);
/* -1: there is no ring. */
int inlet_fd(const struct inlet *i);
void inlet_wake(struct inlet *i);

#endif
