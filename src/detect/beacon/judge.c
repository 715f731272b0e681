/*
 * detect/beacon/judge.c - how much each mark of a beacon counts.
 */
#include <math.h>

#include "beacon.h"

#define DAY_NS     (86400ull * 1000000000ull)
#define SURE       8 /* connections from which a rhythm is no chance */
#define GAP_MIN_S  3
#define FEW_SIZES  0.6
#define STEADY     0.9
#define CROWD      3
#define RARE_SCORE 0.45 /* low */

static void judge_rhythm(const struct beacon_pair *p, struct beacon_judgement *j)
{
	/* chance makes a few gaps alike, but not exactly so */
	double sure = fmin(1, ((double)rhythm_gaps(&p->rhythm) + (j->r.is_exact ? 2 : 0)) / SURE);
	double best = fmax(j->r.ts, j->r.fold);
	if (j->r.median_s < GAP_MIN_S)
		return;
	j->interval = 0.3 * sure * fmin(1, fmax(0, (best - 0.75) / 0.2));
	if (j->r.is_exact)
		j->exact = 0.1 * sure;
	if (p->rhythm.sizes >= 4 && (j->r.ds >= STEADY || j->r.top_size >= FEW_SIZES))
		j->size = 0.1 * sure;
	if (p->rhythm.count >= SURE)
		j->persistence = 0.1 * fmax(j->r.dur, j->r.hist);
}

void beacon_judge(const struct beacon_pair *p, const struct beacon_params *params,
		  uint64_t dataset_first_ns, uint64_t now_ns, struct beacon_judgement *j)
{
	*j = (struct beacon_judgement){ .score = 0 };
	uint64_t day_ago = now_ns > DAY_NS ? now_ns - DAY_NS : 0;
	uint64_t from = dataset_first_ns > day_ago ? dataset_first_ns : day_ago;
	rhythm_judge(&p->rhythm, &p->bins, from, now_ns, &j->r);
	judge_rhythm(p, j);
	if (j->interval <= 0)
		return;
	if (p->is_literal)
		j->nameless = 0.15;
	if (p->is_random_name)
		j->random = 0.1;
	if (p->is_odd_port)
		j->port = 0.05;
	if (p->failed && p->failed + 1 >= p->rhythm.count)
		j->failing = 0.05;
	if (p->is_rare)
		j->rare = 0.15;
	if (p->clients >= CROWD)
		j->crowd = -0.2;
	if (p->is_old)
		j->old = -0.1;
	double rhythm = j->interval + j->exact + j->size + j->persistence;
	double marks = j->nameless + j->random + j->rare;
	/* programs come back to the hosts of their makers: alone that is context, if it is that */
	if (marks < 0.05 && rhythm + j->port + j->failing > params->alone_score)
		j->alone = params->alone_score - rhythm - j->port - j->failing;
	/* that nobody else goes there is so of every camera: it counts where it is news as well */
	bool is_only_rare = j->rare > 0 && !p->is_new && j->nameless + j->random < 0.05;
	double sum = rhythm + marks + j->port + j->failing;
	if (is_only_rare && sum > RARE_SCORE)
		j->alone = RARE_SCORE - sum;
	j->score = rhythm + marks + j->port + j->failing + j->crowd + j->old + j->alone;
}
