/*
 * support/inspect_harness.h - feeds one inspector without the pipeline.
 *
 * What: a flow, a packet and a log around one `struct inspector`.  Every payload is copied to a
 * heap buffer of its exact size, so that the address sanitizer sees one byte too far.
 * The client is 10.0.0.1 (fd00::1), the server 192.0.2.53 (fd00::53); they are sides 0 and 1.
 *
 *   struct harness h;
 *   harness_init(&h, &dns_inspector, PROTO_UDP, 40000, 53);
 *   harness_datagram(&h, true, bytes, len);
 *   const struct event_dns *e = harness_event(&h, EVENT_DNS, 0);
 *   harness_deinit(&h);
 *
 * Ownership: events are borrowed until harness_clear or harness_deinit.
 * Threads: one.
 */
#ifndef EXFILD_TESTS_SUPPORT_INSPECT_HARNESS_H
#define EXFILD_TESTS_SUPPORT_INSPECT_HARNESS_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/event/log.h"
#include "exfild/flow/flow.h"
#include "exfild/inspect/inspector.h"
#include "../../src/inspect/content/undone.h"

#define HARNESS_PENDING_MAX 16384u /* as STREAM_WINDOW: what waits unread at most */

struct harness {
	const struct inspector *inspector;
	struct event_log *log;
	struct flow flow;
	struct packet packet;
	struct inspection in;
	uint8_t *pending[2]; /* TCP: bytes that the inspector left */
	uint32_t pending_len[2];
	bool side_done[2];
	enum inspect_verdict verdict; /* of the last call; a final one stays */
	uint8_t macs[12];
};

static inline void harness_init_version(struct harness *h, const struct inspector *inspector,
					uint8_t proto, uint16_t sport, uint16_t dport, int version)
{
	static const uint8_t client4[4] = { 10, 0, 0, 1 };
	static const uint8_t server4[4] = { 192, 0, 2, 53 };
	static const uint8_t client6[16] = { 0xfd, [15] = 0x01 };
	static const uint8_t server6[16] = { 0xfd, [15] = 0x53 };

	memset(h, 0, sizeof(*h));
	assert(inspector->state_size <= INSPECT_STATE_MAX);
	h->inspector = inspector;
	h->log = event_log_new();
	h->flow.key.addr[0] = version == 6 ? ipaddr_v6(client6) : ipaddr_v4(client4);
	h->flow.key.addr[1] = version == 6 ? ipaddr_v6(server6) : ipaddr_v4(server4);
	h->flow.key.port[0] = sport;
	h->flow.key.port[1] = dport;
	h->flow.key.proto = proto;
	h->flow.id = 1;
	h->flow.ip_version = (uint8_t)version;
	h->flow.app = (uint16_t)inspector->app;
	h->packet.proto = proto;
	h->packet.ip_version = (uint8_t)version;
	h->packet.ttl = 64;
	h->packet.kind = PACKET_IP;
	h->packet.time_ns = 1000000000ull;
	memcpy(h->macs, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	h->packet.mac = h->macs;
	h->in.flow = &h->flow;
	h->in.packet = &h->packet;
	/* exact sizes: an inspector that writes past its state is seen */
	h->in.state = inspector->state_size ? calloc(1, inspector->state_size) : NULL;
	h->in.shard_state =
		inspector->shard_state_size ? calloc(1, inspector->shard_state_size) : NULL;
	h->in.log = h->log;
	h->in.key = &hash_key_fixed;
	h->in.undone = undone_new();
}

static inline void harness_init(struct harness *h, const struct inspector *inspector, uint8_t proto,
				uint16_t sport, uint16_t dport)
{
	harness_init_version(h, inspector, proto, sport, dport, proto == PROTO_ICMPV6 ? 6 : 4);
}

static inline void harness_deinit(struct harness *h)
{
	event_log_free(h->log);
	undone_free(h->in.undone);
	free(h->in.state);
	free(h->in.shard_state);
	free(h->pending[0]);
	free(h->pending[1]);
	memset(h, 0, sizeof(*h));
}

/* A fresh flow of the same inspector: state zeroed, events forgotten, shard state kept. */
static inline void harness_restart(struct harness *h)
{
	if (h->in.state)
		memset(h->in.state, 0, h->inspector->state_size);
	for (unsigned side = 0; side < 2; side++) {
		free(h->pending[side]);
		h->pending[side] = NULL;
		h->pending_len[side] = 0;
		h->side_done[side] = false;
	}
	h->verdict = INSPECT_MORE;
	h->flow.flags = 0;
	h->flow.id++;
	event_log_reset(h->log);
}

static inline void harness_clear(struct harness *h)
{
	event_log_reset(h->log);
}

/* A copy that ends where its allocation ends; free it. NULL for no bytes. */
static inline uint8_t *harness_exact(const void *data, size_t len)
{
	if (len == 0)
		return NULL;
	uint8_t *copy = malloc(len);
	assert(copy);
	memcpy(copy, data, len);
	return copy;
}

/* Sets the packet up as one of the flow; `full`: its length by the header, >= len: cut if more. */
static inline void harness_packet(struct harness *h, bool from_client, const uint8_t *data,
				  size_t len, size_t full)
{
	unsigned side = from_client ? h->flow.client : !h->flow.client;
	struct packet *p = &h->packet;
	p->src = h->flow.key.addr[side];
	p->dst = h->flow.key.addr[!side];
	if (p->proto != PROTO_ICMP && p->proto != PROTO_ICMPV6) {
		p->sport = h->flow.key.port[side];
		p->dport = h->flow.key.port[!side];
	}
	p->payload = len ? data : NULL;
	p->payload_cap = (uint32_t)len;
	p->payload_len = (uint32_t)full;
	p->flags = full > len ? PACKET_TRUNCATED : 0;
	p->number++;
	p->time_ns += 1000000;
	h->in.side = side;
	h->in.from_client = from_client;
	h->in.seq++;
}

/* As the runner: an inspector that took the flow has decided what it is. */
static inline void harness_decide(struct harness *h)
{
	if (h->inspector->decides && h->verdict != INSPECT_NOT_MINE)
		h->flow.flags |= FLOW_CLASSIFIED;
}

/* One datagram of which `len` bytes of `full` were captured. */
static inline enum inspect_verdict harness_datagram_cut(struct harness *h, bool from_client,
							const void *data, size_t len, size_t full)
{
	uint8_t *copy = harness_exact(data, len);
	harness_packet(h, from_client, copy, len, full);
	h->verdict = h->inspector->on_datagram(&h->in);
	harness_decide(h);
	h->packet.payload = NULL;
	free(copy);
	return h->verdict;
}

static inline enum inspect_verdict harness_datagram(struct harness *h, bool from_client,
						    const void *data, size_t len)
{
	return harness_datagram_cut(h, from_client, data, len, len);
}

static inline bool harness_probe(struct harness *h, bool from_client, const void *data, size_t len)
{
	uint8_t *copy = harness_exact(data, len);
	harness_packet(h, from_client, copy, len, len);
	bool is_mine = h->inspector->probe(&h->packet, from_client);
	h->packet.payload = NULL;
	free(copy);
	return is_mine;
}

static inline bool harness_is_final(const struct harness *h)
{
	return h->verdict == INSPECT_DONE || h->verdict == INSPECT_NOT_MINE ||
	       h->verdict == INSPECT_TURNS;
}

/* In-order bytes of one direction, as the runner gives them: what is not used comes again. */
static inline enum inspect_verdict harness_stream(struct harness *h, bool from_client,
						  const void *data, size_t len)
{
	unsigned side = from_client ? h->flow.client : !h->flow.client;
	if (harness_is_final(h) || h->side_done[side])
		return h->verdict;
	size_t total = h->pending_len[side] + len;
	uint8_t *bytes = malloc(total ? total : 1);
	assert(bytes);
	if (h->pending_len[side])
		memcpy(bytes, h->pending[side], h->pending_len[side]);
	if (len)
		memcpy(bytes + h->pending_len[side], data, len);
	free(h->pending[side]);
	h->pending[side] = NULL;
	h->pending_len[side] = 0;
	harness_packet(h, from_client, bytes, len, len);
	uint32_t used = 0;
	h->verdict = h->inspector->on_stream(&h->in, bytes, (uint32_t)total, &used);
	assert(used <= total);
	harness_decide(h);
	h->side_done[side] = h->verdict == INSPECT_SIDE_DONE;
	size_t rest = total - used;
	if (rest > HARNESS_PENDING_MAX) /* the real stream would be lost here */
		h->side_done[side] = true;
	else if (h->verdict == INSPECT_MORE && rest > 0) {
		h->pending[side] = harness_exact(bytes + used, rest);
		h->pending_len[side] = (uint32_t)rest;
	}
	h->packet.payload = NULL;
	free(bytes);
	return h->verdict;
}

/* As the runner where `missing` bytes will not come, UINT32_MAX: not known how many. */
static inline void harness_gap(struct harness *h, bool from_client, uint32_t missing)
{
	unsigned side = from_client ? h->flow.client : !h->flow.client;
	uint32_t len = h->pending_len[side];
	if (harness_is_final(h) || h->side_done[side])
		return;
	if (!h->inspector->on_gap) {
		h->side_done[side] = true;
		return;
	}
	harness_packet(h, from_client, NULL, 0, 1);
	h->inspector->on_gap(&h->in, h->pending[side], len,
			     missing == UINT32_MAX ? missing : missing + len);
	free(h->pending[side]);
	h->pending[side] = NULL;
	h->pending_len[side] = 0;
}

/* As the runner at the end of a flow: each side that is not done, with what it has left unread. */
static inline void harness_end(struct harness *h)
{
	for (unsigned side = 0; side < 2; side++) {
		if (harness_is_final(h) || h->side_done[side])
			continue;
		harness_packet(h, side == h->flow.client, NULL, 0, 1);
		h->inspector->on_end(&h->in, h->pending[side], h->pending_len[side]);
	}
}

/* The n-th event of a kind (from 0), NULL when there are fewer. */
static inline const void *harness_event(const struct harness *h, enum event_kind kind, unsigned n)
{
	for (const struct event *e = event_log_next(h->log, NULL); e; e = event_log_next(h->log, e))
		if (e->kind == kind && n-- == 0)
			return e;
	return NULL;
}

static inline unsigned harness_count(const struct harness *h, enum event_kind kind)
{
	unsigned count = 0;
	for (const struct event *e = event_log_next(h->log, NULL); e; e = event_log_next(h->log, e))
		count += e->kind == kind;
	return count;
}

static inline bool harness_str_is_bytes(const void *event, const struct event_str *s,
					const void *data, size_t len)
{
	return s->off != 0 && s->len == len && memcmp(event_str_data(event, s), data, len) == 0;
}

static inline bool harness_str_is(const void *event, const struct event_str *s, const char *text)
{
	return harness_str_is_bytes(event, s, text, strlen(text));
}

#ifdef HARNESS_OWN_EVENT
/* For builds without the inspect layer's runner: what it does for a flow. */
void *inspect_event(struct inspection *in, enum event_kind kind, size_t size)
{
	struct event *e = event_log_begin(in->log, kind, size, in->seq);
	if (in->flow) {
		flow_event_head(in->flow, e, in->packet->number, in->packet->time_ns, in->side);
		return e;
	}
	e->packet = in->packet->number;
	e->time_ns = in->packet->time_ns;
	e->src = in->packet->src;
	e->dst = in->packet->dst;
	e->proto = in->packet->proto;
	e->ip_version = in->packet->ip_version;
	e->vlan = in->packet->vlan;
	e->tunnel_id = in->packet->tunnel_id;
	e->tunnel_key = in->packet->tunnel_key;
	e->tunnel_type = in->packet->tunnel_type;
	return e;
}
#endif

#endif
