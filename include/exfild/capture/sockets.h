/*
 * capture/sockets.h - the packet sockets of an interface: the part that takes CAP_NET_RAW.
 *
 * What: one AF_PACKET socket a worker, all in one fanout group of an id that nobody uses, so that
 * exfild runs beside others that read the same interface; each with a TPACKET_V3 ring whose
 * blocks are given at the latest after SOCKETS_RETIRE_MS.  No kernel defragmentation.
 * They are our own rather than libpcap's, because a libpcap handle cannot change process: a
 * process with power opens them and may pass the descriptors on; tpacket.h reads them in another
 * that has none.  Filters are compiled by libpcap, which knows what each interface shows of tags.
 * Ownership: the caller's; sockets_close().
 * Threads: any, one at a time.
 * Limits: SOCKETS_MAX workers.
 */
#ifndef EXFILD_CAPTURE_SOCKETS_H
#define EXFILD_CAPTURE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/capture/split.h"

#define SOCKETS_MAX       64
#define SOCKETS_NAME      16
#define SOCKETS_RETIRE_MS 10

struct sockets_options {
	const char *name;
	unsigned workers;
	uint64_t ring_bytes;               /* of each socket */
	const char *filter, *extra_filter; /* both must take a packet; NULL: all */
	struct split_key split;
};

struct sockets {
	unsigned count;
	unsigned index; /* of the interface, which changes when it is made anew */
	uint32_t linktype;
	bool is_loopback; /* shows each packet twice: out and in */
	bool is_filtered; /* for good: nobody can take another filter */
	uint32_t block_size, block_count;
	int fds[SOCKETS_MAX]; /* by worker */
};

/* ret_why: what is wrong and what to do. */
int sockets_open(const struct sockets_options *o, struct sockets *ret, char *ret_why,
		 size_t why_size) EXF_MUST_USE;
void sockets_close(struct sockets *s);

#endif
