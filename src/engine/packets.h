/*
 * engine/packets.h - the process that takes packets apart (live): the packet plane and nothing
 * else.
 *
 * What: rings of the kernel in, events out.  All hostile bytes are met here, so it may do nothing
 * that its work does not need (sandbox.h): what it has, it was given before.
 * Threads: one a worker, and one that merges their events where there are several.
 */
#ifndef EXFILD_SRC_ENGINE_PACKETS_H
#define EXFILD_SRC_ENGINE_PACKETS_H

#include "wire.h"

struct ring;
struct sandbox_user;

struct packets_options {
	const struct wire_plan *plan;
	const char *rules; /* what is looked for in clear text (content/content.h) */
	size_t rules_len;
	struct split_key split;
	struct ring *ring;
	int parent;  /* WIRE_SOCKETS, WIRE_UNSET, WIRE_OWN, WIRE_STOP; its end ends this */
	int ask;     /* what core says */
	int board;   /* memory of hearsay.h */
	int parcels; /* packets of alerts, to write */
	const struct sandbox_user *user; /* to become, NULL: whoever started it */
};

/* Until it is told to stop; the exit status. */
int packets_run(const struct packets_options *o);

#endif
