/*
 * context/habits.h - the habits of hosts, to be shown, carried to another sensor, and forgotten.
 *
 * What: a row of what each inside host sends out; an entry as bytes whose times are ages, so that
 * they mean the same elsewhere and later.
 * Ownership: values.  Threads: analysis plane.
 * Limits: HABIT_BYTES an entry; bytes that come in are read as hostile.
 */
#ifndef EXFILD_CONTEXT_HABITS_H
#define EXFILD_CONTEXT_HABITS_H

#include "exfild/base/buf.h"
#include "exfild/context/baseline.h"

#define HABIT_BYTES 1400

struct habit {
	struct ipaddr address;
	uint32_t tunnel_key;
	double usual_day, most_day, weeks, today; /* bytes sent; weeks: decayed, two of them */
	uint32_t days_seen, active_days;
	bool is_suspect;                  /* learnt from with caution */
	bool is_learnt;                   /* long enough to be held against it */
	const struct baseline_host *host; /* borrowed */
};

/* Places that may hold a host; habit_at() says whether this one does. */
uint32_t habit_slots(const struct context *c);
bool habit_at(const struct context *c, uint32_t slot, struct habit *ret);

/* Appends the entry of the place; false: it is free. */
bool habit_save(const struct context *c, uint32_t slot, struct buf *out);
/*
 * Takes an entry in, in the stead of what is known of the host; with `longer` only where it was
 * watched on more days.  1: taken; 0: what is known stays; -EXF_E_LIMIT: no room; -EXF_E_FORMAT: it
 * is none, or its numbers cannot be.
 */
int habit_load(struct context *c, const void *data, size_t len, bool longer) EXF_MUST_USE;
/* NULL: of all hosts, and learning begins anew.  How many. */
uint32_t habit_forget(struct context *c, const struct ipaddr *address);

#endif
