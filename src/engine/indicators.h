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

/* before: the set in effect, for feeds that are held; NULL: none.  *ret: NULL without feeds. */
int indicators_build(const struct analysis_options *o, const struct config *config,
		     const struct intel *before, struct intel **ret, char *ret_why,
		     size_t why_size) EXF_MUST_USE;
void indicators_log(const struct intel *x);

#endif
