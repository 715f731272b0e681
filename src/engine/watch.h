/*
 * engine/watch.h - hears at once when files have been written or replaced.
 *
 * What: inotify on the folder of each file, and of each link on the way to it, so that a file that
 * is written, moved into place, or reached through another link is heard of.  A file that is only
 * taken away is not: who asks looks now and then all the same.
 * Ownership: the caller frees it.  Threads: one.
 * Limits: WATCH_NAMES names in all; files past that are not heard of.
 */
#ifndef EXFILD_SRC_ENGINE_WATCH_H
#define EXFILD_SRC_ENGINE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#define WATCH_NAMES 128

struct watch;

/* NULL: no memory. */
struct watch *watch_new(void);
void watch_free(struct watch *w);
/* From here on these files, and no others; what was said of others is forgotten. */
void watch_begin(struct watch *w);
void watch_file(struct watch *w, const char *path);
/* False: the kernel hears nothing, or not of all files. */
bool watch_is_good(const struct watch *w);
/* To be polled for reading; -1: none. */
int watch_fd(const struct watch *w);
/* Takes what waits; true: one of the files, or of the links, may be another. */
bool watch_heard(struct watch *w);

#endif
