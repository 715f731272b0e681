/* base/sketch.c - see include/exfild/base/sketch.h */
#include "exfild/base/sketch.h"

#include <math.h>
#include <string.h>

#include "exfild/base/hash.h"

#define HLL_INDEX_BITS 8
#define FIXED_BITS     44 /* 256 registers of 44 bits fit into a double */
#define HLL_RANK_MAX   (64 - HLL_INDEX_BITS + 1)

/* The top 8 bits choose a register; it keeps the longest run of zeros, plus one, in the rest. */
bool hll_add(struct hll *h, uint64_t hash)
{
	size_t index = (size_t)(hash >> (64 - HLL_INDEX_BITS));
	uint64_t rest = hash << HLL_INDEX_BITS;
	uint8_t rank = rest ? (uint8_t)(__builtin_clzll(rest) + 1) : HLL_RANK_MAX;

	if (rank <= h->reg[index])
		return false;
	h->reg[index] = rank;
	return true;
}

void hll_add_weighted(struct hll *h, uint64_t hash, unsigned weight)
{
	for (unsigned i = 0; i < weight; i++)
		(void)hll_add(h, hash_mix(hash, i));
}

/* 2^-n, exactly. */
static double half_to(int n)
{
	uint64_t bits = (uint64_t)(1023 - n) << 52;
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/*
 * The sum of 2^-rank, and how many are 0.  In fixed point, exactly, but for ranks that one add in
 * 2^36 makes.
 */
static double sum_ranks(const struct hll *h, unsigned *ret_zeros)
{
	uint64_t fixed = 0;
	unsigned zeros = 0;
	uint8_t highest = 0;

	for (size_t i = 0; i < HLL_REGISTERS; i++) {
		uint8_t rank = h->reg[i];
		fixed += 1ull << FIXED_BITS >> (rank & 63);
		zeros += rank == 0;
		highest = rank > highest ? rank : highest;
	}
	*ret_zeros = zeros;
	if (highest <= FIXED_BITS)
		return (double)fixed * half_to(FIXED_BITS);
	unsigned of_rank[UINT8_MAX + 1] = { 0 };
	double sum = 0;
	for (size_t i = 0; i < HLL_REGISTERS; i++)
		of_rank[h->reg[i]]++;
	for (int rank = HLL_RANK_MAX; rank >= 0; rank--)
		sum += of_rank[rank] * half_to(rank);
	/* Registers that no add can have made (damaged state) count as the largest rank. */
	for (int rank = HLL_RANK_MAX + 1; rank <= UINT8_MAX; rank++)
		sum += of_rank[rank] * half_to(HLL_RANK_MAX);
	return sum;
}

double hll_count(const struct hll *h)
{
	const double m = HLL_REGISTERS;
	const double alpha = 0.7213 / (1 + 1.079 / m);
	unsigned zeros;
	double sum = sum_ranks(h, &zeros);
	double estimate = alpha * m * m / sum;
	/* Small range: count empty registers. A 64-bit hash needs no correction for large ones. */
	if (estimate <= 2.5 * m && zeros > 0)
		return m * log(m / zeros);
	return estimate;
}

double decayed_at(const struct decayed *d, uint64_t now_ns, double half_life_s)
{
	/* An older packet is handled at the latest time seen. */
	if (now_ns <= d->time_ns || d->value == 0)
		return d->value;
	if (!(half_life_s > 0))
		return 0;
	return d->value * exp2(-((double)(now_ns - d->time_ns) / 1e9) / half_life_s);
}

void decayed_add(struct decayed *d, uint64_t now_ns, double half_life_s, double x)
{
	d->value = decayed_at(d, now_ns, half_life_s) + x;
	if (now_ns > d->time_ns)
		d->time_ns = now_ns;
}

double entropy_bytes(const uint8_t *data, size_t len)
{
	size_t count[256] = { 0 };
	double bits = 0;

	for (size_t i = 0; i < len; i++)
		count[data[i]]++;
	for (size_t i = 0; i < 256; i++) {
		if (count[i] == 0 || count[i] == len)
			continue;
		double p = (double)count[i] / (double)len;
		bits -= p * log2(p);
	}
	return bits;
}
