/*
 * fuzz/fuzz_flow.c - packets of few addresses and ports through a flow table of eight flows.
 *
 * Input: steps of twelve bytes: who to whom, ports, flags, sequence numbers, length, and how far
 * the clock goes before.  Whatever comes: each flow begins and ends once, its counters are the sums
 * of its packets, events do not run backwards, and the table never holds more than its cap.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/event/log.h"
#include "exfild/flow/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FLOWS     8
#define STEP_LEN  12
#define SECOND_NS 1000000000ull

struct watch {
	uint64_t live, released; /* flows */
	uint64_t starts, ends;
	uint64_t packets, bytes, payload; /* of the flows that ended */
	uint64_t last_time;
};

static void on_release(void *arg, struct flow *f, uint64_t seq, uint64_t now_ns)
{
	(void)seq;
	(void)now_ns;
	struct watch *w = arg;
	assert(f->id != 0);
	w->released++;
}

static void read_events(struct event_log *log, struct watch *w)
{
	for (const struct event *e = event_log_next(log, NULL); e; e = event_log_next(log, e)) {
		const struct event_flow *f = (const struct event_flow *)e;
		assert(e->time_ns >= w->last_time);
		w->last_time = e->time_ns;
		assert(f->first_ns <= f->last_ns);
		assert(f->payload[0] <= UINT32_MAX && f->payload[1] <= UINT32_MAX);
		if (e->kind == EVENT_FLOW_START) {
			w->starts++;
		} else if (e->kind == EVENT_FLOW_END) {
			w->ends++;
			assert(f->end != FLOW_END_NONE);
			assert(f->outcome != FLOW_OUTCOME_PENDING);
			w->packets += f->packets[0] + f->packets[1];
			w->bytes += f->bytes[0] + f->bytes[1] + f->retransmitted[0] +
				    f->retransmitted[1];
		} else {
			assert(e->kind == EVENT_FLOW_PROGRESS);
			assert(f->end == FLOW_END_NONE);
		}
	}
	assert(event_log_dropped(log) == 0);
	event_log_reset(log);
}

static struct ipaddr address(unsigned n)
{
	uint8_t b[4] = { 10, 0, 0, (uint8_t)(n & 3) };
	return ipaddr_v4(b);
}

static void make_packet(struct packet *p, const uint8_t *d, uint8_t *payload)
{
	static const uint8_t protos[4] = { PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_ICMP };
	memset(p, 0, sizeof(*p));
	p->kind = PACKET_IP;
	p->ip_version = 4;
	p->frames = 1;
	p->src = address(d[0]);
	p->dst = address(d[0] >> 2);
	p->proto = protos[d[0] >> 4 & 3];
	p->tunnel_key = d[0] >> 7;
	p->pair_hash = hash_mix(7, (uint64_t)p->tunnel_key << 8 | ((d[0] & 3u) + (d[0] >> 2 & 3u)));
	p->sport = (uint16_t)(1000 + (d[1] & 3));
	p->dport = (uint16_t)(50 + (d[1] >> 2 & 3));
	if (d[1] & 0x10) {
		uint16_t swap = p->sport;
		p->sport = p->dport;
		p->dport = swap;
	}
	if (p->proto == PROTO_ICMP) {
		static const uint8_t types[4] = { 8, 0, 3, 11 };
		p->sport = (uint16_t)(types[d[1] & 3] << 8 | (d[1] >> 6));
		p->dport = d[1] >> 2 & 3;
	}
	p->flags = d[1] & 0x20 ? PACKET_FRAGMENT : 0;
	p->tcp_flags = d[2] & 0x3f;
	p->tcp_seq = (uint32_t)d[3] << 24 | (uint32_t)d[4] << 4 | (d[4] & 15);
	p->tcp_ack = (uint32_t)d[5] << 24 | (uint32_t)d[6] << 4;
	p->payload_len = (uint32_t)d[7] << (d[8] & 7);
	p->payload_cap = p->payload_len < 64 ? p->payload_len : 64;
	p->payload = p->payload_cap ? payload : NULL;
	p->ip_len = 40 + p->payload_len;
	p->l3_cap = 0; /* the checksum cannot be known */
	p->flags |= PACKET_TRUNCATED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow_limits limits = flow_limits_default;
	limits.max_flows = FLOWS;
	struct watch w = { 0 };
	struct event_log *log = event_log_new();
	struct flow_table *t = flow_table_new(&limits, &hash_key_fixed, 3, log, on_release, &w);
	uint64_t now = 1000 * SECOND_NS, seq = 0, packets = 0, bytes = 0;
	uint8_t payload[64];
	if (!log || !t)
		abort();
	for (unsigned i = 0; i < sizeof(payload); i++)
		payload[i] = i < size ? data[i] : (uint8_t)i;
	for (; size >= STEP_LEN; data += STEP_LEN, size -= STEP_LEN) {
		struct packet p;
		struct flow_step step;
		struct flow_counts c;
		make_packet(&p, data, payload);
		now += ((uint64_t)data[9] << (data[10] & 31)) * 1000;
		if (data[11] & 1)
			flow_table_tick(t, ++seq, now);
		if ((data[11] & 6) == 6) {
			flow_table_leap(t, 7200 * SECOND_NS);
			now += 7200 * SECOND_NS;
		}
		p.number = ++seq;
		p.time_ns = now;
		flow_table_packet(t, &p, seq, &step);
		packets++;
		bytes += p.ip_len;
		assert(step.flow);
		assert(step.fresh_offset + step.fresh_len <= p.payload_len);
		assert(step.flow->packets[step.side] > 0);
		read_events(log, &w);
		flow_table_counts(t, &c);
		assert(c.table.entries <= FLOWS);
		assert(c.flows == w.starts && c.packets == packets && c.bytes == bytes);
		assert(w.ends == w.released && w.starts == w.ends + c.table.entries);
	}
	while (flow_table_flush(t, ++seq, now, 3))
		read_events(log, &w);
	read_events(log, &w);
	assert(w.starts == w.ends && w.ends == w.released);
	assert(w.packets == packets && w.bytes == bytes);
	flow_table_free(t);
	event_log_free(log);
	return 0;
}
