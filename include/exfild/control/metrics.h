/*
 * control/metrics.h - the snapshot in Prometheus' text form, and whether the daemon is alive.
 *
 * What: exfild_*_total, _bytes, _seconds; every table with a cap has fill, capacity, evictions and
 * refusals.  No label names a host.
 * Threads: any.
 */
#ifndef EXFILD_CONTROL_METRICS_H
#define EXFILD_CONTROL_METRICS_H

#include "exfild/base/buf.h"
#include "exfild/control/snapshot.h"

#define METRICS_STALE_S 15

void metrics_print(const struct snapshot *s, uint64_t steady_ns, struct buf *out);
/* A sentence; false: the engine has told nothing for METRICS_STALE_S seconds. */
bool metrics_health(const struct snapshot *s, uint64_t steady_ns, struct buf *out);

#endif
