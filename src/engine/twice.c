/*
 * engine/twice.c - the same packet on two interfaces.
 *
 * Routed from one watched interface to another, or mirrored by both, a packet comes twice, with
 * another link header, time to live and checksum.  A copy is what agrees in all else, from another
 * input, within LEAVE_TWICE_NS.  A retransmission comes from the input that had the first.
 */
#include <stdlib.h>

#include "leave.h"

#define SAMPLE     128 /* bytes of payload from its beginning, and from its end */
#define SAMPLE_TCP 64  /* from its beginning: one of two may come cut (capture/shorten.h) */

struct seen {
	uint64_t hash, time_ns;
	uint32_t input;
};

struct twice {
	struct hash_key key;
	struct seen table[LEAVE_SEEN];
};

struct twice *twice_new(const struct hash_key *key)
{
	struct twice *t = calloc(1, sizeof(*t));
	if (t)
		t->key = *key;
	return t;
}

void twice_free(struct twice *t)
{
	free(t);
}

/* The identification of an IPv4 packet; 0 otherwise. */
static uint16_t ip_id(const struct packet *p)
{
	if (p->kind != PACKET_IP || p->ip_version != 4 || p->l3_cap < 20)
		return 0;
	return (uint16_t)(p->l3[4] << 8 | p->l3[5]);
}

static uint64_t hash_of(const struct twice *t, const struct packet *p)
{
	uint64_t words[7] = {
		p->src.u.q[0],
		p->src.u.q[1],
		p->dst.u.q[0],
		p->dst.u.q[1],
		(uint64_t)p->sport << 48 | (uint64_t)p->dport << 32 | p->ip_len,
		(uint64_t)p->tcp_seq << 32 | p->tcp_ack,
		(uint64_t)ip_id(p) << 48 | (uint64_t)p->icmp_seq << 32 |
			(uint32_t)p->tcp_flags << 16 | p->proto,
	};
	uint64_t hash = hash_words(&t->key, words, 7);
	uint32_t len = p->payload_cap;
	if (!len)
		return hash;
	uint32_t most = p->proto == PROTO_TCP ? SAMPLE_TCP : SAMPLE;
	uint32_t head = len < most ? len : most;
	hash = hash_mix(hash, hash_bytes(&t->key, p->payload, head));
	if (len > head && p->proto != PROTO_TCP) {
		uint32_t tail = len - head < SAMPLE ? len - head : SAMPLE;
		hash = hash_mix(hash, hash_bytes(&t->key, p->payload + len - tail, tail));
	}
	return hash;
}

bool twice_seen(struct twice *t, uint32_t input, const struct packet *p)
{
	uint64_t hash = hash_of(t, p);
	struct seen *s = &t->table[hash % LEAVE_SEEN];
	uint64_t age_ns = p->time_ns > s->time_ns ? p->time_ns - s->time_ns : 0;
	if (s->hash == hash && s->input != input && age_ns <= LEAVE_TWICE_NS)
		return true;
	*s = (struct seen){ hash, p->time_ns, input };
	return false;
}
