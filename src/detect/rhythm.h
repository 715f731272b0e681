/*
 * detect/rhythm.h - how regular a series of times and sizes is.
 *
 * What: the four parts of the beacon score of RITA 5 (activecm/rita, analysis/beacons.go) as its
 * users know them, from a bounded number of the last connections, and two measures that hold where
 * times are jittered or beacons are lost.
 * Ownership: values.  Threads: any.
 * Limits: RHYTHM_MAX values; the sorts are of that many.
 */
#ifndef EXFILD_DETECT_RHYTHM_H
#define EXFILD_DETECT_RHYTHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RHYTHM_MAX  64
#define RHYTHM_BINS 24

/* The last values of a series, oldest overwritten. */
struct rhythm {
	uint64_t last_ns;            /* when the last one was; 0: none */
	uint32_t count;              /* of times ever added */
	uint32_t sizes;              /* of sizes ever added */
	uint32_t gap_ms[RHYTHM_MAX]; /* before each; [0] of the first is no gap */
	uint32_t size[RHYTHM_MAX];
};

/* One more time; `merge_ns`: one that follows sooner belongs to the one before it. */
bool rhythm_add(struct rhythm *r, uint64_t now_ns, uint64_t merge_ns);
void rhythm_add_size(struct rhythm *r, uint64_t size);
/* Gaps at hand. */
size_t rhythm_gaps(const struct rhythm *r);

/*
 * Counts over a day for series longer than RHYTHM_MAX: bins from the begin of what is watched, as
 * wide as they must be so that RHYTHM_BINS reach over it; from 64 minutes on the oldest goes.
 */
struct rhythm_bins {
	uint64_t start_ns; /* of the first bin */
	uint32_t width_s;
	uint32_t count[RHYTHM_BINS];
};
void rhythm_bins_add(struct rhythm_bins *b, uint64_t dataset_first_ns, uint64_t now_ns);

struct rhythm_score {
	double ts, ds, dur, hist; /* RITA's parts */
	double rita;              /* and its score: a quarter of each */
	double fold; /* share of gaps that are one period or a few, 10 % of slack: lost beacons */
	double top_size;           /* share of the most frequent size (steps of 1/16 octave) */
	double median_s, spread_s; /* of the gaps: median, median distance from it */
	bool is_exact;             /* nine tenths of the gaps within 2 % (or 0.2 s) of the median */
};

/*
 * dataset: first and last time of what is watched, at most a day.  DUR and HIST are of `b` where
 * the series is longer than RHYTHM_MAX; b may be NULL.
 */
void rhythm_judge(const struct rhythm *r, const struct rhythm_bins *b, uint64_t dataset_first_ns,
		  uint64_t dataset_last_ns, struct rhythm_score *ret);

/* RITA's parts by themselves; v is sorted. */
double rhythm_bowley(const double *v, size_t n);
double rhythm_mad(const double *v, size_t n, double otherwise);
/* HIST and DUR of counts in n equal bins, n up to RHYTHM_BINS; coverage: (last - first) / dataset.
 */
double rhythm_histogram(const uint32_t *bins, unsigned n);
double rhythm_duration(const uint32_t *bins, unsigned n, double coverage);

#endif
