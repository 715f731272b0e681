/*
 * engine/feed.h - one stream of frames into the plane.
 *
 * What: what replay (reader.c) and the live loop (watch.c) share: the clock law, ticks of packet
 * time, decoding, numbering.
 * Ownership: borrows decoder and plane; feed_deinit() frees the clock's memory.
 * Threads: the reader's.
 */
#ifndef EXFILD_SRC_ENGINE_FEED_H
#define EXFILD_SRC_ENGINE_FEED_H

#include "exfild/capture/capture.h"
#include "exfild/decode/decode.h"
#include "clock.h"
#include "plane.h"

#define FEED_TICK_NS  100000000ull
#define FEED_NO_INPUT UINT32_MAX /* of a packet whose fragments came by any */

struct feed {
	struct decoder *decoder;
	struct plane *plane;
	struct clock_law law;
	uint64_t seq, ticked;
	bool seq_is_time; /* of several feeds: numbers mean the same to all of them */
	/* whether a decoded packet is not for this plane, NULL: all are; live */
	bool (*is_left_out)(void *arg, uint32_t input, struct packet *p);
	void *arg;
};

void feed_init(struct feed *f, struct decoder *decoder, struct plane *plane);
void feed_deinit(struct feed *f);

/* False: nobody can read its link type. */
bool feed_frame(struct feed *f, const struct frame *frame);
/* A packet that another feed has decoded; its block stays the caller's. */
void feed_packet(struct feed *f, const struct packet *p);
/* Time goes on without a frame; `input` is one that frames do not use. */
void feed_time(struct feed *f, uint32_t input, uint64_t time_ns);
/* The input is at its end; returns when all is analysed. */
void feed_finish(struct feed *f);

#endif
