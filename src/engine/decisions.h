/*
 * engine/decisions.h - what the responder has decided, on its way to a channel.
 *
 * What: each act of exfild-responder, and each request that it could not be asked, as a line of
 * JSON that waits for the thread of messages (intake.h) to publish it. Ownership: decisions_free
 * frees.  Threads: any. Limits: DECISIONS_WAITING lines; further ones are counted and lost, as a
 * channel loses what nobody hears: the alert and the responder's log have each.
 */
#ifndef EXFILD_SRC_ENGINE_DECISIONS_H
#define EXFILD_SRC_ENGINE_DECISIONS_H

#include "enforcer.h"

#define DECISIONS_WAITING 256
#define DECISION_LINE     1024

struct decisions;

/* sensor: observer.name; copied. NULL: memory. */
struct decisions *decisions_new(const char *sensor);
void decisions_free(struct decisions *d);
/* NULL is accepted. */
void decisions_put(struct decisions *d, const struct enforcer_note *note);
/* The next line, without a line feed; false: none waits. */
bool decisions_take(struct decisions *d, char dst[DECISION_LINE]);
uint64_t decisions_lost(struct decisions *d);
/* What was taken found no way out. */
void decisions_lose(struct decisions *d);

/* The line of one. */
void decision_line(const struct enforcer_note *note, const char *sensor, char dst[DECISION_LINE]);

#endif
