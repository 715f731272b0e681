/*
 * engine/leave.h - packets that are not judged, live.
 *
 * What: exfild's own connections, which the process that has them tells (connections.h), and second
 * copies of a packet that passes two watched interfaces.
 * Ownership: borrows the capture.  Threads: the reader's; connections_set(): any.
 * Limits: those of struct wire_connections, a direct-mapped table of LEAVE_SEEN packets.
 */
#ifndef EXFILD_SRC_ENGINE_LEAVE_H
#define EXFILD_SRC_ENGINE_LEAVE_H

#include <pthread.h>
#include <stdbool.h>

#include "exfild/base/hash.h"
#include "exfild/capture/live.h"
#include "exfild/decode/packet.h"
#include "wire.h"

#define LEAVE_SEEN     16384
#define LEAVE_TWICE_NS 200000000ull /* a copy comes within this time */

/* What was told, for all workers. */
struct connections {
	pthread_mutex_t lock;
	struct wire_connections list;
};
/* Counts beyond their arrays are cut. */
void connections_set(struct connections *c, const struct wire_connections *list);

struct leave;

struct leave *leave_new(struct live *live, struct connections *shared, const struct hash_key *key);
void leave_free(struct leave *l);
/* Takes over what was told since. */
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
