/*
 * responder/asked.h - whom this machine asks for the time, as its own kernel saw it.
 *
 * What: a table of our own that drops nothing and writes down where packets of this machine's own
 * go to port 123.  A time daemon is told names and pools, and who they are today only it knows;
 * what it asks, it asks through the output hook, by which nothing passes that others have sent,
 * whatever address they write on it. Threads: any; no state. Limits: ASKED_MAX addresses of either
 * family, each for ASKED_DAYS days after it was last asked.
 */
#ifndef EXFILD_SRC_RESPONDER_ASKED_H
#define EXFILD_SRC_RESPONDER_ASKED_H

#include <stddef.h>

#include "exfild/base/buf.h"
#include "exfild/base/ipaddr.h"

#define ASKED_TABLE "exfild_time"
#define ASKED_MAX   128u
#define ASKED_DAYS  7
#define ASKED_SETS  2u

/* "list set inet exfild_time time4", and 6. */
extern const char *const asked_lists[ASKED_SETS];

/* The table, with those that are known already. */
void asked_create(struct buf *out, const struct ipaddr *known, size_t count);
void asked_remove(struct buf *out);
/* Adds the addresses of such a listing to those of the list that are not in it; how many it has. */
size_t asked_read(const char *listing, struct ipaddr *list, size_t count, size_t max);

#endif
