/*
 * engine/report.h - what a replay says about itself on standard error.
 */
#ifndef EXFILD_SRC_ENGINE_REPORT_H
#define EXFILD_SRC_ENGINE_REPORT_H

#include "reader.h"

/* The first line: what counts as inside. */
void report_inside(const struct context *c);
/* Each damaged input, with its offset and reason. */
void report_damage(const struct capture *c);
/* What each interface gave. */
void report_interfaces(const struct live *l);
/* Caps that were hit, late packets, leaps, broken headers: what the operator must know of. */
void report_counters(const struct reader *r, const struct shard_counts counts[SHARDS],
		     bool verbose);
/* The last line: packets, bytes, flows, seconds, alerts by severity. */
void report_summary(const struct reader *r, const struct shard_counts counts[SHARDS],
		    const struct alert_counts *alerts, double seconds);

#endif
