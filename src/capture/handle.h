/*
 * capture/handle.h - one worker's ring of one interface.
 *
 * What: a ring that may come and go with its interface, and its counters, which stay.
 * Ownership: embedded; handle_close() frees what it holds.
 * Threads: one owner.
 */
#ifndef EXFILD_CAPTURE_HANDLE_H
#define EXFILD_CAPTURE_HANDLE_H

#include "exfild/capture/shorten.h"
#include "exfild/capture/sockets.h"
#include "tpacket.h"

struct handle {
	struct tpacket ring;
	uint32_t linktype;
	bool is_filtered;
	/* since the start */
	uint64_t frames, bytes, drops, waiting;
	/* of this opening */
	uint64_t frames_open, in_open;
};

void handle_init(struct handle *h);
/* Takes the worker's socket over, also when it fails. */
int handle_open(struct handle *h, struct sockets *s, unsigned worker) EXF_MUST_USE;
void handle_close(struct handle *h);
static inline bool handle_is_open(const struct handle *h)
{
	return h->ring.fd >= 0;
}
/* What waits first; borrowed until handle_done().  False: nothing waits. */
bool handle_peek(struct handle *h, struct tpacket_frame *ret);
/* It was taken. */
void handle_done(struct handle *h, const struct tpacket_frame *f);
/* From now on long packets of these flows come cut, all others whole. */
void handle_shorten(const struct handle *h, const struct shorten_flow *list, size_t count);
/* Asks the kernel. */
void handle_update_counts(struct handle *h);

#endif
