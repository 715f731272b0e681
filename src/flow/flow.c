/*
 * flow/flow.c - what every event of a flow says about it.
 */
#include "exfild/flow/flow.h"

#include "exfild/decode/packet.h"

void flow_event_head(const struct flow *f, struct event *e, uint64_t packet, uint64_t time_ns,
		     unsigned side)
{
	unsigned client = f->client;
	e->packet = packet;
	e->time_ns = time_ns;
	e->flow = f->id;
	e->shard = (uint8_t)(f->id >> 56);
	e->from_server = side != client;
	e->src = f->key.addr[client];
	e->dst = f->key.addr[!client];
	e->sport = f->key.port[client];
	e->dport = f->key.port[!client];
	if (f->key.proto == PROTO_ICMP || f->key.proto == PROTO_ICMPV6) {
		e->sport = f->key.port[1];
		e->dport = f->key.port[0];
	}
	e->proto = f->key.proto;
	e->ip_version = f->ip_version;
	e->app = f->app;
	e->tunnel_id = f->tunnel_id;
	e->tunnel_key = f->key.tunnel_key;
	e->tunnel_type = f->tunnel_type;
	e->vlan = f->vlan;
}
