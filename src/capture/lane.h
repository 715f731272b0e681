/*
 * capture/lane.h - what one worker reads: its rings of all interfaces.
 *
 * What: the frames that wait, copied into blocks and sorted by time (live.h).  Rings come and go
 * by places: a place is an interface.
 * Ownership: owns its rings and blocks.
 * Threads: one reads (live_next, live_wait); another may set places and look at counters.
 */
#ifndef EXFILD_CAPTURE_LANE_H
#define EXFILD_CAPTURE_LANE_H

#include "exfild/capture/live.h"

struct live_lane *lane_new(unsigned worker);
void lane_free(struct live_lane *lane);

/* The place gets this lane's socket of an interface, which is taken over also on failure. */
int lane_set(struct live_lane *lane, size_t place, struct sockets *s) EXF_MUST_USE;
void lane_unset(struct live_lane *lane, size_t place);
void lane_stop(struct live_lane *lane);
/* Before reading: input on these descriptors ends a wait too. */
void lane_set_wakers(struct live_lane *lane, const int fds[LIVE_WAKERS]);
int lane_wake_fd(const struct live_lane *lane);

/* Asks the kernel for its counters. */
void lane_update_counts(struct live_lane *lane);
/* Adds the counters of a place. */
void lane_add_counts(struct live_lane *lane, size_t place, struct live_counts *to);

#endif
