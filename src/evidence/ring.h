/*
 * evidence/ring.h - packets in one piece of memory, the oldest going first.
 *
 * What: besides the packets, a small bitmap of the addresses and pairs in each RING_PART bytes of
 * them, so that who looks for one host's packets passes what cannot hold any without reading it:
 * with a full ring and an alert a second, that reading was more work than all else of a capture.
 * Ownership: copies frames.  Threads: one.  Limits: the bytes it was made with.
 */
#ifndef EXFILD_SRC_EVIDENCE_RING_H
#define EXFILD_SRC_EVIDENCE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"

#define RING_PART ((size_t)32 * 1024)

struct kept {          /* caplen bytes follow */
	uint32_t size; /* of the record, a multiple of 8 */
	uint32_t caplen, wirelen;
	uint32_t linktype, input;
	uint32_t tunnel_key;
	uint64_t time_ns, number;
	struct ipaddr src, dst;
	uint32_t proto;
	uint32_t is_gap; /* the rest of the memory: the next record is at its beginning */
};

struct ring_part;

struct ring {
	uint8_t *memory;
	size_t capacity;
	struct ring_part *parts;
	uint64_t head, tail; /* bytes written, bytes given up; both only grow */
	uint64_t packets, overwritten;
};

bool ring_init(struct ring *r, size_t capacity);
void ring_deinit(struct ring *r);
/* False: the packet is larger than half of the ring. */
bool ring_add(struct ring *r, const struct kept *head, const uint8_t *data);
/* What to look for: packets of an address or, with b, between two in either direction.  Never 0. */
uint32_t ring_mark(const struct ipaddr *a, const struct ipaddr *b);
/*
 * The first record at or after *at (0: the oldest), NULL at the end; moves *at behind it.  With a
 * mark (0: none), passes records that surely are not of it; others may still come.
 */
const struct kept *ring_next(const struct ring *r, uint64_t *at, uint32_t mark);

static inline const uint8_t *kept_data(const struct kept *k)
{
	return (const uint8_t *)(k + 1);
}

#endif
