/*
 * capture/split.h - which worker a packet belongs to, live.
 *
 * What: a keyed hash of an unordered address pair that the kernel can take as well: as a classic
 * BPF program for a fanout group, over the outermost pair of a frame; and as a function, over the
 * innermost pair.  Without a tunnel the two are the same, and no packet changes hands.
 * Threads: any (values).
 * Limits: SPLIT_SHARDS shards; two VLAN tags that the interface shows; what the program cannot
 * read goes to shard 0.
 */
#ifndef EXFILD_CAPTURE_SPLIT_H
#define EXFILD_CAPTURE_SPLIT_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"

#define SPLIT_SHARDS  64
#define SPLIT_PROGRAM 512 /* instructions, at most */

struct split_key {
	uint32_t start, factor, last; /* the factors are odd */
};

/* A key of secret numbers. */
struct split_key split_key_of(uint64_t first, uint64_t second);

/* The same for both directions. */
uint32_t split_pair(const struct split_key *key, const struct ipaddr *a, const struct ipaddr *b);

/* The shards for so many workers: the next power of two at or above. */
unsigned split_shards(unsigned workers);

/* The shard of a hash; shards is a power of two. */
static inline unsigned split_shard(uint32_t hash, unsigned shards)
{
	return (unsigned)((uint64_t)hash * shards >> 32);
}

/* The worker that owns a shard: what the kernel makes of the program's answer. */
static inline unsigned split_worker(unsigned shard, unsigned workers)
{
	return shard % workers;
}

/* The program: a frame's shard. Returns its length. */
size_t split_program(const struct split_key *key, unsigned shards, bool is_ethernet,
		     struct sock_filter program[SPLIT_PROGRAM]);

#endif
