/*
 * flow/tcp.h - sequence numbers and connection state of TCP flows.
 *
 * Threads: one shard.
 */
#ifndef EXFILD_SRC_FLOW_TCP_H
#define EXFILD_SRC_FLOW_TCP_H

#include "exfild/decode/packet.h"
#include "exfild/flow/table.h"

/* What the segment adds: fills the step's fresh_*, missing and acked; returns the bytes sent again.
 */
uint32_t tcp_account(struct flow *f, const struct packet *p, struct flow_step *step);
/*
 * What the kernel kept of a thin flow between the side's last packet and this one: payload by the
 * sequence numbers, packets by what the side's have carried so far, or acknowledged.
 */
struct tcp_between {
	uint32_t payload, packets;
};
struct tcp_between tcp_between(const struct flow *f, const struct packet *p,
			       const struct flow_step *step);
/* Follows flags; returns true when the outcome of the attempt has just become known. */
bool tcp_follow(struct flow *f, const struct packet *p, unsigned side);
/* Whether the packet opens a new connection on a flow that is over. */
bool tcp_reopens(const struct flow *f, const struct packet *p, unsigned side);
/* Payload bytes of a side that was never seen, from the other's acknowledgements. */
uint64_t tcp_acknowledged(const struct flow *f, unsigned side);

#endif
