/*
 * engine/parent.h - the first process of a live exfild: opens, hands over, starts again.
 *
 * What: starts core (core.h), which reads the configuration and says what is to be watched; opens
 * the packet sockets (follow.h) and hands them to capture (packets.h); starts either again when it
 * ends, later each time; speaks to the service manager.  It reads records of core and datagrams of
 * the kernel, never a packet, and nothing at all of capture.
 * Threads: one; it forks.
 */
#ifndef EXFILD_SRC_ENGINE_PARENT_H
#define EXFILD_SRC_ENGINE_PARENT_H

#include "exfild/engine/options.h"

/* Until SIGTERM or SIGINT; the exit status. */
int parent_run(const struct options *o);

#endif
