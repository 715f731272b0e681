/*
 * detect/port_scan/distinct.c - see distinct.h.
 */
#include "distinct.h"

static uint32_t mark_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

static bool has_mark(const struct distinct *d, uint32_t mark)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (d->marks[i] == mark)
			return true;
	return false;
}

bool distinct_add(struct distinct *d, uint64_t hash)
{
	if (has_mark(d, mark_of(hash)))
		return false;
	if (d->count < DISTINCT_EXACT && !d->is_many) {
		d->marks[d->count++] = mark_of(hash);
		(void)hll_add(&d->sketch, hash);
		return true;
	}
	bool is_new = hll_add(&d->sketch, hash);
	if (is_new || !d->is_many) {
		double n = hll_count(&d->sketch);
		d->many = n > DISTINCT_EXACT ? (uint64_t)(n + 0.5) : DISTINCT_EXACT + 1;
	}
	d->is_many = true;
	return is_new;
}

bool distinct_remove(struct distinct *d, uint64_t hash)
{
	uint32_t mark = mark_of(hash);
	for (uint32_t i = 0; i < d->count && !d->is_many; i++) {
		if (d->marks[i] == mark) {
			d->marks[i] = d->marks[--d->count];
			return true;
		}
	}
	return false;
}

uint64_t distinct_count(const struct distinct *d)
{
	return d->is_many ? d->many : d->count;
}
