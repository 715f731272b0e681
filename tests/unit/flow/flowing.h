/*
 * flow/flowing.h - what the tests of the flow table share.
 *
 * What: a table with a log, packets made field by field, and look-ups of the events they cause.
 * The client is 10.0.0.1:40000, the server 192.0.2.9:80, unless a test says otherwise.
 */
#ifndef EXFILD_TEST_FLOWING_H
#define EXFILD_TEST_FLOWING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/event/log.h"
#include "exfild/flow/table.h"

#define SECOND_NS       1000000000ull
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, flowing_setup, flowing_teardown)

enum { SYN = TCP_SYN, ACK = TCP_ACK, FIN = TCP_FIN, RST = TCP_RST, PSH = TCP_PSH };

struct flowing {
	struct flow_table *t;
	struct event_log *log;
	struct flow_limits limits;
	struct flow_step step;
	uint64_t now, seq;
	uint64_t released;
	uint16_t sport, dport;  /* of the client's packets */
	uint8_t client, server; /* last bytes of 10.0.0.x and 192.0.2.x */
	uint32_t tunnel_key;
	uint8_t payload[64];
};

static inline void flowing_release(void *arg, struct flow *f, uint64_t seq, uint64_t now_ns)
{
	struct flowing *x = arg;
	assert_true(f->id != 0);
	(void)seq;
	(void)now_ns;
	x->released++;
}

static inline void flowing_limits(struct flowing *x, uint32_t max_flows)
{
	flow_table_free(x->t);
	event_log_reset(x->log);
	x->limits.max_flows = max_flows;
	x->t = flow_table_new(&x->limits, &hash_key_fixed, 0, x->log, flowing_release, x);
	assert_non_null(x->t);
}

static inline int flowing_setup(void **state)
{
	struct flowing *x = calloc(1, sizeof(*x));
	assert_non_null(x);
	x->log = event_log_new();
	x->limits = flow_limits_default;
	x->now = 1700000000ull * SECOND_NS;
	x->sport = 40000;
	x->dport = 80;
	x->client = 1;
	x->server = 9;
	flowing_limits(x, 64);
	*state = x;
	return 0;
}

static inline int flowing_teardown(void **state)
{
	struct flowing *x = *state;
	flow_table_free(x->t);
	event_log_free(x->log);
	free(x);
	return 0;
}

/* A packet of the pair with everything but its transport; no checksum can be known. */
static inline struct packet flowing_packet(struct flowing *x, bool up, uint8_t proto, uint32_t len)
{
	uint8_t client[4] = { 10, 0, 0, x->client }, server[4] = { 192, 0, 2, x->server };
	struct packet p;
	memset(&p, 0, sizeof(p));
	p.kind = PACKET_IP;
	p.ip_version = 4;
	p.frames = 1;
	p.proto = proto;
	p.number = ++x->seq;
	p.time_ns = x->now;
	p.src = ipaddr_v4(up ? client : server);
	p.dst = ipaddr_v4(up ? server : client);
	p.sport = up ? x->sport : x->dport;
	p.dport = up ? x->dport : x->sport;
	p.tunnel_key = x->tunnel_key;
	p.pair_hash =
		hash_mix(99, (uint64_t)x->tunnel_key << 32 | (uint64_t)x->client << 8 | x->server);
	p.route_hash = p.pair_hash;
	p.payload_len = len;
	p.payload_cap = len < sizeof(x->payload) ? len : sizeof(x->payload);
	p.payload = p.payload_cap ? x->payload : NULL;
	p.ip_len = 40 + len;
	p.flags = PACKET_TRUNCATED;
	return p;
}

static inline struct flow *flowing_send(struct flowing *x, const struct packet *p)
{
	flow_table_packet(x->t, p, p->number, &x->step);
	return x->step.flow;
}

static inline struct flow *tcp(struct flowing *x, bool up, uint8_t flags, uint32_t seq,
			       uint32_t ack, uint32_t len)
{
	struct packet p = flowing_packet(x, up, PROTO_TCP, len);
	p.tcp_flags = flags;
	p.tcp_seq = seq;
	p.tcp_ack = ack;
	return flowing_send(x, &p);
}

static inline struct flow *udp(struct flowing *x, bool up, uint32_t len)
{
	struct packet p = flowing_packet(x, up, PROTO_UDP, len);
	return flowing_send(x, &p);
}

static inline struct flow *icmp(struct flowing *x, bool up, uint8_t type, uint8_t code, uint16_t id,
				uint32_t len)
{
	struct packet p = flowing_packet(x, up, PROTO_ICMP, len);
	p.sport = (uint16_t)(type << 8 | code);
	p.dport = id;
	return flowing_send(x, &p);
}

/* Client's ISN 100, server's 500: the next bytes are 101 and 501. */
static inline struct flow *handshake(struct flowing *x)
{
	tcp(x, true, SYN, 100, 0, 0);
	tcp(x, false, SYN | ACK, 500, 101, 0);
	return tcp(x, true, ACK, 101, 501, 0);
}

/* Time goes on in steps of a second, as ticks do. */
static inline void pass(struct flowing *x, uint64_t seconds)
{
	for (uint64_t i = 0; i < seconds; i++) {
		x->now += SECOND_NS;
		flow_table_tick(x->t, ++x->seq, x->now);
	}
}

/* The n-th event of a kind, from 0; NULL when there are fewer. */
static inline const struct event_flow *flow_event(const struct flowing *x, enum event_kind kind,
						  unsigned n)
{
	for (const struct event *e = event_log_next(x->log, NULL); e; e = event_log_next(x->log, e))
		if (e->kind == kind && n-- == 0)
			return (const struct event_flow *)e;
	return NULL;
}

static inline unsigned flow_event_count(const struct flowing *x, enum event_kind kind)
{
	unsigned n = 0;
	for (const struct event *e = event_log_next(x->log, NULL); e; e = event_log_next(x->log, e))
		n += e->kind == kind;
	return n;
}

#endif
