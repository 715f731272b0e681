/*
 * engine/bulk.c - see bulk.h.
 */
#include "bulk.h"

#include <stdlib.h>

#include "exfild/base/hash.h"
#include "exfild/flow/flow.h"

struct seen {
	struct shorten_flow flow;
	uint64_t bytes;    /* since the last turn */
	uint32_t next_seq; /* what lies between a thin flow's packets is counted by it */
	bool is_used, is_cut;
	bool reads_answers;
	unsigned resting; /* turns in which little came */
};

struct bulk {
	uint64_t after_bytes;
	size_t places; /* of SHORTEN_FLOWS that are taken */
	bool has_changed;
	struct seen seen[BULK_SEEN];
};

struct bulk *bulk_new(uint64_t after_bytes)
{
	struct bulk *b = calloc(1, sizeof(*b));
	if (b)
		b->after_bytes = after_bytes;
	return b;
}

void bulk_free(struct bulk *b)
{
	free(b);
}

static struct seen *place_of(struct bulk *b, const struct packet *p)
{
	uint64_t direction = (uint64_t)p->sport << 16 | p->dport;
	return &b->seen[hash_mix(p->pair_hash, direction) % BULK_SEEN];
}

static bool is_of(const struct seen *s, const struct packet *p)
{
	return s->is_used && s->flow.sport == p->sport && s->flow.dport == p->dport &&
	       ipaddr_equal(&s->flow.src, &p->src) && ipaddr_equal(&s->flow.dst, &p->dst);
}

/* Its answers are thinned too: it takes two places. */
static bool is_thin(const struct seen *s)
{
	return s->flow.kind == SHORTEN_THINNED;
}

static size_t places_of(const struct seen *s)
{
	return (size_t)s->is_cut + is_thin(s);
}

static void leave(struct bulk *b, struct seen *s)
{
	b->places -= places_of(s);
	b->has_changed |= s->is_cut;
	*s = (struct seen){ 0 };
}

static void cut(struct bulk *b, struct seen *s, enum shorten_kind kind, bool reads_answers)
{
	size_t others = b->places - places_of(s);
	if (others + (kind == SHORTEN_THINNED ? 2 : 1) > SHORTEN_FLOWS)
		return;
	s->is_cut = b->has_changed = true;
	s->flow.kind = kind;
	s->reads_answers = reads_answers;
	b->places = others + places_of(s);
}

/* What a packet adds to its flow; of a thin one with all that did not come. */
static uint32_t step_of(struct seen *s, const struct packet *p)
{
	uint32_t end = p->tcp_seq + p->payload_len;
	uint32_t step = end - s->next_seq;
	bool is_ahead = is_thin(s) && step < FLOW_THIN_MOST;
	if (!is_thin(s) || is_ahead)
		s->next_seq = end;
	return is_ahead && step > p->ip_len ? step : p->ip_len;
}

static void count(struct bulk *b, struct seen *s, const struct packet *p, bool reads_answers)
{
	s->bytes += step_of(s, p);
	bool thins = is_thin(s) || s->bytes >= BULK_THIN;
	if (s->bytes < BULK_STEP && !s->is_cut)
		return;
	if (!s->is_cut || thins != is_thin(s) || reads_answers != s->reads_answers)
		cut(b, s, thins ? SHORTEN_THINNED : SHORTEN_CUT, reads_answers);
}

bool bulk_count(struct bulk *b, const struct packet *p, uint64_t payload, bool reads_answers)
{
	struct seen *s = place_of(b, p);
	if (p->ip_len < SHORTEN_LEAST || payload < b->after_bytes)
		return false;
	if (is_of(s, p)) {
		count(b, s, p, reads_answers);
		return is_thin(s);
	}
	if (s->is_used && (s->is_cut || s->bytes > p->ip_len)) {
		if (!s->is_cut)
			s->bytes -= p->ip_len;
		return false;
	}
	*s = (struct seen){ .flow = { p->src, p->dst, p->sport, p->dport, .kind = SHORTEN_CUT },
			    .bytes = p->ip_len,
			    .next_seq = p->tcp_seq + p->payload_len,
			    .is_used = true };
	return false;
}

void bulk_want(struct bulk *b, const struct packet *p)
{
	struct seen *s = place_of(b, p);
	if (b->places && is_of(s, p))
		leave(b, s);
}

static void look_at(struct bulk *b, struct seen *s)
{
	if (s->is_cut) {
		s->resting = s->bytes < BULK_STEP / 8 ? s->resting + 1 : 0;
		if (s->resting >= BULK_REST)
			leave(b, s);
	} else if (!s->bytes) {
		s->is_used = false;
	}
	s->bytes = 0;
}

void bulk_turn(struct bulk *b)
{
	for (size_t i = 0; i < BULK_SEEN; i++)
		if (b->seen[i].is_used)
			look_at(b, &b->seen[i]);
}

bool bulk_list(struct bulk *b, struct shorten_flow ret[SHORTEN_FLOWS], size_t *ret_count)
{
	if (!b->has_changed)
		return false;
	b->has_changed = false;
	*ret_count = 0;
	for (size_t i = 0; i < BULK_SEEN; i++) {
		const struct shorten_flow *f = &b->seen[i].flow;
		if (b->seen[i].is_cut)
			ret[(*ret_count)++] = *f;
		if (is_thin(&b->seen[i]))
			ret[(*ret_count)++] =
				(struct shorten_flow){ f->dst, f->src, f->dport, f->sport,
						       b->seen[i].reads_answers ? SHORTEN_BARE :
										  SHORTEN_THINNED };
	}
	return true;
}
