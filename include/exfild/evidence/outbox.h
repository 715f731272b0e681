/*
 * evidence/outbox.h - packets of alerts on their way from a worker to who writes them.
 *
 * What: two pieces of memory: one is filled while the other is read.
 * Ownership: copies what is put in; what is read is borrowed until the next outbox_read().
 * Threads: one that puts, one that reads.
 * Limits: the bytes that it was made with; a part is held back for ends, which are what tells
 * that packets are missing.
 */
#ifndef EXFILD_EVIDENCE_OUTBOX_H
#define EXFILD_EVIDENCE_OUTBOX_H

#include "exfild/evidence/keep.h"

struct outbox;

struct parcel {
	const char *alert_id;
	const struct frame *frame;  /* NULL: the end */
	const struct keep_end *end; /* NULL: a packet */
};

/* bytes: of both pieces together.  NULL without memory. */
struct outbox *outbox_new(size_t bytes);
void outbox_free(struct outbox *o);

/* A keep_give_fn in all but its argument's type.  ret_was_empty: the reader may sleep. */
bool outbox_put(struct outbox *o, const char *alert_id, const struct frame *f,
		const struct keep_end *end, bool *ret_was_empty);
/* Calls `take` for all that was put in since; how many. */
size_t outbox_read(struct outbox *o, void (*take)(void *arg, const struct parcel *p), void *arg);

#endif
