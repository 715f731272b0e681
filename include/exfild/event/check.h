/*
 * event/check.h - is this an event that a reader may trust?
 *
 * What: the analysis takes events from a process that hostile bytes may have taken over.  Readers
 * of events index by their enumerations and follow the offsets of their strings; both are held here
 * against the field tables of the schema, before anybody reads.  What passes may be a lie, but it
 * is a well-formed one.
 * Ownership: event_checker_free() ends it.
 * Threads: a checker is only read once it is made: any.
 */
#ifndef EXFILD_EVENT_CHECK_H
#define EXFILD_EVENT_CHECK_H

#include "exfild/event/event.h"

struct event_checker;

/* NULL when memory is exhausted. */
struct event_checker *event_checker_new(void);
void event_checker_free(struct event_checker *c);

/*
 * NULL: sound; else what is wrong, a constant text.  `e` lies in the reader's own memory, aligned
 * to 8, with `len` bytes there; a time later than latest_ns is wrong: a clock that was sent to the
 * next century would not come back.
 */
const char *event_check(const struct event_checker *c, const struct event *e, size_t len,
			uint64_t latest_ns);

#endif
