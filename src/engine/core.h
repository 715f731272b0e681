/*
 * engine/core.h - the process that judges (live): analysis plane, sinks, state, control socket,
 * files of evidence.
 *
 * What: reads the configuration, tells the parent what capture is to do (wire.h), takes the events
 * of capture as hostile input (inlet.h), until capture has ended and all of it is analysed.
 * Threads: its main thread is the analysis.
 */
#ifndef EXFILD_SRC_ENGINE_CORE_H
#define EXFILD_SRC_ENGINE_CORE_H

#include "exfild/engine/options.h"

/* parent: the channel.  before: how the core before this one ended (waitpid), 0: there was none.
 * The exit status. */
int core_run(const struct options *o, int parent, int before);

#endif
