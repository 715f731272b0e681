/*
 * engine/bulk.c - see bulk.h.
 */
#include "bulk.h"

#include <stdlib.h>

#include "exfild/base/hash.h"

struct seen {
	struct shorten_flow flow;
	uint64_t bytes; /* since the last turn */
	bool is_used, is_cut;
	unsigned resting; /* turns in which little came */
};

struct bulk {
	uint64_t after_bytes;
	size_t cut;
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

static void leave(struct bulk *b, struct seen *s)
{
	if (s->is_cut) {
		b->cut--;
		b->has_changed = true;
	}
	*s = (struct seen){ 0 };
}

static void cut(struct bulk *b, struct seen *s)
{
	s->is_cut = b->has_changed = true;
	b->cut++;
}

void bulk_count(struct bulk *b, const struct packet *p, uint64_t payload)
{
	struct seen *s = place_of(b, p);
	if (p->ip_len < SHORTEN_LEAST || payload < b->after_bytes)
		return;
	if (is_of(s, p)) {
		s->bytes += p->ip_len;
		if (!s->is_cut && s->bytes >= BULK_STEP && b->cut < SHORTEN_FLOWS)
			cut(b, s);
		return;
	}
	if (s->is_used && (s->is_cut || s->bytes > p->ip_len)) {
		if (!s->is_cut)
			s->bytes -= p->ip_len;
		return;
	}
	*s = (struct seen){ .flow = { p->src, p->dst, p->sport, p->dport },
			    .bytes = p->ip_len,
			    .is_used = true };
}

void bulk_want(struct bulk *b, const struct packet *p)
{
	struct seen *s = place_of(b, p);
	if (b->cut && is_of(s, p))
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
	for (size_t i = 0; i < BULK_SEEN && *ret_count < SHORTEN_FLOWS; i++)
		if (b->seen[i].is_cut)
			ret[(*ret_count)++] = b->seen[i].flow;
	return true;
}
