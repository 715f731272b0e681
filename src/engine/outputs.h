/*
 * engine/outputs.h - the sinks that a run has, and the one rendering they share.
 *
 * Ownership: owns the open sinks.  Threads: analysis plane.
 */
#ifndef EXFILD_SRC_ENGINE_OUTPUTS_H
#define EXFILD_SRC_ENGINE_OUTPUTS_H

#include "exfild/alert/alert.h"
#include "exfild/config/config.h"
#include "exfild/control/snapshot.h"
#include "exfild/engine/options.h"

struct outputs;

int outputs_open(const struct options *o, const struct config *config,
		 const struct alert_options *alert, struct outputs **ret, char *ret_why,
		 size_t why_size) EXF_MUST_USE;
/*
 * Those of another configuration, to take the place of `current`: what leads to the same place is
 * left to outputs_take().  Any thread.
 */
int outputs_prepare(const struct options *o, const struct config *config,
		    const struct alert_options *alert, const struct outputs *current,
		    struct outputs **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
/* `out` gets the sinks of fresh and keeps what stays; fresh then holds those to be closed. */
void outputs_take(struct outputs *out, struct outputs *fresh);
void outputs_put(struct outputs *out, const struct alert *a);
void outputs_flush(struct outputs *out);
/* Says on standard error what a sink could not take. */
bool outputs_report(const struct outputs *out);
/* The JSON line of the last alert put; valid until the next. */
const struct buf *outputs_line(const struct outputs *out);
/* How the sinks are, standard output left out; how many were told. */
size_t outputs_health(const struct outputs *out, struct snap_sink *list, size_t most);
void outputs_close(struct outputs *out);

#endif
