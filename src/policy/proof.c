/*
 * policy/proof.c - see proof.h.
 */
#include "exfild/policy/proof.h"

#include <stdlib.h>
#include <string.h>

#include "private.h"

#define PROTO_TCP 6
#define TCP_RST   4u

struct proven_flow {
	uint64_t flow;
	uint32_t last_s;
	uint8_t proof; /* enum alert_proof */
	uint8_t pad[3];
};

struct pair_key {
	struct ipaddr src, dst;
};

struct proven_pair {
	struct pair_key key;
	uint64_t last_ns;
	uint8_t proof;
	uint8_t pad[7];
};

struct link_host {
	struct ipaddr host;
	uint64_t moved_ns; /* when another link address took over, 0: never */
	uint32_t last_s;
	uint8_t mac[6];
	uint8_t pad[6];
};

struct policy_proofs {
	struct table flows, pairs, hosts;
};

static uint32_t flow_evidence(const void *entry)
{
	return ((const struct proven_flow *)entry)->last_s;
}

static uint32_t pair_evidence(const void *entry)
{
	return (uint32_t)(((const struct proven_pair *)entry)->last_ns / SECOND_NS);
}

static uint32_t host_evidence(const void *entry)
{
	return ((const struct link_host *)entry)->last_s;
}

struct policy_proofs *policy_proofs_new(const struct hash_key *key)
{
	struct policy_proofs *p = calloc(1, sizeof(*p));
	const struct table_config flows = { .capacity = PROOF_FLOWS,
					    .entry_size = sizeof(struct proven_flow),
					    .key_size = sizeof(uint64_t),
					    .key = *key,
					    .evidence = flow_evidence };
	const struct table_config pairs = { .capacity = PROOF_PAIRS,
					    .entry_size = sizeof(struct proven_pair),
					    .key_size = sizeof(struct pair_key),
					    .key = *key,
					    .evidence = pair_evidence };
	const struct table_config hosts = { .capacity = PROOF_HOSTS,
					    .entry_size = sizeof(struct link_host),
					    .key_size = sizeof(struct ipaddr),
					    .key = *key,
					    .evidence = host_evidence };
	if (p && table_init(&p->flows, &flows) == 0 && table_init(&p->pairs, &pairs) == 0 &&
	    table_init(&p->hosts, &hosts) == 0)
		return p;
	policy_proofs_free(p);
	return NULL;
}

void policy_proofs_free(struct policy_proofs *p)
{
	if (!p)
		return;
	table_deinit(&p->flows);
	table_deinit(&p->pairs);
	table_deinit(&p->hosts);
	free(p);
}

static void note_link(struct policy_proofs *p, const struct event_flow *f)
{
	bool is_new;
	static const uint8_t none[6];
	if (!f->has_mac || memcmp(f->mac[0], none, sizeof(none)) == 0)
		return;
	struct link_host *h = table_get(&p->hosts, &f->e.src, &is_new);
	if (!h)
		return;
	if (!is_new && memcmp(h->mac, f->mac[0], sizeof(h->mac)) != 0)
		h->moved_ns = f->e.time_ns;
	memcpy(h->mac, f->mac[0], sizeof(h->mac));
	h->last_s = (uint32_t)(f->e.time_ns / SECOND_NS);
}

/* What an event shows of its flow: whether the other side goes on with it. */
static enum alert_proof shown_by(const struct event *e)
{
	enum alert_proof whole =
		e->proto == PROTO_TCP ? ALERT_PROOF_HANDSHAKE : ALERT_PROOF_ANSWERED;
	if (e->kind > EVENT_FLOW_END)
		return e->from_server ? whole : ALERT_PROOF_NONE;
	const struct event_flow *f = (const struct event_flow *)(const void *)e;
	if (f->outcome != FLOW_OUTCOME_ESTABLISHED || f->one_sided)
		return ALERT_PROOF_NONE;
	/* a SYN that was answered is no handshake; a server's content, or its word for ours, is */
	if (e->proto == PROTO_TCP && (f->tcp_flags[1] & TCP_RST || !f->payload[1]))
		return ALERT_PROOF_NONE;
	return whole;
}

bool policy_proofs_event(struct policy_proofs *p, const struct event *e)
{
	bool is_new;
	/* the end of an older flow must not take the address back */
	if (e->kind == EVENT_FLOW_START)
		note_link(p, (const struct event_flow *)(const void *)e);
	enum alert_proof proof = e->flow ? shown_by(e) : ALERT_PROOF_NONE;
	if (proof == ALERT_PROOF_NONE)
		return false;
	struct proven_flow *f = table_get(&p->flows, &e->flow, &is_new);
	if (f) {
		f->proof = (uint8_t)proof;
		f->last_s = (uint32_t)(e->time_ns / SECOND_NS);
	}
	const struct pair_key key = { e->src, e->dst };
	struct proven_pair *pair = table_get(&p->pairs, &key, &is_new);
	if (pair) {
		pair->last_ns = e->time_ns;
		if (pair->proof < proof)
			pair->proof = (uint8_t)proof;
	}
	return true;
}

static enum alert_proof of_pair(const struct policy_proofs *p, const struct ipaddr *a,
				const struct ipaddr *b, uint64_t now_ns)
{
	const struct pair_key key = { *a, *b };
	const struct proven_pair *pair = table_find(&p->pairs, &key);
	bool holds = pair && (pair->last_ns >= now_ns || now_ns - pair->last_ns <= PROOF_PAIR_NS);
	return holds ? (enum alert_proof)pair->proof : ALERT_PROOF_NONE;
}

static enum alert_proof of_ends(const struct policy_proofs *p, const struct ipaddr *a,
				const struct ipaddr *b, uint64_t now_ns)
{
	enum alert_proof there = of_pair(p, a, b, now_ns), back = of_pair(p, b, a, now_ns);
	return there > back ? there : back;
}

struct policy_facts policy_proofs_of(const struct policy_proofs *p, const struct finding *f)
{
	struct policy_facts ret = { .proof = ALERT_PROOF_NONE };
	const struct proven_flow *flow = f->flow ? table_find(&p->flows, &f->flow) : NULL;
	const struct link_host *h =
		f->subject.has_ip ? table_find(&p->hosts, &f->subject.ip) : NULL;
	if (flow)
		ret.proof = (enum alert_proof)flow->proof;
	else if (f->flow && f->proto != PROTO_TCP)
		ret.proof = of_ends(p, &f->flow_src, &f->flow_dst, f->time_ns);
	else if (!f->flow && f->subject.has_ip && f->peer.has_ip)
		ret.proof = of_ends(p, &f->subject.ip, &f->peer.ip, f->time_ns);
	ret.moved = h && h->moved_ns &&
		    (h->moved_ns >= f->time_ns || f->time_ns - h->moved_ns < PROOF_MOVED_NS);
	return ret;
}
