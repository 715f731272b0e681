/*
 * engine/outputs.h - the sinks that a run has, and the one rendering they share.
 *
 * Ownership: owns the open sinks.  Threads: analysis plane.
 */
#ifndef EXFILD_SRC_ENGINE_OUTPUTS_H
#define EXFILD_SRC_ENGINE_OUTPUTS_H

#include "exfild/alert/alert.h"
#include "exfild/config/config.h"
#include "exfild/engine/options.h"

struct outputs;

int outputs_open(const struct options *o, const struct config *config,
		 const struct alert_options *alert, struct outputs **ret, char *ret_why,
		 size_t why_size) EXF_MUST_USE;
void outputs_put(struct outputs *out, const struct alert *a);
void outputs_flush(struct outputs *out);
/* Says on standard error what a sink could not take. */
bool outputs_report(const struct outputs *out);
void outputs_close(struct outputs *out);

#endif
