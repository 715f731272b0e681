/*
 * responder/saved.h - the decisions on disk.
 *
 * What: FOLDER/decisions, written whole beside the old file, synced, and put in its place, at each
 * change.  A damaged file is set aside as decisions.damaged and said.  FOLDER/quarantine.off is the
 * break-glass: while a file of that name is there, nothing is cut off, restarts included.
 * Threads: one owner.
 */
#ifndef EXFILD_SRC_RESPONDER_SAVED_H
#define EXFILD_SRC_RESPONDER_SAVED_H

#include "book.h"

#define SAVED_OFF "quarantine.off"

/* False with a log line: the disk refused; what is in the kernel stays right. */
bool saved_write(const char *folder, const struct book *b);
/* Into the book, but for what is over by now. */
void saved_read(const char *folder, struct book *b, const struct never *never, uint64_t now_s);
bool saved_is_off(const char *folder);
/* False with errno. */
bool saved_set_off(const char *folder, bool is_off);

#endif
