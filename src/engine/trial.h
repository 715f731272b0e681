/*
 * engine/trial.h - which alerts an exception would silence, asked before it is configured.
 *
 * What: an exception as text, or those configured, against the last alerts or against ends that
 * somebody names; by the very function that silences.
 * Threads: trial_give() any but the analysis'; trial_run() the analysis'.
 */
#ifndef EXFILD_SRC_ENGINE_TRIAL_H
#define EXFILD_SRC_ENGINE_TRIAL_H

#include "exfild/control/server.h"
#include "analysis.h"

/* As order_give(), after the text has been read. */
int trial_give(struct analysis *a, struct control_order *order);
/* Under the lock of the news. */
void trial_run(struct analysis *a, struct control_order *order);

struct mutes;
struct context;
struct config;
/* trial_run() without an analysis; false: there is no such alert, or a case cannot be read. */
bool trial_look(struct control_trial *t, const struct mutes *m, const struct config *config,
		const struct context *context, uint64_t now_ns);

#endif
