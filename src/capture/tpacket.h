/*
 * capture/tpacket.h - reading a TPACKET_V3 ring.
 *
 * What: walks the blocks that the kernel has given, frame by frame, without a system call; puts a
 * VLAN tag that the interface took off back in its place.
 * Ownership: owns the descriptor and the mapping; tpacket_close() frees both.
 * Threads: one owner.  Takes no privilege: the socket may come from another process.
 * Limits: frames longer than a block are cut by the kernel, their true length told.
 */
#ifndef EXFILD_CAPTURE_TPACKET_H
#define EXFILD_CAPTURE_TPACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

struct tpacket {
	int fd; /* -1: closed */
	uint8_t *map;
	size_t block_size, block_count;
	bool is_raw;      /* frames are IP packets: others are passed over */
	bool is_loopback; /* what goes out comes in as well, and counts then */
	size_t at;        /* block */
	uint32_t left;    /* frames of it, once it was begun */
	bool is_begun;
	size_t place;    /* of the next frame in its block */
	uint64_t passed; /* frames that were passed over */
};

struct tpacket_frame {
	const uint8_t *head; /* the first bytes, if a tag comes between them and the rest */
	uint32_t head_len, tag_len;
	uint8_t tag[4];
	const uint8_t *data; /* the rest */
	uint32_t data_len;
	uint32_t wirelen;
	uint64_t time_ns;
};

struct tpacket_geometry {
	size_t block_size, block_count;
	bool is_raw, is_loopback;
};

/* Takes fd over, also when it fails; errno says why. */
int tpacket_open(struct tpacket *t, int fd, const struct tpacket_geometry *g) EXF_MUST_USE;
void tpacket_close(struct tpacket *t);

/* The next frame; valid until tpacket_done().  False: nothing waits. */
bool tpacket_peek(struct tpacket *t, struct tpacket_frame *ret);
/* The frame of the last tpacket_peek() was taken. */
void tpacket_done(struct tpacket *t);

/* Since the last call: frames the kernel put in and dropped. */
bool tpacket_statistics(struct tpacket *t, uint32_t *ret_in, uint32_t *ret_dropped);

#endif
