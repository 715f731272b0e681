/*
 * inspect/http/frames.h - frames of a WebSocket (RFC 6455, 5.2).
 *
 * What: fed what one side sends in order, in any portions; gives the payload of its data messages,
 * without the mask and as yet compressed, and where each ends.  Control frames are passed over.
 * Ownership: lies in the inspector's state.  Threads: one shard.
 * Limits: FRAMES_PORTION bytes at a time; nothing is held.
 */
#ifndef EXFILD_INSPECT_HTTP_FRAMES_H
#define EXFILD_INSPECT_HTTP_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMES_PORTION 2048

enum frames_kind { FRAMES_NONE, FRAMES_TEXT, FRAMES_BINARY };

struct frames {        /* zeroed at the switch */
	uint64_t left; /* bytes of the frame still to come */
	uint8_t mask[4];
	uint8_t masked;  /* bytes of it that are through, modulo 4 */
	uint8_t kind;    /* enum frames_kind, of the message that is under way */
	bool is_packed;  /* that message is compressed */
	bool is_control; /* of the frame */
	bool is_last;    /* likewise: its message ends with it */
};

/* The next bytes of the message; is_end: they are its last, and there may be none.  False: no more
 * is wanted. */
typedef bool (*frames_fn)(void *arg, const uint8_t *data, size_t len, bool is_end);

/* False: that is no frame, or fn wants no more. */
bool frames_pass(struct frames *f, const uint8_t *data, uint32_t len, uint32_t *ret_used,
		 frames_fn fn, void *arg);

#endif
