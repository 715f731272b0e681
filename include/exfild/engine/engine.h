/*
 * engine/engine.h - joins all layers.
 *
 * What: builds the pipeline from options and configuration, replays the inputs, reports.
 * Threads: with one worker everything runs on the caller's thread; with N, the reader helps N - 1
 * workers and one thread analyses.
 */
#ifndef EXFILD_ENGINE_ENGINE_H
#define EXFILD_ENGINE_ENGINE_H

#include "exfild/engine/options.h"

/* Runs to the end; the exit status (enum exit_status). */
int engine_run(const struct options *o);

#endif
