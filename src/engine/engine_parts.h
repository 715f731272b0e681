/*
 * engine/engine_parts.h - what a replay and the live analysis (core.c) have in common.
 *
 * Threads: main.
 */
#ifndef EXFILD_SRC_ENGINE_ENGINE_PARTS_H
#define EXFILD_SRC_ENGINE_ENGINE_PARTS_H

#include "exfild/engine/engine.h"
#include "analysis.h"
#include "keeper.h"
#include "lastgood.h"
#include "sizes.h"

struct engine {
	const struct options *options;
	struct setup *setup;
	const struct config *config; /* of setup */
	struct sizes sizes;
	struct analysis *analysis;
	struct keeper *keeper;
	struct hash_key key;        /* of tables */
	struct hash_key sketch_key; /* of hashes that outlive the process */
	uint64_t start_ns;          /* packet time of the state, 0: none */
	bool lost_output;
	char data_dir[512];
	char why[512];
	char broken[LASTGOOD_WHY]; /* why the configuration was refused, "" it was not */
};

int engine_load_config(struct engine *e) EXF_MUST_USE;
/* The state that is wanted, if any: opened before the analysis, read into it. */
int engine_open_state(struct engine *e) EXF_MUST_USE;
int engine_resume(struct engine *e) EXF_MUST_USE;
/* What is the same for both. */
struct analysis_options engine_analysis_options(const struct engine *e);
unsigned engine_workers(const struct engine *e);
double engine_seconds(void);
/* EXIT_START with a sentence on the log. */
int engine_fail(const struct engine *e, int err);
/* Of --fail-on and of output that was lost; else EXIT_DONE. */
int engine_status(const struct engine *e);

#endif
