/*
 * engine/retain.h - evidence of live alerts, the packet half: packets in memory.
 *
 * What: each worker keeps the first bytes of its flows (evidence/keep.h).  When the analysis asks
 * for the packets of an alert, each gives what it has and what follows for a minute, as parcels
 * over a socket (collect.h reads them).  No packet waits for anybody: what finds no room is
 * counted. Ownership: owns the memory; borrows the socket. Threads: each function says whose it is.
 * Limits: evidence_bytes for all workers, RETAIN_ASKED alerts that a worker has not looked at yet.
 */
#ifndef EXFILD_SRC_ENGINE_RETAIN_H
#define EXFILD_SRC_ENGINE_RETAIN_H

#include "exfild/evidence/keep.h"
#include "tally.h"

#define RETAIN_ASKED     64
#define RETAIN_PER_ALERT 16 /* an alert's packets: so many times what a flow may keep */
#define RETAIN_MESSAGE   ((size_t)32 * 1024)

struct retain;

/* A parcel: this, then caplen bytes; the next one right behind it, up to RETAIN_MESSAGE bytes in a
 * message, one larger than that alone.  Plain numbers: it is read as anybody's.  caplen is that of
 * a frame, or 0 with is_end; then what follows is that of a struct keep_end. */
struct retain_parcel {
	char alert_id[KEEP_ID_MAX];
	uint8_t is_end, is_short, is_early;
	uint32_t caplen, wirelen, linktype;
	uint64_t time_ns;
	uint64_t packets, bytes, withheld, lost, reach_ns;
};

struct retain_options {
	uint64_t evidence_bytes, bytes_per_flow;
	unsigned workers;
	int parcels; /* a local socket that keeps records apart */
};

/* Main, before the workers.  NULL without memory. */
struct retain *retain_new(const struct retain_options *o);
/* Main, after the workers: what is asked for and not given yet is given. NULL is accepted. */
void retain_free(struct retain *r);

/* Any: the packets of an alert are wanted. */
void retain_ask(struct retain *r, const struct keep_request *request);

/* The worker of this number: what the next one will read is called into the caches. */
void retain_ahead(const struct retain *r, unsigned worker, const struct packet *p);
void retain_packet(struct retain *r, unsigned worker, const struct frame *f,
		   const struct packet *p);
/* Now and then; true: there is more to do. */
bool retain_turn(struct retain *r, unsigned worker, uint64_t now_ns);

/* Any. */
void retain_tally(struct retain *r, struct tally_evidence *ret);

#endif
