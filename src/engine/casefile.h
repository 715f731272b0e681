/*
 * engine/casefile.h - the page of a replay (--report).
 *
 * What: makes the file before the replay begins, hears each alert, and at the end adds what was
 * read, lost and silenced.
 * Ownership: the engine's.  Threads: alerts by the analysis, all else by the engine before and
 * after it.
 */
#ifndef EXFILD_SRC_ENGINE_CASEFILE_H
#define EXFILD_SRC_ENGINE_CASEFILE_H

#include "exfild/capture/capture.h"
#include "exfild/report/report.h"
#include "analysis.h"
#include "tally.h"

struct casefile;

struct casefile_facts { /* borrowed */
	const struct options *options;
	const struct config *config;
	const struct analysis *analysis;
	const struct capture *capture;
	const struct tally *tally;
	uint64_t first_ns;
};

int casefile_open(const char *path, struct casefile **ret, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
/* NULL is accepted; what was not written leaves nothing behind. */
void casefile_close(struct casefile *c);
/* NULL for NULL. */
struct report *casefile_report(struct casefile *c);
/* An alert's line, as ECS. */
void casefile_alert(struct report *r, const struct buf *line);
int casefile_write(struct casefile *c, const struct casefile_facts *f, char *ret_why,
		   size_t why_size) EXF_MUST_USE;

#endif
