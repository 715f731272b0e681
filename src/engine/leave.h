/*
 * engine/leave.h - packets that are not judged, live.
 *
 * What: exfild's own connections (to the configured Redis, and whatever sockets the process has),
 * and second copies of a packet that passes two watched interfaces.
 * Ownership: borrows the capture.  Threads: the reader's.
 * Limits: LEAVE_PEERS peers, LEAVE_SOCKETS sockets, a direct-mapped table of LEAVE_SEEN packets.
 */
#ifndef EXFILD_SRC_ENGINE_LEAVE_H
#define EXFILD_SRC_ENGINE_LEAVE_H

#include <stdbool.h>

#include "exfild/base/hash.h"
#include "exfild/capture/live.h"
#include "exfild/decode/packet.h"

#define LEAVE_PEERS    32
#define LEAVE_SOCKETS  64
#define LEAVE_SEEN     16384
#define LEAVE_TWICE_NS 200000000ull /* a copy comes within this time */

struct leave;

/* peer_url: redis://HOST:PORT of the server that exfild talks to, "" for none. */
struct leave *leave_new(struct live *live, const char *peer_url, const struct hash_key *key);
void leave_free(struct leave *l);
/* Looks at the process's sockets again. */
void leave_refresh(struct leave *l);
/* input: of its frame. */
bool leave_packet(struct leave *l, uint32_t input, const struct packet *p);
void leave_counts(const struct leave *l, uint64_t *ret_own, uint64_t *ret_twice);

/* The table of second copies, for itself. */
struct twice;
struct twice *twice_new(const struct hash_key *key);
void twice_free(struct twice *t);
/* Whether the packet came from another input a moment ago. */
bool twice_seen(struct twice *t, uint32_t input, const struct packet *p);

#endif
