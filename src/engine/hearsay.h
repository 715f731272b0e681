/*
 * engine/hearsay.h - the packet half's counters, seen from another process.
 *
 * What: one tally in a memory file of fixed, sealed size.  Its writer meets hostile bytes: the
 * reader takes a copy, and what it takes is safe to print and to index by; that it is true nobody
 * can say.
 * Ownership: hearsay_free() unmaps; descriptors are the caller's.
 * Threads: one writer, one reader.
 */
#ifndef EXFILD_SRC_ENGINE_HEARSAY_H
#define EXFILD_SRC_ENGINE_HEARSAY_H

#include "tally.h"

struct hearsay;

/* Makes the memory; -1 with errno. */
int hearsay_memory(void);
/* NULL: it is not sealed, of another size, or cannot be mapped. */
struct hearsay *hearsay_attach(int fd);
void hearsay_free(struct hearsay *h);

void hearsay_tell(struct hearsay *h, const struct tally *t);
/* False: nothing was told yet, or it was being written each time. */
bool hearsay_take(const struct hearsay *h, struct tally *ret);
/* What was copied, made safe: counts within their arrays, names of plain characters. */
void hearsay_clean(struct tally *t);

#endif
