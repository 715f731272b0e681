/*
 * evidence/keep.h - the packets that may become evidence: the packet plane's half.
 *
 * What: keeps the first bytes of each flow in a ring of memory, the oldest going first.  When asked
 * for an alert, gives what it has of the alert's pair (or host), then what follows of it for
 * follow_ns of packet time, then says what is missing.  What is in memory is given in portions, a
 * bit each turn; until that is done, what follows goes through the memory too, so that all comes in
 * its order; the same when give() has no room for it.
 * Ownership: frames are copied; what is given is borrowed until give() returns.
 * Threads: one, a worker's.
 * Limits: memory_bytes for the ring, 16 bytes a flow place, KEEP_WATCHES alerts followed at once
 * (beyond them the first to end is ended early), bytes_per_alert an alert.
 */
#ifndef EXFILD_EVIDENCE_KEEP_H
#define EXFILD_EVIDENCE_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/capture/capture.h"
#include "exfild/decode/packet.h"

#define KEEP_WATCHES 64
#define KEEP_ID_MAX  33 /* of an alert, with NUL */

/* What the analysis asks of the packet plane: plain values. */
struct keep_request {
	char alert_id[KEEP_ID_MAX];
	bool has_peer;
	uint8_t proto; /* 0: any */
	uint32_t tunnel_key;
	struct ipaddr subject, peer;
	uint64_t start_ns; /* of what was seen */
};

/* How complete the evidence of one alert is. */
struct keep_end {
	uint64_t packets, bytes; /* given */
	uint64_t withheld;       /* packets over bytes_per_alert */
	uint64_t lost;           /* packets that give() had no room for until the end */
	uint64_t reach_ns;       /* the oldest packet in memory when asked, 0: none */
	bool is_short;           /* older packets had been overwritten, after start_ns */
	bool is_early;           /* ended before its time: too many alerts at once, or the end */
	uint64_t time_ns;        /* packet time of this end */
};

/* One packet of the alert, or (frame NULL) its end.  False: no room. */
typedef bool (*keep_give_fn)(void *arg, const char *alert_id, const struct frame *frame,
			     const struct keep_end *end);

struct keep_options {
	size_t memory_bytes;
	uint32_t flow_places;
	uint32_t bytes_per_flow;
	uint64_t bytes_per_alert;
	uint64_t follow_ns;
	keep_give_fn give;
	void *arg;
};

struct keep_counts {
	uint64_t packets, bytes; /* in memory now */
	uint64_t capacity;       /* bytes */
	uint64_t overwritten;    /* packets that made room for newer ones */
	uint64_t too_large;      /* packets over half of the memory */
	uint64_t given, withheld, lost;
	uint64_t ended_early; /* alerts */
	uint32_t watches;     /* alerts that are followed now */
};

struct keep;

/* NULL without memory. */
struct keep *keep_new(const struct keep_options *o);
/* Ends what is followed, early. */
void keep_free(struct keep *k);

/* What keep_packet() will read of it is called into the caches. */
void keep_ahead(const struct keep *k, const struct packet *p);
void keep_packet(struct keep *k, const struct frame *f, const struct packet *p);
/* Follows from here on.  Asked again for an alert that is over: only what is new. */
void keep_ask(struct keep *k, const struct keep_request *r, uint64_t now_ns);
/* A portion of what is in memory; ends what is over.  True: there is more, and room for it. */
bool keep_turn(struct keep *k, uint64_t now_ns);

void keep_counts(const struct keep *k, struct keep_counts *ret);

#endif
