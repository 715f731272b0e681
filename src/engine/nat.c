/*
 * engine/nat.c - see nat.h.
 *
 * A packet's mark is made of the end that translation leaves alone and of what the packet carries.
 * Which end that is, is known of a packet with the gateway's address: the other one.  Any other
 * packet leaves two marks, one for each end.
 */
#include "nat.h"

#include <pthread.h>
#include <stdlib.h>

#define LOCKS      64
#define SAMPLE     128 /* bytes of payload from its beginning, and from its end */
#define SAMPLE_TCP 64  /* from its beginning: one of two may come cut (capture/shorten.h) */

struct seen {
	uint64_t mark, flow, time_ns; /* flow: of one with the gateway's address, else 0 */
	uint32_t input;
};

enum flow_state { FLOW_UNKNOWN, FLOW_TWIN, FLOW_OWN };

struct known {
	uint64_t flow, time_ns;
	enum flow_state state;
};

struct nat {
	struct hash_key key;
	pthread_mutex_t locks[LOCKS]; /* of entries, by their index */
	struct seen seen[NAT_SEEN];
	struct known flows[NAT_FLOWS];
};

struct nat *nat_new(const struct hash_key *key)
{
	struct nat *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->key = *key;
	for (unsigned i = 0; i < LOCKS; i++)
		pthread_mutex_init(&n->locks[i], NULL);
	return n;
}

void nat_free(struct nat *n)
{
	if (!n)
		return;
	for (unsigned i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&n->locks[i]);
	free(n);
}

/* --- flows ------------------------------------------------------------------------------- */

static bool has_ports(const struct packet *p)
{
	return p->proto == PROTO_TCP || p->proto == PROTO_UDP || p->proto == PROTO_SCTP;
}

/* The same for both directions. */
uint64_t nat_flow(const struct nat *n, const struct packet *p)
{
	uint64_t ends[2];
	for (unsigned i = 0; i < 2; i++) {
		const struct ipaddr *a = i ? &p->dst : &p->src;
		/* an echo's identifier stands for the ports of both ends */
		uint64_t port = has_ports(p) ? (i ? p->dport : p->sport) : p->dport;
		uint64_t words[3] = { a->u.q[0], a->u.q[1], port };
		ends[i] = hash_words(&n->key, words, 3);
	}
	uint64_t flow = hash_mix(ends[0] + ends[1], p->proto);
	return flow ? flow : 1;
}

static enum flow_state state_of(struct nat *n, uint64_t flow, uint64_t now_ns)
{
	struct known *k = &n->flows[flow % NAT_FLOWS];
	pthread_mutex_t *lock = &n->locks[flow % LOCKS];
	enum flow_state state = FLOW_UNKNOWN;
	pthread_mutex_lock(lock);
	if (k->flow == flow && k->state == FLOW_OWN && now_ns < k->time_ns + NAT_OWN_NS)
		state = FLOW_OWN;
	if (k->flow == flow && k->state == FLOW_TWIN && now_ns < k->time_ns + NAT_IDLE_NS) {
		state = FLOW_TWIN;
		k->time_ns = now_ns > k->time_ns ? now_ns : k->time_ns;
	}
	pthread_mutex_unlock(lock);
	return state;
}

static void set_state(struct nat *n, uint64_t flow, uint64_t now_ns, enum flow_state state)
{
	pthread_mutex_t *lock = &n->locks[flow % LOCKS];
	pthread_mutex_lock(lock);
	n->flows[flow % NAT_FLOWS] = (struct known){ flow, now_ns, state };
	pthread_mutex_unlock(lock);
}

/* --- packets ----------------------------------------------------------------------------- */

/* All that translation leaves alone, but for the end. */
static uint64_t content_of(const struct nat *n, const struct packet *p)
{
	bool has_id = p->kind == PACKET_IP && p->ip_version == 4 && p->l3_cap >= 20;
	uint64_t id = has_id ? (uint64_t)(p->l3[4] << 8 | p->l3[5]) : 0;
	uint64_t words[3] = {
		(uint64_t)p->tcp_seq << 32 | p->tcp_ack,
		id << 48 | (uint64_t)p->icmp_seq << 32 | (uint64_t)p->tcp_flags << 16 | p->proto,
		(uint64_t)p->ip_len << 16 | (has_ports(p) ? 0 : p->sport),
	};
	uint64_t hash = hash_words(&n->key, words, 3);
	uint32_t most = p->proto == PROTO_TCP ? SAMPLE_TCP : SAMPLE;
	uint32_t head = p->payload_cap < most ? p->payload_cap : most;
	uint32_t tail = p->payload_cap - head < most ? p->payload_cap - head : most;
	if (head)
		hash = hash_mix(hash, hash_bytes(&n->key, p->payload, head));
	if (tail && p->proto != PROTO_TCP)
		hash = hash_mix(hash,
				hash_bytes(&n->key, p->payload + p->payload_cap - tail, tail));
	return hash;
}

/* is_to: the end that is left alone is the destination. */
static uint64_t mark_of(const struct nat *n, const struct packet *p, uint64_t content, bool is_to)
{
	const struct ipaddr *a = is_to ? &p->dst : &p->src;
	uint16_t port = has_ports(p) ? (is_to ? p->dport : p->sport) : 0;
	uint64_t words[4] = { a->u.q[0], a->u.q[1], content, (uint64_t)port << 1 | is_to };
	return hash_words(&n->key, words, 4);
}

static bool is_near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= NAT_TWIN_NS;
}

/* Leaves the mark.  True: its like of the other side was there, which is *ret. */
static bool meet(struct nat *n, const struct seen *mine, struct seen *ret)
{
	struct seen *s = &n->seen[mine->mark % NAT_SEEN];
	pthread_mutex_t *lock = &n->locks[mine->mark % LOCKS];
	pthread_mutex_lock(lock);
	bool found = s->mark == mine->mark && s->input != mine->input &&
		     (s->flow != 0) != (mine->flow != 0) && is_near(s->time_ns, mine->time_ns);
	*ret = *s;
	if (!found)
		*s = *mine;
	pthread_mutex_unlock(lock);
	return found;
}

static enum nat_verdict judge_own(struct nat *n, uint32_t input, const struct packet *p, bool is_to,
				  bool is_last)
{
	uint64_t flow = nat_flow(n, p);
	enum flow_state state = state_of(n, flow, p->time_ns);
	struct seen other;
	if (state == FLOW_TWIN)
		return NAT_LEAVE_OUT;
	if (state == FLOW_OWN)
		return NAT_JUDGE;
	if (is_last) {
		set_state(n, flow, p->time_ns, FLOW_OWN);
		return NAT_JUDGE;
	}
	struct seen mine = { mark_of(n, p, content_of(n, p), is_to), flow, p->time_ns, input };
	if (!meet(n, &mine, &other))
		return NAT_WAIT;
	set_state(n, flow, p->time_ns, FLOW_TWIN);
	return NAT_LEAVE_OUT;
}

enum nat_verdict nat_packet(struct nat *n, uint32_t input, const struct packet *p, bool has_own_src,
			    bool has_own_dst, bool is_last)
{
	if (p->kind != PACKET_IP || p->tunnel_depth || (has_own_src && has_own_dst))
		return NAT_JUDGE;
	if (has_own_src || has_own_dst)
		return judge_own(n, input, p, has_own_src, is_last);
	uint64_t content = content_of(n, p);
	for (unsigned i = 0; i < 2; i++) {
		struct seen mine = { mark_of(n, p, content, i == 1), 0, p->time_ns, input };
		struct seen other;
		if (meet(n, &mine, &other))
			set_state(n, other.flow, p->time_ns, FLOW_TWIN);
	}
	return NAT_JUDGE;
}
