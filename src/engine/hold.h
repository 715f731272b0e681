/*
 * engine/hold.h - packets that wait until it is known whose flow they are (nat.h).
 *
 * What: first in, first out; all of one flow can be taken out of order.
 * Ownership: holds the blocks of what waits.
 * Threads: one worker's.
 * Limits: HOLD_PACKETS; a flow's packets are looked for among the first HOLD_LOOK.
 */
#ifndef EXFILD_SRC_ENGINE_HOLD_H
#define EXFILD_SRC_ENGINE_HOLD_H

#include "handover.h"

#define HOLD_PACKETS 2048
#define HOLD_LOOK    256

struct hold;

struct hold *hold_new(void);
void hold_free(struct hold *h);
/* False: it is full. */
bool hold_put(struct hold *h, const struct packet *p, uint32_t input, uint64_t flow);
/* The first one, if it came at or before that time; the caller releases its block. */
bool hold_take(struct hold *h, uint64_t until_ns, struct handed *ret);
/* The first one of that flow, the same. */
bool hold_take_flow(struct hold *h, uint64_t flow, struct handed *ret);

#endif
