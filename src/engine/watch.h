/*
 * engine/watch.h - the live loop: frames of interfaces into the plane, until a signal.
 *
 * What: capture, clock law, decode, plane; what was gathered is handed over whenever nothing waits,
 * and at least every 100 ms; ticks come while nothing does.  Counters, inside prefixes and the
 * service manager are seen to once a second.
 * Threads: the caller's.
 */
#ifndef EXFILD_SRC_ENGINE_WATCH_H
#define EXFILD_SRC_ENGINE_WATCH_H

#include "reader.h"

/* Until SIGTERM or SIGINT; what had come by then is analysed. */
int watch_run(struct reader *r, struct analysis *a) EXF_MUST_USE;

#endif
