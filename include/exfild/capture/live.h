/*
 * capture/live.h - frames from network interfaces, by libpcap (TPACKET_V3).
 *
 * What: several interfaces as one stream of frames, as capture.h gives those of files.  Interfaces
 * are named, or chosen: the inside ones of a gateway, followed by rtnetlink while it runs.  What
 * has come since the last look is copied into reference-counted blocks, so that the kernel's ring
 * is free again at once, and is given in order of time.  An interface that vanishes is opened again
 * when it returns.
 * Ownership: a frame's bytes belong to its block; they live while the block is held.  Without a
 * hold they are valid until the next live_next().
 * Threads: one reader.
 * Limits: LIVE_INTERFACES interfaces; LIVE_FRAMES frames a look; LIVE_BLOCKS blocks of 256 KiB,
 * held ones included; the kernel's rings as configured.  What finds no room in a ring is a drop,
 * counted.
 */
#ifndef EXFILD_CAPTURE_LIVE_H
#define EXFILD_CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"
#include "exfild/capture/capture.h"

#define LIVE_INTERFACES 64
#define LIVE_FRAMES     1024
#define LIVE_BLOCKS     256

enum live_side { LIVE_SIDE_AUTO, LIVE_SIDE_INSIDE, LIVE_SIDE_OUTSIDE };

struct live_interface {
	const char *name;
	enum live_side side;
};

struct live_options {
	const struct live_interface *interfaces; /* copied */
	size_t interface_count;                  /* 0: the inside interfaces are chosen */
	uint64_t buffer_bytes;                   /* of all interfaces together */
	const char *filter;                      /* BPF expression, NULL or "" for none */
};

/* Of one interface since the start. */
struct live_counts {
	const char *name;
	bool is_open;
	uint64_t frames, bytes; /* given out */
	uint64_t drops;         /* the kernel's ring was full */
	uint64_t waiting;       /* frames in the ring at the last look at the counters */
	uint64_t opened;        /* times */
};

struct live;

/* 0, or negative with a sentence that says what to do. */
int live_open(const struct live_options *options, struct live **ret, char *ret_why,
	      size_t why_size) EXF_MUST_USE;
void live_close(struct live *l);

enum live_result {
	LIVE_IDLE = 1, /* nothing waits */
	LIVE_BUSY,     /* all blocks are held: let some go */
	LIVE_END,      /* after live_stop(): what had come has been given */
};

/* 0: a frame; or enum live_result. */
int live_next(struct live *l, struct frame *ret) EXF_MUST_USE;
/* Waits until something came, at most so long; looks after links, addresses and routes. */
void live_wait(struct live *l, int timeout_ms);
/* No more is waited for: live_next() gives what has come until now, within a third of a second. */
void live_stop(struct live *l);

/* Asks the kernel for its counters; the drops since the last call. */
uint64_t live_update_counts(struct live *l);
size_t live_count(const struct live *l);
void live_counts(const struct live *l, size_t i, struct live_counts *ret);

/* Grows when what follows has changed. */
uint64_t live_generation(const struct live *l);
/* The prefixes on or behind interfaces that do not hold the default route; borrowed. */
const struct prefix *live_inside(const struct live *l, size_t *ret_count);
/* Whether this machine has the address. */
bool live_is_own(const struct live *l, const struct ipaddr *a);

#endif
