/*
 * engine/drops.c - see drops.h.
 */
#include "drops.h"

#include <string.h>

void drops_add(struct drops *d, uint64_t start_ns, uint64_t end_ns, uint64_t count)
{
	if (d->count == DROPS) {
		d->list[1].start_ns = d->list[0].start_ns;
		d->list[1].count += d->list[0].count;
		memmove(&d->list[0], &d->list[1], (DROPS - 1) * sizeof(d->list[0]));
		d->count--;
	}
	d->list[d->count].start_ns = start_ns;
	d->list[d->count].end_ns = end_ns;
	d->list[d->count++].count = count;
}

uint64_t drops_between(const struct drops *d, uint64_t start_ns, uint64_t end_ns)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < d->count; i++)
		if (d->list[i].start_ns <= end_ns && d->list[i].end_ns >= start_ns)
			sum += d->list[i].count;
	return sum;
}
