/*
 * flow/tell.c - see tell.h
 */
#include "tell.h"

#include <string.h>

#include "tcp.h"

static uint32_t take_fresh(uint32_t *bytes)
{
	uint32_t taken = *bytes;
	*bytes = 0;
	return taken;
}

void flow_begin_hour(struct flow *f)
{
	for (unsigned side = 0; side < 2; side++)
		f->earlier[side] += take_fresh(&f->fresh[side]);
}

void flow_tell_headers(struct event_flow *e, const struct packet *p)
{
	e->first_ttl = p->ttl;
	e->first_ip_id = packet_ip_id(p);
	if (p->proto != PROTO_TCP)
		return;
	e->first_seq = p->tcp_seq;
	e->first_ack = p->tcp_ack;
	e->first_window = p->tcp_window;
	e->first_urgent = packet_urgent(p);
}

void flow_tell(struct flow *f, struct event_flow *e, bool is_step)
{
	unsigned c = f->client;
	e->first_ns = f->first_ns;
	e->last_ns = f->last_ns;
	for (unsigned i = 0; i < 2; i++) {
		unsigned side = i ? !c : c;
		e->bytes[i] = f->bytes[side];
		e->payload[i] = f->payload[side];
		e->packets[i] = f->packets[side];
		e->retransmitted[i] = f->retransmitted[side];
		e->fresh[i] = is_step ? take_fresh(&f->fresh[side]) : 0;
		e->earlier[i] = is_step ? take_fresh(&f->earlier[side]) : 0;
		e->tcp_flags[i] = f->tcp_flags[side];
		memcpy(e->mac[i], f->mac[side], 6);
	}
	e->one_sided = !f->packets[0] || !f->packets[1];
	if (e->one_sided && f->key.proto == PROTO_TCP) {
		unsigned unseen = f->packets[c] ? 1 : 0;
		e->payload[unseen] = tcp_acknowledged(f, unseen ? !c : c);
	}
	e->outcome = f->outcome;
	e->initiator_known = (f->flags & FLOW_CLIENT_KNOWN) != 0;
	e->has_mac = (f->flags & FLOW_HAS_MAC) != 0;
	e->syn_flags = f->first_tcp_flags;
	e->first_packet = f->first_packet;
}
