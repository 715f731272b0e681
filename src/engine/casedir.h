/*
 * engine/casedir.h - the folder of a replay (--case): all that an incident file needs.
 *
 * What: makes the folder before the replay begins and names the places of events, report and
 * packets in it, hears each alert, and at the end adds the configuration, what was read and how
 * (case.json), and a manifest with the SHA-256 of every file, by which the folder can be checked
 * later with sha256sum.  A folder without a manifest is not whole.
 * Ownership: the engine's.  Threads: alerts by the analysis, all else by the engine before and
 * after it.
 */
#ifndef EXFILD_SRC_ENGINE_CASEDIR_H
#define EXFILD_SRC_ENGINE_CASEDIR_H

#include "casefile.h"

#define CASEDIR_MANIFEST "MANIFEST.sha256"

struct casedir;

/* Refuses a folder that holds anything, one within an input, and what can be read only once. */
int casedir_open(const struct options *o, struct casedir **ret, char *ret_why,
		 size_t why_size) EXF_MUST_USE;
/* NULL is accepted; of one that was not finished nothing stays. */
void casedir_close(struct casedir *c);
/* Events, packets and report go into the folder; valid as long as the folder. */
void casedir_options(const struct casedir *c, struct options *o);
/* An alert's line, as ECS. */
void casedir_alert(struct casedir *c, const struct buf *line);
/* When all else is written. */
int casedir_finish(struct casedir *c, const struct casefile_facts *f,
		   const struct alert_counts *alerts, char *ret_why, size_t why_size) EXF_MUST_USE;

#endif
