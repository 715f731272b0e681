/*
 * flow/table.h - the bounded table of live flows of one shard.
 *
 * What: maps a packet to its flow (making one when there is none), keeps its counters, TCP state
 * and time-outs, and writes flow_start, flow_progress and flow_end events.
 * Retransmitted bytes are counted apart; of a thin flow (capture/shorten.h) what lies between its
 * packets is counted by their numbers.  An outcome is known when the other side answers, refuses
 * or stays silent; progress is told at 256 KiB of payload, at each doubling to 8 MiB, then every 8
 * MiB, and once a minute while something moves.
 *
 * Ownership: the table owns its flows; a struct flow * is valid until the next call.
 * Threads: one shard, one owner at a time.
 * Limits: never more than max_flows; half-open and unanswered flows are evicted before established
 * ones (reason EVICTED).
 */
#ifndef EXFILD_FLOW_TABLE_H
#define EXFILD_FLOW_TABLE_H

#include <stddef.h>

#include "exfild/base/hash.h"
#include "exfild/base/table.h"
#include "exfild/decode/packet.h"
#include "exfild/event/log.h"
#include "exfild/flow/flow.h"

/* What one packet did. */
struct flow_step {
	struct flow *flow;
	unsigned side; /* that sent it */
	bool is_new;   /* the flow was made for it */
	bool from_client;
	uint32_t fresh_offset; /* payload bytes at the front that were seen before */
	uint32_t
		fresh_len; /* payload bytes by the header that are new; 0: nothing for inspection */
	uint32_t missing;  /* TCP: bytes right before this segment that did not come */
	uint32_t acked;    /* TCP: bytes of the other side that it acknowledges anew */
};

struct flow_limits {
	uint32_t max_flows;
	uint32_t tcp_idle_s, udp_idle_s, dns_idle_s, other_idle_s, pending_idle_s, closed_idle_s;
	uint32_t active_s; /* a progress event at least this often while something moves */
	uint32_t hard_s;
	/* at the end of the input, so many flows of one packet that nobody answered are told; 0:
	 * all */
	uint32_t quiet_at_end;
};

extern const struct flow_limits flow_limits_default;

/*
 * Called when a flow ends, before its flow_end is written: tell what is left with `seq` at
 * `now_ns`, free work and verdict.  seq is 0 when the table is freed: nothing is to be told any
 * more.
 */
typedef void (*flow_release_fn)(void *arg, struct flow *f, uint64_t seq, uint64_t now_ns);

struct flow_table;

struct flow_table *flow_table_new(const struct flow_limits *limits, const struct hash_key *key,
				  unsigned shard, struct event_log *log, flow_release_fn release,
				  void *arg);
void flow_table_free(struct flow_table *t);

/* Advances timers to packet time `now_ns`; their events carry `seq`. */
void flow_table_tick(struct flow_table *t, uint64_t seq, uint64_t now_ns);
/* After a leap of the clock: moves all times by delta_ns, nothing expires by it. */
void flow_table_leap(struct flow_table *t, uint64_t delta_ns);
/* Calls the packet's flow into the caches: some packets before flow_table_packet(). */
void flow_table_prefetch(const struct flow_table *t, const struct packet *p, unsigned stage);
/* Accounts one packet. ret->flow is NULL for what has no flow (ARP). */
void flow_table_packet(struct flow_table *t, const struct packet *p, uint64_t seq,
		       struct flow_step *ret);
/*
 * The input is at its end: ends at most `max` flows (reason INPUT) in table order.
 * True: there are more.
 */
bool flow_table_flush(struct flow_table *t, uint64_t seq, uint64_t now_ns, uint32_t max);

struct flow_counts {
	struct table_stats table;
	uint64_t flows, packets, bytes; /* bytes: IP bytes, retransmissions included */
	uint64_t syns,
		syns_one_sided; /* finished TCP flows with a SYN; those without any answer packet */
	uint64_t untold;        /* limits.quiet_at_end */
	size_t worst_case_bytes;
};
void flow_table_counts(const struct flow_table *t, struct flow_counts *ret);

#endif
