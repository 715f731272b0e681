/*
 * detect/dns_tunnel/judge.c - from counts to a score that can be recomputed from its parts.
 *
 * The amount of new information alone decides once it is large (four times the limit); below that,
 * the shape of the traffic has to agree: names that look like payload, hardly any of them asked
 * twice, record types that carry data, answers that bring data back, marks of tools.
 */
#include <math.h>
#include <string.h>

#include "dns_tunnel.h"

#define DAY_NS (86400ull * 1000000000ull)

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

double pair_info(const struct pair *p, uint64_t steady_ns)
{
	double now = p->is_many ? hll_count(&p->info) : p->exact_info;
	if (p->is_many && now < p->exact_info)
		now = p->exact_info;
	if (p->is_many && now > p->weight_sum)
		now = p->weight_sum; /* the sketch is an estimate, this a bound */
	double gone = (double)(steady_ns - p->window_ns) / (double)DAY_NS;
	return now + (double)p->previous_info * clamp(1.0 - gone, 0, 1) + p->edns_info;
}

static double distinct_names(const struct pair *p, double info)
{
	if (!p->is_many)
		return p->name_count;
	double mean = p->questions ? p->weight_sum / p->questions : 1;
	return clamp(info / (mean > 0.5 ? mean : 0.5), EXACT_NAMES, p->questions);
}

bool domain_is_reverse(const char *domain)
{
	size_t n = strlen(domain);
	return n >= 5 && strcmp(domain + n - 5, ".arpa") == 0;
}

/* What depends on the amount, and the sum: the amount alone can be varied for a counterfactual. */
static void score_of(struct judgement *j, const struct dns_params *params)
{
	double limit = (double)params->daily_bytes;
	/* the week's sum counts like the day's against a limit of its own */
	double ratio = fmax(j->info / limit, j->week / (double)params->weekly_bytes);
	j->by_info = ratio <= 1 ? 0.4 * ratio : clamp(0.4 + 0.15 * log2(ratio), 0.4, 0.7);
	j->by_service = 0;
	if (j->service && j->service->dns_daily_bytes &&
	    j->info <= (double)j->service->dns_daily_bytes)
		j->by_service = -0.6;
	else if (j->service && !j->is_marked && j->info < 8 * limit)
		j->by_service = -0.3;
	j->score = clamp(j->by_info + j->by_shape + j->by_new + j->by_types + j->by_answers +
				 j->by_marks + j->by_service,
			 0, 1);
}

void pair_judge(const struct pair *p, const struct dns_params *params, const struct detect_env *env,
		struct judgement *j)
{
	j->info = pair_info(p, env->steady_ns);
	j->week_before = decayed_at(&p->week, env->steady_ns, 3 * 86400.0);
	j->week = j->week_before + j->info;
	j->distinct = distinct_names(p, j->info);
	j->per_name = j->distinct > 0 ? j->info / j->distinct : 0;
	/* a few long names happen; with the mark of a tool one is enough */
	j->by_shape = 0.25 * clamp((j->per_name - 12) / 20, 0, 1) *
		      (p->marks ? 1 : clamp((double)p->weighty / 8, 0, 1));
	double fresh = p->questions ? j->distinct / p->questions : 0;
	j->by_new = j->distinct >= 8 ? 0.1 * clamp((fresh - 0.4) / 0.4, 0, 1) : 0;
	double rare = p->questions ? (double)p->rare_types / p->questions : 0;
	double odd = p->questions ? (double)p->odd_types / p->questions : 0;
	j->by_types = clamp(0.25 * rare + 0.1 * odd, 0, 0.25) * clamp(j->per_name / 12, 0, 1);
	j->by_answers = 0.15 * clamp(p->answer_info / 2048, 0, 1) * clamp(j->per_name / 8, 0, 1);
	j->by_marks = p->marks ? 0.45 : 0;
	j->service = context_service_by_name(env->context, p->domain, strlen(p->domain));
	j->is_reverse = domain_is_reverse(p->domain);
	j->is_marked = p->marks != 0;
	score_of(j, params);
}

bool pair_fires(const struct judgement *j, const struct dns_params *params, double info)
{
	struct judgement x = *j;
	x.info = info;
	x.week = x.week_before + info;
	score_of(&x, params);
	return x.score >= params->alert_score &&
	       !(x.is_reverse && info < REVERSE_TIMES * (double)params->daily_bytes);
}

struct question {
	const struct judgement *j;
	const struct dns_params *params;
};

static bool fires_at(const void *arg, double info)
{
	const struct question *q = arg;
	return pair_fires(q->j, q->params, info);
}

uint64_t pair_least_info(const struct judgement *j, const struct dns_params *params)
{
	struct question q = { j, params };
	return finding_least((uint64_t)ceil(j->info), fires_at, &q);
}
