/*
 * capture/live.h - frames from network interfaces (TPACKET_V3): the half that reads.
 *
 * What: several interfaces, for several workers: each worker (a lane) reads its own ring of each
 * interface, and gets the packets whose outer address pair is its share (split.h).  Which
 * interfaces there are, and their sockets, come from who follows them (follow.h), in another
 * process: nothing here takes a privilege or opens anything.  What has come since the last look is
 * copied into reference-counted blocks, so that the kernel's ring is free again at once, and is
 * given in order of time.
 * Ownership: a frame's bytes belong to its block; they live while the block is held.  Without a
 * hold they are valid until the next live_next() of that lane.
 * Threads: one reader a lane; places, own addresses and counters: one more, or one of them.
 * Limits: LIVE_INTERFACES interfaces; LIVE_WORKERS lanes; LIVE_FRAMES frames and about a
 * megabyte a look; LIVE_BLOCKS
 * blocks of 256 KiB a lane, held ones included; LIVE_OWN addresses of this machine; the kernel's
 * rings as configured.  What finds no room in a ring is a drop, counted.
 */
#ifndef EXFILD_CAPTURE_LIVE_H
#define EXFILD_CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"
#include "exfild/capture/capture.h"
#include "exfild/capture/shorten.h"
#include "exfild/capture/sockets.h"

#define LIVE_INTERFACES 64
#define LIVE_WORKERS    SOCKETS_MAX
#define LIVE_FRAMES     1024
#define LIVE_BLOCKS     256
#define LIVE_OWN        256
#define LIVE_WAKERS     2

/* Of one interface, or one worker, since the start. */
struct live_counts {
	const char *name; /* NULL: of a worker */
	bool is_open;
	uint64_t frames, bytes; /* given out */
	uint64_t drops;         /* the kernel's ring was full */
	uint64_t waiting;       /* frames in the ring at the last look at the counters */
	uint64_t opened;        /* times */
};

struct live;
struct live_lane;

/* NULL without memory or descriptors. */
struct live *live_new(unsigned workers);
void live_close(struct live *l);

/* The place of an interface gets its sockets, which are taken over also on failure. */
int live_set(struct live *l, size_t place, const char *name, struct sockets *s) EXF_MUST_USE;
/* It is gone; its counters stay. */
void live_unset(struct live *l, size_t place);
/* The addresses of this machine: the first LIVE_OWN of them. */
void live_set_own(struct live *l, const struct ipaddr *list, size_t count);
/* Before reading: input on these descriptors ends the waits of the first lane. */
void live_set_wakers(struct live *l, const int fds[LIVE_WAKERS]);
/* What wakes a lane's reader: a descriptor that is written to. */
int live_wake_fd(const struct live *l, unsigned worker);

/* What a worker reads. */
struct live_lane *live_lane(struct live *l, unsigned worker);

enum live_result {
	LIVE_IDLE = 1, /* nothing waits */
	LIVE_BUSY,     /* all blocks are held: let some go */
	LIVE_END,      /* after live_stop(): what had come has been given */
};

/* 0: a frame; or enum live_result. */
int live_next(struct live_lane *lane, struct frame *ret) EXF_MUST_USE;
/* Waits until something came or live_wake(), at most so long.  In a nap packets do not end it: they
 * gather in the rings, for no longer than those have room for 10 Gbit/s. */
void live_wait(struct live_lane *lane, bool is_nap, int timeout_ms);
/* Ends a live_wait() of that lane; any thread. */
void live_wake(struct live_lane *lane);

/* The flows whose long packets need not come whole from now on (shorten.h); the reader calls it. */
void live_shorten(struct live_lane *lane, const struct shorten_flow *list, size_t count);

/* Whether live_stop() was called. */
bool live_is_stopping(const struct live_lane *lane);

/* No more is waited for: live_next() gives what has come until now, within a fifth of a second. */
void live_stop(struct live *l);

/* Asks the kernel for its counters, which live_counts() then tells. */
void live_update_counts(struct live *l);
size_t live_count(const struct live *l);
void live_counts(struct live *l, size_t i, struct live_counts *ret);
unsigned live_workers(const struct live *l);
void live_worker_counts(struct live *l, unsigned worker, struct live_counts *ret);

/* Grows when interfaces or addresses have changed; any thread. */
uint64_t live_generation(const struct live *l);
/* Addresses of this machine, at most so many; any thread. */
size_t live_own(struct live *l, struct ipaddr *ret, size_t most);
/* Whether this machine has the address; any thread. */
bool live_is_own(struct live *l, const struct ipaddr *a);

#endif
