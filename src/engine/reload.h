/*
 * engine/reload.h - another configuration without a restart.
 *
 * What: reads the file again, builds and checks all that follows from it beside what runs, and has
 * the analysis take it between two batches: no packet is lost, flows and the memory of detectors
 * stay.  What cannot change live keeps its value and is named.  A broken file changes nothing: it
 * is said on the log, in `exfilctl status`, and by an alert (sensor_configuration).
 * Ownership: owns a thread; holds the setup of the start and the one in effect.
 * Threads: reload_ask() from any, also a loop that must not wait; reload_run() from any but the
 * analysis thread; the rest is the main thread's.
 */
#ifndef EXFILD_SRC_ENGINE_RELOAD_H
#define EXFILD_SRC_ENGINE_RELOAD_H

#include "exfild/control/server.h"
#include "analysis.h"
#include "setup.h"

struct annals;
struct reload;
struct sets_store;

struct reload_options {
	const struct options *options;
	const char *path;    /* of the file; NULL: there is none to be read again */
	struct setup *setup; /* in effect; held */
	struct analysis *analysis;
	struct annals *annals;       /* where it is kept; NULL: nowhere */
	struct publisher *publisher; /* gets to know how the configuration is; NULL: none */
	struct sets_store *sets;     /* what texts are compared with goes there */
	const char *broken;          /* why the file was refused at the start, NULL: it was not */
};

/* The log as it is configured, where the command line does not say otherwise. */
void reload_log_level(const struct options *o, const struct config *c);
/* The thread starts; a file that was refused at the start is told of. */
int reload_new(const struct reload_options *o, struct reload **ret) EXF_MUST_USE;
/* The analysis is about to go: ends the thread, and refuses what comes. NULL is accepted. */
void reload_stop(struct reload *r);
/* When nothing uses the setup in effect any more. NULL is accepted. */
void reload_free(struct reload *r);
/* What exfilctl asks of indicators; 0, or -EXF_E_x with the reason in q->text.  Control thread. */
int reload_intel(struct reload *r, struct control_intel *q);
struct intel_change {
	bool is_add;
	const char *value, *reason;
};
/* Many additions and removals as one: how many were done; of the last that was not, the reason. */
size_t reload_intel_list(struct reload *r, const struct intel_change *list, size_t count,
			 char *ret_why, size_t why_size);
/* As by SIGHUP: soon, on its own thread. */
void reload_ask(struct reload *r);
/* Now; 0, or -EXF_E_x with the reason in ret->why. */
int reload_run(struct reload *r, struct control_reload *ret);

#endif
