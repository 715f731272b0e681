/*
 * detect/step_pair.c - see step_pair.h.
 */
#include "step_pair.h"

#include <math.h>

int step_pair_init(struct table *pairs, const struct detect_env *env, size_t entry_size,
		   uint32_t pairs_a_place)
{
	uint32_t share = env->max_pairs / pairs_a_place;
	const struct table_config config = { .capacity = share ? share : 1,
					     .entry_size = entry_size,
					     .key_size = sizeof(struct step_pair_key),
					     .key = env->key };
	return table_init(pairs, &config);
}

struct step_pair *step_pair_note(struct table *pairs, const struct event *e, uint16_t kind)
{
	const struct step_pair_key key = { .src = e->src,
					   .dst = e->dst,
					   .tunnel_key = e->tunnel_key,
					   .port = e->dport,
					   .kind = kind };
	bool is_new;
	struct step_pair *p = table_get(pairs, &key, &is_new);
	if (!p)
		return NULL;
	if (is_new)
		p->first_ns = e->time_ns;
	if (p->packet_count < STEP_PAIR_PACKETS && e->packet)
		p->packets[p->packet_count++] = e->packet;
	return p;
}

bool step_pair_is_news(struct step_pair *p, const struct finding *f, double least)
{
	double sum = step_score(f);
	enum severity severity = step_severity(sum);
	if (severity <= p->told || sum + 1e-9 < least)
		return false;
	p->told = (uint8_t)severity;
	return true;
}

void step_pair_prove(const struct step_pair *p, struct finding *f)
{
	f->start_ns = p->first_ns;
	f->packet_count = 0;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(f, p->packets[i]);
}

void step_part(struct finding *f, const char *name, double value, double weight, const char *text)
{
	if (weight < 0 || weight > 0)
		finding_feature(f, name, value, NAN, NAN, fabs(weight), weight, "%s", text);
}
