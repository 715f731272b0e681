/*
 * base/wheel.h - timers on ticks of packet time.
 *
 * What: a hierarchical timer wheel (Varghese and Lauck 1987): four levels of 256 slots, one tick
 * being 100 ms of packet time.  Timers fire in order of deadline; ties in order of arming.
 * Ownership: the timer is embedded in its owner, which must disarm it before it dies.
 * Threads: one owner.
 * Limits: a deadline is at most 2^32 - 1 ticks away (13 years); further ones fire there.
 */
#ifndef EXFILD_BASE_WHEEL_H
#define EXFILD_BASE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_LEVELS 4
#define WHEEL_SLOTS  256

struct timer {
	struct timer *next, *prev; /* NULL when not armed */
	uint64_t deadline;         /* tick */
};

struct wheel {
	struct timer slots[WHEEL_LEVELS]
			  [WHEEL_SLOTS]; /* heads of rings: a wheel may not be copied */
	uint64_t filled[WHEEL_LEVELS][WHEEL_SLOTS / 64]; /* bitmaps of the slots that hold timers */
	uint64_t now; /* the tick up to which timers have fired */
	uint64_t armed;
	uint64_t quiet_until;            /* nothing is due before this tick; 0: not known */
	size_t owner_offset, owner_size; /* of what is called into the caches before it fires */
};

typedef void (*timer_fn)(void *arg, struct timer *timer);

void wheel_init(struct wheel *w, uint64_t now);
/* All timers are `offset` bytes into owners of `size` bytes, which are cold when they fire. */
void wheel_set_owner(struct wheel *w, size_t offset, size_t size);
/* Arms (or moves) a timer; a deadline not after now fires at the next tick. */
void timer_arm(struct wheel *w, struct timer *t, uint64_t deadline);
void timer_disarm(struct wheel *w, struct timer *t);
static inline bool timer_is_armed(const struct timer *t)
{
	return t->next != NULL;
}
/* Fires everything due up to and with tick `now`; fire may arm and disarm any timer. */
void wheel_advance(struct wheel *w, uint64_t now, timer_fn fire, void *arg);
/* After a leap of the clock: moves now by `ticks` and every armed deadline with it; none fires. */
void wheel_shift(struct wheel *w, uint64_t ticks);

#endif
