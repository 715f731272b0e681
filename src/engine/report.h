/*
 * engine/report.h - what a run says about itself on standard error.
 */
#ifndef EXFILD_SRC_ENGINE_REPORT_H
#define EXFILD_SRC_ENGINE_REPORT_H

#include "tally.h"

/* The first line: what counts as inside. */
void report_inside(const struct context *c);
/* Each damaged input, with its offset and reason. */
void report_damage(const struct capture *c);
/* What each interface gave. */
void report_interfaces(const struct tally *t);
/* Caps that were hit, late packets, leaps, broken headers: what the operator must know of. */
void report_counters(const struct tally *t, bool verbose);
/* The last line: packets, bytes, flows, seconds, alerts by severity. */
void report_summary(const struct tally *t, const struct alert_counts *alerts, double seconds,
		    bool is_live);

#endif
