/*
 * inspect/http/socket.h - what is said in a WebSocket (RFC 6455, RFC 7692).
 *
 * What: messages of each side, without mask and compression, go where bodies go: they are looked
 * through, files in them are told by their first bytes, encoded words in texts are measured
 * (content/carried.h), a shell in them and another protocol that begins there are known.
 * Ownership: a struct socket_side lies in the inspector's state; what is kept of the messages lies
 * on the flow's desk (body.h).  Threads: one shard.
 * Limits: what goes to an address inside, and what comes in, is read up to 64 KiB of both sides;
 * another protocol is sought in the first messages only.
 */
#ifndef EXFILD_INSPECT_HTTP_SOCKET_H
#define EXFILD_INSPECT_HTTP_SOCKET_H

#include "exfild/inspect/inspector.h"
#include "../content/carried.h"
#include "../content/undone.h"
#include "frames.h"
#include "inner.h"

struct socket_side { /* zeroed at the switch */
	struct frames frames;
	struct undoing undoing;
	struct carried carried; /* of texts that are not told yet */
	uint32_t said;          /* bytes of these */
	uint8_t messages;       /* in which another protocol was sought */
	uint8_t open;           /* enum frames_kind, of the body that is under way */
	uint8_t head_len;       /* of the message; INNER_LOOK: it has begun */
	uint8_t head[INNER_LOOK];
	bool is_picture; /* the long words of this message */
	bool is_inner;   /* another protocol was told */
};

/* The next bytes of a side; `desk` is the flow's. */
enum inspect_verdict socket_take(struct socket_side *s, struct inspection *in, uint8_t desk,
				 bool is_response, const uint8_t *data, uint32_t len,
				 uint32_t *ret_used);
/* No more comes of the side. */
void socket_end(struct socket_side *s, struct inspection *in, uint8_t desk, bool is_response);

#endif
