/*
 * capture/live.h - frames from network interfaces (TPACKET_V3).
 *
 * What: several interfaces, for several workers: each worker (a lane) reads its own ring of each
 * interface, and gets the packets whose outer address pair is its share (split.h).  Interfaces are
 * named, or chosen: the inside ones of a gateway, followed by rtnetlink while it runs.  What has
 * come since the last look is copied into reference-counted blocks, so that the kernel's ring is
 * free again at once, and is given in order of time.  An interface that vanishes is opened again
 * when it returns.
 * Ownership: a frame's bytes belong to its block; they live while the block is held.  Without a
 * hold they are valid until the next live_next() of that lane.
 * Threads: one reader a lane; live_follow() and the counters: one more, or one of them.
 * Limits: LIVE_INTERFACES interfaces; LIVE_WORKERS lanes; LIVE_FRAMES frames a look; LIVE_BLOCKS
 * blocks of 256 KiB a lane, held ones included; the kernel's rings as configured.  What finds no
 * room in a ring is a drop, counted.
 */
#ifndef EXFILD_CAPTURE_LIVE_H
#define EXFILD_CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"
#include "exfild/capture/capture.h"
#include "exfild/capture/sockets.h"

#define LIVE_INTERFACES 64
#define LIVE_WORKERS    SOCKETS_MAX
#define LIVE_FRAMES     1024
#define LIVE_BLOCKS     256

enum live_side { LIVE_SIDE_AUTO, LIVE_SIDE_INSIDE, LIVE_SIDE_OUTSIDE };

struct live_interface {
	const char *name;
	enum live_side side;
};

/* Opens the sockets of an interface; errors as sockets_open(). */
typedef int (*live_sockets_fn)(void *arg, const struct sockets_options *o, struct sockets *ret,
			       char *ret_why, size_t why_size);

struct live_options {
	const struct live_interface *interfaces; /* copied */
	size_t interface_count;                  /* 0: the inside interfaces are chosen */
	uint64_t buffer_bytes;                   /* of all interfaces and workers together */
	const char *filter;                      /* BPF expression, NULL or "" for none */
	unsigned workers;                        /* 1 to LIVE_WORKERS */
	struct split_key split;
	live_sockets_fn open; /* NULL: sockets_open(); else who has the power to */
	void *open_arg;
};

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

/* 0, or negative with a sentence that says what to do. */
int live_open(const struct live_options *options, struct live **ret, char *ret_why,
	      size_t why_size) EXF_MUST_USE;
void live_close(struct live *l);
/* What a worker reads. */
struct live_lane *live_lane(struct live *l, unsigned worker);

enum live_result {
	LIVE_IDLE = 1, /* nothing waits */
	LIVE_BUSY,     /* all blocks are held: let some go */
	LIVE_END,      /* after live_stop(): what had come has been given */
};

/* 0: a frame; or enum live_result. */
int live_next(struct live_lane *lane, struct frame *ret) EXF_MUST_USE;
/* Waits until something came or live_wake(), at most so long. */
void live_wait(struct live_lane *lane, int timeout_ms);
/* Ends a live_wait() of that lane; any thread. */
void live_wake(struct live_lane *lane);

/* Whether live_stop() was called. */
bool live_is_stopping(const struct live_lane *lane);

/* Looks after links, addresses and routes: opens what is to be watched and closes what is gone. */
void live_follow(struct live *l);
/* No more is waited for: live_next() gives what has come until now, within a third of a second. */
void live_stop(struct live *l);

/* Asks the kernel for its counters, which live_counts() then tells. */
void live_update_counts(struct live *l);
size_t live_count(const struct live *l);
void live_counts(struct live *l, size_t i, struct live_counts *ret);
unsigned live_workers(const struct live *l);
void live_worker_counts(struct live *l, unsigned worker, struct live_counts *ret);

/* Grows when what follows has changed. */
uint64_t live_generation(const struct live *l);
/* The prefixes on or behind interfaces that do not hold the default route; borrowed. */
const struct prefix *live_inside(const struct live *l, size_t *ret_count);
/* Addresses of this machine, at most so many; any thread. */
size_t live_own(struct live *l, struct ipaddr *ret, size_t most);
/* Whether this machine has the address; any thread. */
bool live_is_own(struct live *l, const struct ipaddr *a);

#endif
