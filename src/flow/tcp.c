/*
 * flow/tcp.c - what a TCP segment adds to its flow (RFC 9293).
 *
 * Retransmissions are told from late segments by the holes that they fill: bytes below the next
 * sequence number count as new as long as earlier gaps are open.
 */
#include "tcp.h"

/* A step further than this is another connection's or forged: the side is re-anchored on it. */
#define WILD_STEP (1 << 30)

static uint32_t segment_length(const struct packet *p)
{
	return p->payload_len + (p->tcp_flags & TCP_SYN ? 1u : 0) +
	       (p->tcp_flags & TCP_FIN ? 1u : 0);
}

static void note_acknowledgement(struct flow *f, const struct packet *p, unsigned side)
{
	if (!(p->tcp_flags & TCP_ACK))
		return;
	/* the other side was never seen: its next_seq keeps the first acknowledgement */
	if (!f->packets[!side] && !f->acked[side])
		f->next_seq[!side] = p->tcp_ack;
	if (!f->acked[side] || (int32_t)(p->tcp_ack - f->acked[side]) > 0)
		f->acked[side] = p->tcp_ack;
}

uint32_t tcp_account(struct flow *f, const struct packet *p, struct flow_step *step)
{
	unsigned side = step->side;
	uint16_t known = side ? FLOW_SEQ_KNOWN1 : FLOW_SEQ_KNOWN0;
	uint32_t len = segment_length(p);
	uint32_t end = p->tcp_seq + len;
	note_acknowledgement(f, p, side);
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
		step->gap = ahead > 0;
		f->hole[side] += (uint32_t)ahead;
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
