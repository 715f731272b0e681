/*
 * inspect/http/inner.h - what a conversation becomes once HTTP has switched to something else.
 *
 * What: the begins of frames after a switch to WebSocket (RFC 6455, 5.2), each of which has a head
 * and, from the client, a mask.  What they begin is told as EVENT_INNER when it is a protocol that
 * has no business there.
 * Ownership: a struct inner_side lies in the inspector's state.  Threads: one shard.
 * Limits: INNER_FRAMES frames of a side, INNER_LOOK bytes of each.
 */
#ifndef EXFILD_INSPECT_HTTP_INNER_H
#define EXFILD_INSPECT_HTTP_INNER_H

#include "exfild/inspect/inspector.h"

#define INNER_FRAMES 6
#define INNER_LOOK   16

struct inner_side {    /* zeroed at the switch */
	uint64_t skip; /* bytes of a frame still to come */
	uint8_t frames;
	bool is_told;
};

/* The protocol that these bytes begin; APP_UNKNOWN: none that matters here. */
enum app inner_app(const uint8_t *data, size_t len);

/* Frames of one side; tells what it recognises. */
enum inspect_verdict inner_frames(struct inner_side *s, struct inspection *in, const uint8_t *data,
				  uint32_t len, uint32_t *ret_used);
#endif
