/*
 * engine/outputs.h - the sinks that a run has, and the one rendering they share.
 *
 * What: standard output is written where an alert is made; all other sinks get it through the
 * delivery (sink/delivery.h), live by way of the spool.
 * Ownership: owns the open sinks.  Threads: analysis plane, where nothing else is said.
 */
#ifndef EXFILD_SRC_ENGINE_OUTPUTS_H
#define EXFILD_SRC_ENGINE_OUTPUTS_H

#include "exfild/alert/alert.h"
#include "exfild/config/config.h"
#include "exfild/control/snapshot.h"
#include "exfild/engine/options.h"
#include "exfild/sink/delivery.h"

struct outputs;

struct outputs_options {
	const struct options *options;
	const struct config *config;
	const struct alert_options *alert; /* as it is when an alert is put */
	uint64_t spool_bytes;              /* that it may have on the disk */
	/* Any thread: what the delivery has to tell, and what a heartbeat says. */
	void (*trouble)(void *arg, enum delivery_trouble what, const char *sink, uint64_t count,
			const char *text);
	void (*beat)(void *arg, struct sink_beat *ret);
	void *arg;
};

int outputs_open(const struct outputs_options *o, struct outputs **ret, char *ret_why,
		 size_t why_size) EXF_MUST_USE;
/*
 * Those of another configuration, to take the place of `current`: what leads to the same place is
 * left to outputs_take().  Any thread.
 */
int outputs_prepare(const struct outputs_options *o, const struct outputs *current,
		    struct outputs **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
/* `out` works with what fresh has; outputs_close(fresh) ends what is gone, on any thread. */
void outputs_take(struct outputs *out, struct outputs *fresh);
void outputs_put(struct outputs *out, const struct alert *a);
/* All that was put is where it outlives the process, as far as that is possible. */
bool outputs_is_safe(const struct outputs *out);
/* At the end: waits for the sinks, within a bound, and says what one could not take. */
bool outputs_finish(struct outputs *out);
/* The JSON line of the last alert put; valid until the next. */
const struct buf *outputs_line(const struct outputs *out);
/* How the sinks and the spool are, standard output left out. */
void outputs_snapshot(const struct outputs *out, struct snapshot *s);
/* Any thread: those of the session with these numbers again; see delivery_resend(). */
int64_t outputs_resend(struct outputs *out, uint64_t from, uint64_t to);
/* The session has another name. */
void outputs_session(struct outputs *out, const char *session);
void outputs_close(struct outputs *out);

#endif
