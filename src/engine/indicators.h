/*
 * engine/indicators.h - the set of indicators that the configuration names.
 *
 * What: builds it with the guards of this configuration, and says what came of each feed: on the
 * log, and by an alert about the sensor where a feed is held.
 * Ownership: the caller drops the set.  Threads: any; one build at a time.
 */
#ifndef EXFILD_SRC_ENGINE_INDICATORS_H
#define EXFILD_SRC_ENGINE_INDICATORS_H

#include "exfild/intel/intel.h"
#include "analysis.h"

enum indicators_part {
	INDICATORS_ALL,
	INDICATORS_LOCAL, /* what was said by hand, over the feeds as they are */
};

/*
 * before: the set in effect, for feeds that are held; NULL: none.  *ret: NULL without feeds in a
 * replay.  Live, what was said by hand lies over the feeds.
 */
int indicators_build(const struct analysis_options *o, const struct config *config,
		     enum indicators_part part, const struct intel *before, struct intel **ret,
		     char *ret_why, size_t why_size) EXF_MUST_USE;
/* The file of what was said by hand; false: there is none. */
bool indicators_local(const struct config *config, char *dst, size_t size);
/* Changes when one of the files does. */
uint64_t indicators_signature(const struct config *config);
void indicators_log(const struct intel *x);

#endif
