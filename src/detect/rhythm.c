/*
 * detect/rhythm.c - see rhythm.h.
 *
 * RITA's formulas were read in its source (v5.1.1); the code here is its own.
 */
#include "rhythm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MS_NS       1000000ull
#define SECOND_NS   1000000000ull
#define WIDTH_MIN_S 60u
#define WIDTH_MAX_S 3840u /* six times the double: 24 of them are a day and a bit */
#define SLACK       0.1   /* of a period, in the fold */
#define FOLDS       4     /* beacons in a row that may be lost, and one more */
#define EXACT       0.02  /* of the median */
#define EXACT_S     0.2
#define EXACT_OF    0.9
#define MIN_GAPS    3
#define MIN_BARS    6  /* RITA: bars that a duration needs */
#define BIMODAL     11 /* RITA: bars that two modes need */
#define HALF_DAY    12.0
#define BIN_SHARE   0.05 /* of the highest bar */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double round3(double v)
{
	return round(v * 1000) / 1000;
}

static double median(const double *v, size_t n)
{
	if (n == 0)
		return 0;
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

bool rhythm_add(struct rhythm *r, uint64_t now_ns, uint64_t merge_ns)
{
	uint64_t gap = now_ns > r->last_ns ? now_ns - r->last_ns : 0;
	if (r->count && gap < merge_ns)
		return false;
	unsigned at = r->count % RHYTHM_MAX;
	r->gap_ms[at] = gap / MS_NS < UINT32_MAX ? (uint32_t)(gap / MS_NS) : UINT32_MAX;
	r->last_ns = now_ns;
	r->count++;
	return true;
}

void rhythm_add_size(struct rhythm *r, uint64_t size)
{
	r->size[r->sizes++ % RHYTHM_MAX] = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

/* Two bins become one. */
static void widen(struct rhythm_bins *b)
{
	for (unsigned i = 0; i < RHYTHM_BINS; i++)
		b->count[i] = i < RHYTHM_BINS / 2 ? b->count[2 * i] + b->count[2 * i + 1] : 0;
	b->width_s *= 2;
}

void rhythm_bins_add(struct rhythm_bins *b, uint64_t dataset_first_ns, uint64_t now_ns)
{
	if (!b->width_s) {
		b->width_s = WIDTH_MIN_S;
		b->start_ns = dataset_first_ns < now_ns ? dataset_first_ns : now_ns;
	}
	uint64_t at = now_ns > b->start_ns ? (now_ns - b->start_ns) / SECOND_NS : 0;
	while (at / b->width_s >= RHYTHM_BINS && b->width_s < WIDTH_MAX_S)
		widen(b);
	uint64_t over = at / b->width_s;
	if (over >= RHYTHM_BINS) { /* the oldest go */
		uint64_t shift = over - RHYTHM_BINS + 1;
		for (unsigned i = 0; i < RHYTHM_BINS; i++)
			b->count[i] = i + shift < RHYTHM_BINS ? b->count[i + shift] : 0;
		b->start_ns += shift * b->width_s * SECOND_NS;
		over = RHYTHM_BINS - 1;
	}
	b->count[over]++;
}

static size_t values(const struct rhythm *r)
{
	return r->count < RHYTHM_MAX ? r->count : RHYTHM_MAX;
}

size_t rhythm_gaps(const struct rhythm *r)
{
	size_t n = values(r);
	return r->count <= RHYTHM_MAX && n ? n - 1 : n;
}

/* Bowley's skewness, from the medians of both halves. */
double rhythm_bowley(const double *v, size_t n)
{
	double q1 = median(v, n / 2), q2 = median(v, n), q3 = median(v + (n + 1) / 2, n / 2);
	double skew = 0;
	if (q3 - q1 >= 10 && q2 > q1 && q2 < q3)
		skew = (q1 + q3 - 2 * q2) / (q3 - q1);
	return 1 - fabs(skew);
}

double rhythm_mad(const double *v, size_t n, double otherwise)
{
	double far[RHYTHM_MAX], q2 = median(v, n);
	if (q2 < 1 || n > RHYTHM_MAX)
		return otherwise;
	for (size_t i = 0; i < n; i++)
		far[i] = fabs(v[i] - q2);
	qsort(far, n, sizeof(far[0]), by_value);
	return fmax(0, (q2 - median(far, n)) / q2);
}

static double part(const double *v, size_t n, double otherwise)
{
	return n < MIN_GAPS ? 0 : round3((rhythm_bowley(v, n) + rhythm_mad(v, n, otherwise)) / 2);
}

/* The two most frequent heights, of bars in steps of a twentieth of the highest. */
static double two_modes(const uint32_t *bins, unsigned n, unsigned bars, uint32_t highest)
{
	uint32_t step = (uint32_t)ceil(highest * BIN_SHARE);
	unsigned heights[RHYTHM_BINS + 1] = { 0 }, first = 0, second = 0;
	for (unsigned i = 0; i < n; i++)
		if (bins[i])
			heights[bins[i] / step < RHYTHM_BINS ? bins[i] / step : RHYTHM_BINS]++;
	for (unsigned i = 0; i <= RHYTHM_BINS; i++) {
		if (heights[i] > first) {
			second = first;
			first = heights[i];
		} else if (heights[i] > second) {
			second = heights[i];
		}
	}
	return fmin(1, (double)(first + second) / (bars > 1 ? bars - 1 : 1));
}

double rhythm_histogram(const uint32_t *bins, unsigned n)
{
	double sum = 0, squares = 0;
	uint32_t highest = 0;
	unsigned bars = 0;
	for (unsigned i = 0; i < n; i++) {
		sum += bins[i];
		bars += bins[i] > 0;
		highest = bins[i] > highest ? bins[i] : highest;
	}
	if (!bars)
		return 0;
	double mean = sum / n;
	for (unsigned i = 0; i < n; i++)
		squares += (bins[i] - mean) * (bins[i] - mean);
	double cv = sqrt(squares / n) / mean;
	double steady = cv > 1 ? 0 : round3(1 - cv);
	return bars < BIMODAL ? steady : fmax(steady, two_modes(bins, n, bars, highest));
}

double rhythm_duration(const uint32_t *bins, unsigned n, double coverage)
{
	unsigned bars = 0, run = 0, longest = 0;
	for (unsigned i = 0; i < n; i++)
		bars += bins[i] > 0;
	for (unsigned i = 0; i < 2 * n; i++) { /* the day goes round */
		run = bins[i % n] ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	longest = longest > n ? n : longest;
	if (bars < MIN_BARS)
		return 0;
	double covered = fmin(1, ceil(coverage * 1000) / 1000);
	double unbroken = fmin(1, ceil(longest / HALF_DAY * 1000) / 1000);
	return fmax(covered, unbroken);
}

/* Largest share of gaps near a period or a few of it, over the gaps themselves as periods. */
static double fold(const double *gaps, size_t n)
{
	double best = 0;
	for (size_t k = 0; k < n; k++) {
		double period = gaps[k];
		size_t near = 0, single = 0;
		for (size_t i = 0; i < n && period > 0; i++) {
			double times = round(gaps[i] / period);
			if (times < 1 || times > FOLDS ||
			    fabs(gaps[i] - times * period) > SLACK * period)
				continue;
			near++;
			single += times < 2;
		}
		if (2 * single >= near) /* else any small gap would explain all */
			best = fmax(best, (double)near / (double)n);
	}
	return best;
}

static unsigned size_class(double size)
{
	return size < 1 ? 0 : 1 + (unsigned)(16 * log2(size));
}

/* sizes is sorted, so that equal classes stand together. */
static double top_size(const double *sizes, size_t n)
{
	size_t run = 0, longest = 0;
	for (size_t i = 0; i < n; i++) {
		run = i && size_class(sizes[i]) == size_class(sizes[i - 1]) ? run + 1 : 1;
		longest = run > longest ? run : longest;
	}
	return n ? (double)longest / (double)n : 0;
}

/* Counts in equal bins of what is watched, walking back from the last one. */
static void fill_bins(const struct rhythm *r, size_t n, uint64_t first_ns, uint64_t last_ns,
		      uint32_t bins[RHYTHM_BINS], double *ret_coverage)
{
	double whole = last_ns > first_ns ? (double)(last_ns - first_ns) : 1;
	double at = (double)r->last_ns - (double)first_ns;
	double begin = at;
	for (size_t i = 0; i < n; i++) {
		begin = at;
		double bin = floor(at / whole * RHYTHM_BINS);
		if (bin >= 0)
			bins[bin < RHYTHM_BINS ? (unsigned)bin : RHYTHM_BINS - 1]++;
		at -= (double)r->gap_ms[(r->count - 1 - i) % RHYTHM_MAX] * 1e6;
	}
	*ret_coverage = ((double)r->last_ns - (double)first_ns - begin) / whole;
}

static bool is_exact(const double *gaps, size_t n, double middle)
{
	size_t near = 0;
	for (size_t i = 0; i < n; i++)
		near += fabs(gaps[i] - middle) <= fmax(EXACT_S, EXACT * middle);
	return n >= MIN_GAPS && (double)near >= EXACT_OF * (double)n;
}

/* DUR and HIST: of the ring while it holds all, else of the bins that the dataset reaches over. */
static void judge_day(const struct rhythm *r, const struct rhythm_bins *b, uint64_t first_ns,
		      uint64_t last_ns, struct rhythm_score *ret)
{
	uint32_t bins[RHYTHM_BINS] = { 0 };
	double coverage = 0;
	if (r->count > RHYTHM_MAX && b && b->width_s && last_ns > b->start_ns) {
		uint64_t reach = (last_ns - b->start_ns) / SECOND_NS / b->width_s + 1;
		unsigned n = reach < RHYTHM_BINS ? (unsigned)reach : RHYTHM_BINS, from = 0;
		while (from + 1 < n && !b->count[from])
			from++;
		coverage = (double)(n - from) / n;
		ret->dur = rhythm_duration(b->count, n, coverage);
		ret->hist = rhythm_histogram(b->count, n);
		return;
	}
	fill_bins(r, values(r), first_ns, last_ns, bins, &coverage);
	ret->dur = rhythm_duration(bins, RHYTHM_BINS, coverage);
	ret->hist = rhythm_histogram(bins, RHYTHM_BINS);
}

void rhythm_judge(const struct rhythm *r, const struct rhythm_bins *b, uint64_t dataset_first_ns,
		  uint64_t dataset_last_ns, struct rhythm_score *ret)
{
	double gaps[RHYTHM_MAX] = { 0 }, whole[RHYTHM_MAX] = { 0 }, sizes[RHYTHM_MAX] = { 0 };
	size_t n = r->sizes < RHYTHM_MAX ? r->sizes : RHYTHM_MAX, count = rhythm_gaps(r),
	       nonzero = 0;
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n; i++)
		sizes[i] = r->size[i];
	for (size_t i = 0; i < count; i++) {
		gaps[i] = r->gap_ms[(r->count - 1 - i) % RHYTHM_MAX] / 1000.0;
		/* RITA counts in seconds, and no gap of none */
		if (round(gaps[i]) > 0)
			whole[nonzero++] = round(gaps[i]);
	}
	qsort(gaps, count, sizeof(gaps[0]), by_value);
	qsort(whole, nonzero, sizeof(whole[0]), by_value);
	qsort(sizes, n, sizeof(sizes[0]), by_value);
	ret->ts = part(whole, nonzero, 1);
	ret->ds = part(sizes, n, 0);
	judge_day(r, b, dataset_first_ns, dataset_last_ns, ret);
	ret->rita = round3((ret->ts + ret->ds + ret->dur + ret->hist) / 4);
	ret->fold = fold(gaps, count);
	ret->top_size = top_size(sizes, n);
	ret->median_s = median(gaps, count);
	ret->is_exact = is_exact(gaps, count, ret->median_s);
	for (size_t i = 0; i < count; i++)
		gaps[i] = fabs(gaps[i] - ret->median_s);
	qsort(gaps, count, sizeof(gaps[0]), by_value);
	ret->spread_s = median(gaps, count);
}
