/*
 * base/usual.h - what is usual for an amount that is looked at once a period.
 *
 * What: a running median and a running median distance from it, both in octaves (log2(1 + amount)),
 * moved by steps of fixed size (stochastic approximation of a quantile, Robbins and Monro 1951;
 * "Frugal streaming", Ma, Muthukrishnan and Sandler 2013), so that no single amount, however
 * large, moves them far; and a one-sided cumulative sum of what is above (Page 1954), which tells a
 * small excess that lasts.
 * Threads: values of their owner.
 */
#ifndef EXFILD_BASE_USUAL_H
#define EXFILD_BASE_USUAL_H

#include <stdint.h>

#define USUAL_CUSUM_SLACK 1.0 /* what a period may be above without being added */
#define USUAL_CUSUM_LIMIT 6.0

struct usual {
	float median, spread; /* octaves */
	float weight;         /* periods that were learnt, those of low trust in part */
	float cusum;          /* in spreads */
};

/* A period has ended with this amount.  trust 0 to 1: how much of a step may be learnt of it. */
void usual_add(struct usual *u, double amount, double trust);
/* How far above (or below) the usual: in robust standard deviations, at least half an octave each.
 */
double usual_distance(const struct usual *u, double amount);
/* What a period may reach: four deviations above, at least a factor of 4, at most of 16.  0:
 * nothing was learnt. */
double usual_high(const struct usual *u);
/* The median as an amount. */
double usual_amount(const struct usual *u);
/* One baseline of two that watched the same thing, each as much as it has learnt. */
void usual_merge(struct usual *u, const struct usual *other);

#endif
