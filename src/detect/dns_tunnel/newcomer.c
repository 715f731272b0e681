/*
 * detect/dns_tunnel/newcomer.c - see newcomer.h.
 */
#include "newcomer.h"

#define SECOND_NS   1000000000ull
#define DAY_S       86400u
#define WEIGHT_UNIT 128.0

static uint32_t seconds_of(uint64_t ns)
{
	return (uint32_t)(ns / SECOND_NS);
}

void newcomer_begin(struct newcomer *n, uint64_t now_ns, uint64_t steady_ns)
{
	n->first_ns = now_ns;
	n->window_s = seconds_of(steady_ns);
}

uint64_t newcomer_window_ns(const struct newcomer *n, uint64_t steady_ns)
{
	uint32_t since_s = seconds_of(steady_ns) - n->window_s; /* also where it has wrapped */
	return steady_ns - since_s * SECOND_NS;
}

enum newcomer_step newcomer_name(struct newcomer *n, uint64_t steady_ns, uint64_t hash,
				 double weight)
{
	if (n->is_full)
		return NEWCOMER_FULL;
	if (seconds_of(steady_ns) - n->window_s >= DAY_S) {
		n->window_s = seconds_of(steady_ns);
		n->name_count = 0;
	}
	if (n->questions < UINT16_MAX)
		n->questions++;
	for (unsigned i = 0; i < n->name_count; i++)
		if (n->names[i] == hash)
			return NEWCOMER_KNOWN;
	if (n->name_count == NEWCOMER_NAMES)
		return NEWCOMER_FULL;
	n->names[n->name_count] = hash;
	double units = weight * WEIGHT_UNIT + 0.5;
	n->weights[n->name_count++] = units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
	return NEWCOMER_NEW;
}

double newcomer_weight(const struct newcomer *n, unsigned name)
{
	return n->weights[name] / WEIGHT_UNIT;
}

double newcomer_info(const struct newcomer *n)
{
	double sum = 0;
	for (unsigned i = 0; i < n->name_count; i++)
		sum += newcomer_weight(n, i);
	return sum;
}
