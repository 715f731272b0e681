/*
 * engine/activity.h - who sends how much, for exfilctl and the metrics.
 *
 * What: hosts, destinations, services and running flows by bytes, and shares of bytes by direction
 * and by what can be seen of them, from flow events.
 * Threads: analysis plane.
 * Limits: ACTIVITY_HOSTS, ACTIVITY_DESTINATIONS, ACTIVITY_SERVICES, ACTIVITY_FLOWS; what sends most
 * stays longest.  A flow that was pushed out is counted from its next event on, so that shares stay
 * near the truth.
 */
#ifndef EXFILD_SRC_ENGINE_ACTIVITY_H
#define EXFILD_SRC_ENGINE_ACTIVITY_H

#include "exfild/base/hash.h"
#include "exfild/context/context.h"
#include "exfild/control/snapshot.h"

#define ACTIVITY_HOSTS        4096
#define ACTIVITY_DESTINATIONS 4096
#define ACTIVITY_SERVICES     256
#define ACTIVITY_FLOWS        16384

struct activity;

struct activity *activity_new(const struct hash_key *key);
void activity_free(struct activity *a);
void activity_event(struct activity *a, const struct context *c, const struct event *e);
void activity_snapshot(const struct activity *a, const struct context *c, struct snapshot *s);
void activity_lists(struct activity *a, const struct context *c, struct snap_lists *ret);

#endif
