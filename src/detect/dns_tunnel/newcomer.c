/*
 * detect/dns_tunnel/newcomer.c - see newcomer.h.
 */
#include "newcomer.h"

#define DAY_NS (86400ull * 1000000000ull)

enum newcomer_step newcomer_name(struct newcomer *n, uint64_t steady_ns, uint64_t hash,
				 double weight)
{
	if (n->is_full)
		return NEWCOMER_FULL;
	if (steady_ns - n->window_ns >= DAY_NS) {
		n->window_ns = steady_ns;
		n->name_count = 0;
	}
	n->questions++;
	for (unsigned i = 0; i < n->name_count; i++)
		if (n->names[i] == hash)
			return NEWCOMER_KNOWN;
	if (n->name_count == NEWCOMER_NAMES)
		return NEWCOMER_FULL;
	n->names[n->name_count] = hash;
	n->weights[n->name_count++] = (float)weight;
	return NEWCOMER_NEW;
}

double newcomer_info(const struct newcomer *n)
{
	double sum = 0;
	for (unsigned i = 0; i < n->name_count; i++)
		sum += (double)n->weights[i];
	return sum;
}
