/*
 * flow/tcp.c - what a TCP segment adds to its flow (RFC 9293).
 *
 * Retransmissions are told from late segments by the holes that they fill: bytes below the next
 * sequence number count as new as long as earlier gaps are open.
 */
#include "tcp.h"

/* A step further than this is another connection's or forged: the side is re-anchored on it. */
#define WILD_STEP  (1 << 30)
/* Acknowledged at once, it tells that acknowledgements were kept: else it is of the packets seen.
 */
#define THIN_LEAST (256u << 10)
#define THIN_BYTES 128u /* a packet of such a flow carries, or acknowledges, no less */

static uint32_t segment_length(const struct packet *p)
{
	return p->payload_len + (p->tcp_flags & TCP_SYN ? 1u : 0) +
	       (p->tcp_flags & TCP_FIN ? 1u : 0);
}

/* The bytes that it acknowledges anew. */
static uint32_t note_acknowledgement(struct flow *f, const struct packet *p, unsigned side)
{
	uint32_t before = f->acked[side];
	if (!(p->tcp_flags & TCP_ACK))
		return 0;
	/* the other side was never seen: its next_seq keeps the first acknowledgement */
	if (!f->packets[!side] && !f->acked[side])
		f->next_seq[!side] = p->tcp_ack;
	if (before && (int32_t)(p->tcp_ack - before) <= 0)
		return 0;
	f->acked[side] = p->tcp_ack;
	return before ? p->tcp_ack - before : 0;
}

uint32_t tcp_account(struct flow *f, const struct packet *p, struct flow_step *step)
{
	unsigned side = step->side;
	uint16_t known = side ? FLOW_SEQ_KNOWN1 : FLOW_SEQ_KNOWN0;
	uint32_t len = segment_length(p);
	uint32_t end = p->tcp_seq + len;
	step->acked = note_acknowledgement(f, p, side);
	step->fresh_len = p->payload_len;
	if (p->tcp_flags & TCP_RST)
		return 0;
	int32_t ahead = (int32_t)(p->tcp_seq - f->next_seq[side]);
	if (!(f->flags & known) || (p->tcp_flags & TCP_SYN) || ahead > WILD_STEP ||
	    ahead < -WILD_STEP) {
		bool again =
			(f->flags & known) && (p->tcp_flags & TCP_SYN) && ahead == -(int32_t)len;
		f->flags |= known;
		f->next_seq[side] = end;
		f->hole[side] = 0;
		if (!again)
			return 0;
		step->fresh_len = 0;
		return p->ip_len;
	}
	if (ahead >= 0) {
		step->missing = (uint32_t)ahead;
		if (!(f->flags & FLOW_THIN) || step->missing > FLOW_THIN_MOST)
			f->hole[side] += step->missing;
		f->next_seq[side] = end;
		return 0;
	}
	uint32_t old = (uint32_t)-ahead < len ? (uint32_t)-ahead : len;
	uint32_t fills = old < f->hole[side] ? old : f->hole[side];
	f->hole[side] -= fills;
	if ((int32_t)(end - f->next_seq[side]) > 0)
		f->next_seq[side] = end;
	uint32_t again = old - fills;
	if (again > p->payload_len)
		again = p->payload_len;
	step->fresh_len = p->payload_len - again;
	step->fresh_offset = again;
	if (p->payload_len == 0)
		return len ? p->ip_len : 0;
	return again == p->payload_len ? p->ip_len : again;
}

struct tcp_between tcp_between(const struct flow *f, const struct packet *p,
			       const struct flow_step *step)
{
	unsigned side = step->side;
	bool is_data = step->missing > 0;
	uint32_t bytes = is_data ? step->missing : step->acked;
	if (bytes > FLOW_THIN_MOST || (!is_data && (p->payload_len || bytes < THIN_LEAST)))
		return (struct tcp_between){ 0 };
	uint64_t before = f->payload[is_data ? side : !side];
	uint64_t packets = before ? (uint64_t)bytes * f->packets[side] / before : 0;
	uint32_t most = bytes / THIN_BYTES;
	return (struct tcp_between){ .payload = is_data ? bytes : 0,
				     .packets = packets < most ? (uint32_t)packets : most };
}

static bool set_outcome(struct flow *f, enum flow_outcome outcome)
{
	if (f->outcome == outcome)
		return false;
	f->outcome = (uint8_t)outcome;
	return true;
}

bool tcp_follow(struct flow *f, const struct packet *p, unsigned side)
{
	uint8_t flags = p->tcp_flags;
	bool from_client = side == f->client;
	bool open = f->outcome == FLOW_OUTCOME_PENDING || f->outcome == FLOW_OUTCOME_UNANSWERED;
	f->tcp_flags[side] |= flags;
	if (flags & TCP_RST) {
		f->flags |= FLOW_CLOSED | FLOW_RESET;
		return !from_client && open && set_outcome(f, FLOW_OUTCOME_REFUSED);
	}
	if (flags & TCP_FIN) {
		f->flags |= side ? FLOW_FIN_SEEN1 : FLOW_FIN_SEEN0;
		if ((f->flags & FLOW_FIN_SEEN0) && (f->flags & FLOW_FIN_SEEN1))
			f->flags |= FLOW_CLOSED;
	}
	if (flags & TCP_SYN)
		f->flags |= side ? FLOW_SYN_SEEN1 : FLOW_SYN_SEEN0;
	/* any segment but RST from the other side is an answer */
	if (!from_client && open)
		return set_outcome(f, FLOW_OUTCOME_ESTABLISHED);
	return false;
}

bool tcp_reopens(const struct flow *f, const struct packet *p, unsigned side)
{
	return (f->flags & FLOW_CLOSED) &&
	       (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN &&
	       p->tcp_seq + 1 != f->next_seq[side];
}

uint64_t tcp_acknowledged(const struct flow *f, unsigned side)
{
	if (f->packets[side] || !f->acked[!side])
		return 0;
	uint32_t span = f->acked[!side] - f->next_seq[side];
	return span < WILD_STEP ? span : 0;
}
