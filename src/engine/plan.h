/*
 * engine/plan.h - what capture is to do (live): told by core, through the parent.
 *
 * What: the interfaces and their sides, the filter, sizes, the rules of content; in records of
 * wire.h.
 * Ownership: none.  Threads: core's main thread.
 * Limits: LIVE_INTERFACES; those beyond are left out.
 */
#ifndef EXFILD_SRC_ENGINE_PLAN_H
#define EXFILD_SRC_ENGINE_PLAN_H

#include "engine_parts.h"

/* -EXF_E_INVALID with a sentence in e->why: a name or the filter does not fit its record. */
int plan_check(struct engine *e);
/* keeps_packets: for the evidence of alerts.  False: the parent is gone. */
bool plan_send(struct engine *e, bool keeps_packets, int parent);

#endif
