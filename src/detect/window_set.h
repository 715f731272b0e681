/*
 * detect/window_set.h - how many different things within a window, exactly, up to a few dozen.
 *
 * What: a set of 32-bit marks of hashes that begins anew when its window is over.
 * Ownership: values.  Threads: analysis plane.
 * Limits: WINDOW_SET_MAX marks; more only set is_full, and the count stays.
 */
#ifndef EXFILD_SRC_DETECT_WINDOW_SET_H
#define EXFILD_SRC_DETECT_WINDOW_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WINDOW_SET_MAX 64

struct window_set {
	uint64_t since_ns;
	uint16_t count;
	bool is_full;
	uint32_t marks[WINDOW_SET_MAX];
};

/* Empties it when its window is over; whether it did. */
static inline bool window_set_roll(struct window_set *d, uint64_t now_ns, uint64_t window_ns)
{
	if (d->count && now_ns - d->since_ns < window_ns)
		return false;
	memset(d, 0, sizeof(*d));
	d->since_ns = now_ns;
	return true;
}

/* Whether it is new to the set. */
static inline bool window_set_add(struct window_set *d, uint64_t hash)
{
	uint32_t mark = (uint32_t)(hash >> 32);
	for (unsigned i = 0; i < d->count; i++)
		if (d->marks[i] == mark)
			return false;
	if (d->count == WINDOW_SET_MAX) {
		d->is_full = true;
		return false;
	}
	d->marks[d->count++] = mark;
	return true;
}

#endif
