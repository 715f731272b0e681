/*
 * engine/handover.h - packets that another worker owns.
 *
 * What: the kernel deals frames by their outermost address pair; the innermost one decides whose a
 * packet is.  A decoded packet waits here, its block held, until its owner takes it.
 * Ownership: holds the blocks of what waits.
 * Threads: any may give; one takes.
 * Limits: HANDOVER_PACKETS; what comes when they wait is lost and counted.
 */
#ifndef EXFILD_SRC_ENGINE_HANDOVER_H
#define EXFILD_SRC_ENGINE_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/decode/packet.h"

#define HANDOVER_PACKETS 4096

struct handed {
	struct packet packet;
	uint32_t input;
};

struct handover;

struct handover *handover_new(void);
void handover_free(struct handover *h);

/* False: it is full.  *ret_wake: the owner sleeps and is to be woken. */
bool handover_give(struct handover *h, const struct packet *p, uint32_t input, bool *ret_wake);
/* At most so many; the caller releases their blocks. */
size_t handover_take(struct handover *h, struct handed *ret, size_t most);
/* Before sleeping: false when something waits. */
bool handover_sleep(struct handover *h);
/* Packets that found it full. */
uint64_t handover_refused(struct handover *h);

#endif
