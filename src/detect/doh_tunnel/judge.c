/*
 * detect/doh_tunnel/judge.c - how much each mark of a tunnel in encrypted DNS counts.
 */
#include <math.h>

#include "doh_tunnel.h"

#define DAY_TIMES   4     /* limit of the long span, in limits of the short one */
#define HALF_DAY_S  43200 /* window of the long span */
#define LONGS_BASE  0.2
#define LONGS_PART  0.35
#define LONGS_EACH  0.05 /* each time that there are twice as many */
#define SHARE_FROM  0.3
#define SHARE_FULL  0.6
#define SHARE_PART  0.15
#define RATIO_FROM  (-0.1) /* pages are asked for with less than is answered: -0.5 to -0.3 */
#define RATIO_PART  0.1
#define SILENT_FROM 20 /* questions for one destination that is used */
#define SILENT_FULL 50
#define SILENT_PART 0.2
#define BROWSING    5
#define RATE        1.0 /* questions a second, over one window */
#define RATE_PART   0.1
#define ODD_SHARE   0.1

static double longs_part(double longs, double limit)
{
	if (longs < limit)
		return 0;
	return fmin(LONGS_PART, LONGS_BASE + LONGS_EACH * log2(longs / limit));
}

static double silence_part(double questions, double destinations)
{
	double each = questions / fmax(1, destinations);
	if (each < BROWSING)
		return -SILENT_PART;
	if (each < SILENT_FROM)
		return 0;
	return each < SILENT_FULL ? SILENT_PART / 2 : SILENT_PART;
}

/* With so many long questions; the score, 0 where there are too few. */
static double score_with(struct doh_judgement *j, double longs)
{
	j->by_longs = longs_part(longs, j->limit);
	if (j->by_longs <= 0)
		return 0;
	double share = longs / fmax(longs, j->questions);
	j->by_share =
		SHARE_PART * fmin(1, fmax(0, (share - SHARE_FROM) / (SHARE_FULL - SHARE_FROM)));
	return fmax(0, j->by_longs + j->by_share + j->by_ratio + j->by_silence + j->by_rate +
			       j->by_stranger);
}

void doh_judge(const struct doh_pair *p, enum doh_span span, double destinations,
	       const struct doh_params *params, struct doh_judgement *j)
{
	const struct doh_window *w = &p->span[span];
	double up = (double)(w->now.up + w->before.up);
	double down = (double)(w->now.down + w->before.down);
	double odd = (double)w->now.odd + w->before.odd;
	*j = (struct doh_judgement){ .span = span, .destinations = destinations, .bytes = up };
	j->questions = (double)w->now.questions + w->before.questions;
	j->longs = (double)w->now.longs + w->before.longs;
	j->limit = (double)params->questions * (span == DOH_DAY ? DAY_TIMES : 1);
	j->span_s = 2.0 * (span == DOH_DAY ? HALF_DAY_S : (double)params->window_s);
	j->ratio = (up - down) / fmax(1, up + down);
	j->is_known = p->is_known;
	if (j->longs < j->limit || odd > ODD_SHARE * j->questions)
		return;
	j->by_silence = silence_part(j->questions, destinations);
	j->by_ratio = j->ratio >= RATIO_FROM ? RATIO_PART : 0;
	j->by_rate = j->questions >= RATE * j->span_s / 2 ? RATE_PART : 0;
	j->by_stranger = p->is_known ? 0 : RATIO_PART;
	j->score = score_with(j, j->longs);
}

static bool fires(const void *arg, double value)
{
	struct doh_judgement j = *(const struct doh_judgement *)arg;
	return step_severity(score_with(&j, value)) != SEVERITY_NONE;
}

uint64_t doh_least(const struct doh_judgement *j)
{
	return finding_least((uint64_t)j->longs, fires, j);
}
