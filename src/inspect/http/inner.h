/*
 * inspect/http/inner.h - another protocol that begins inside a WebSocket.
 *
 * What: knows the first bytes of those that have no business there, and tells it as EVENT_INNER.
 * Ownership: borrows the bytes.  Threads: one shard.
 * Limits: INNER_LOOK bytes of a message.
 */
#ifndef EXFILD_INSPECT_HTTP_INNER_H
#define EXFILD_INSPECT_HTTP_INNER_H

#include "exfild/inspect/inspector.h"

#define INNER_LOOK 16

/* A message begins with these bytes; true: that was such a protocol. */
bool inner_tell(struct inspection *in, const uint8_t *data, size_t len);

#endif
