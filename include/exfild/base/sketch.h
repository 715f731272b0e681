/*
 * base/sketch.h - the small statistics that detectors share.
 *
 * What: distinct counting (HyperLogLog, Flajolet et al. 2007), distinct weighted sums by unit
 * expansion, lazily decayed counters, byte entropy.
 * Threads: values of their owner.
 */
#ifndef EXFILD_BASE_SKETCH_H
#define EXFILD_BASE_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HLL_REGISTERS 256 /* relative standard error 1.04 / sqrt(256) = 6.5 % */

struct hll {
	uint8_t reg[HLL_REGISTERS];
};

/* Whether that changed anything: false for whatever was added before. */
bool hll_add(struct hll *h, uint64_t hash);
/* Adds an element of integer weight: the count is then the sum over distinct elements. */
void hll_add_weighted(struct hll *h, uint64_t hash, unsigned weight);
double hll_count(const struct hll *h);

/* C <- C * 2^(-dt / half_life) + x */
struct decayed {
	double value;
	uint64_t time_ns;
};

void decayed_add(struct decayed *d, uint64_t now_ns, double half_life_s, double x);
double decayed_at(const struct decayed *d, uint64_t now_ns, double half_life_s);

/* Shannon entropy of bytes in bits a byte; 0 for none. */
double entropy_bytes(const uint8_t *data, size_t len);

#endif
