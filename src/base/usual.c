/* base/usual.c - see include/exfild/base/usual.h */
#include "exfild/base/usual.h"

#include <math.h>

#define FIRST_STEP   0.5  /* octaves, in the first periods */
#define LEAST_STEP   0.05 /* later */
#define TO_SIGMA     1.4826
#define LEAST_SIGMA  0.5 /* octaves: a factor of 1.4 is never unusual */
#define MOST_WEIGHT  1e6
#define MOST_OCTAVES 60

static double octaves(double amount)
{
	return amount > 0 ? fmin(log2(1 + amount), MOST_OCTAVES) : 0;
}

static float moved(float value, double towards, double step)
{
	double distance = towards - (double)value;
	if (fabs(distance) <= step)
		return (float)towards;
	return (float)((double)value + copysign(step, distance));
}

double usual_distance(const struct usual *u, double amount)
{
	double sigma = fmax(TO_SIGMA * (double)u->spread, LEAST_SIGMA);
	return (octaves(amount) - (double)u->median) / sigma;
}

double usual_high(const struct usual *u)
{
	if (!(u->weight > 0))
		return 0;
	double above = 4 * TO_SIGMA * (double)u->spread;
	return exp2((double)u->median + fmin(fmax(above, 2), 4)) - 1;
}

double usual_amount(const struct usual *u)
{
	return exp2((double)u->median) - 1;
}

void usual_add(struct usual *u, double amount, double trust)
{
	double x = octaves(amount);
	if (u->weight <= 0) {
		if (trust > 0)
			*u = (struct usual){ .median = (float)x, .weight = (float)trust };
		return;
	}
	/* a few first ones may be far from the rest: the step shrinks as more is known */
	double step = trust * fmax(LEAST_STEP, FIRST_STEP / sqrt((double)u->weight));
	double excess = (double)u->cusum + usual_distance(u, amount) - USUAL_CUSUM_SLACK;
	u->cusum = (float)fmin(fmax(excess, 0), 100);
	double distance = fabs(x - (double)u->median);
	u->median = moved(u->median, x, step);
	u->spread = moved(u->spread, distance, step);
	u->weight = (float)fmin((double)u->weight + trust, MOST_WEIGHT);
}

void usual_merge(struct usual *u, const struct usual *other)
{
	double a = (double)u->weight, b = (double)other->weight;
	if (!(b > 0))
		return;
	u->median = (float)((a * (double)u->median + b * (double)other->median) / (a + b));
	u->spread = (float)((a * (double)u->spread + b * (double)other->spread) / (a + b));
	u->weight = (float)fmin(a + b, MOST_WEIGHT);
}
