/*
 * base/wheel.c - see include/exfild/base/wheel.h
 *
 * Level L holds a timer whose deadline first differs from `now` in byte L (counted from below), in
 * the slot of that byte.  So level 0 holds this stretch of 256 ticks, one tick a slot; level 1 the
 * stretches after it, and so on.  When `now` enters the stretch of a slot, the slot's timers move
 * down in their order, before anything can be armed there directly: a slot of level 0 is always in
 * the order of arming.  Level 3 is a ring: its 256 stretches reach past the next multiple of 2^32.
 * Each level has a bitmap of its filled slots, so an advance goes from one filled slot to the next.
 */
#include "exfild/base/wheel.h"

#include <stddef.h>

#define SLOT_BITS 8
#define SLOT_MASK (WHEEL_SLOTS - 1)
#define WORD_BITS 64
#define LEVEL_TOP (WHEEL_LEVELS - 1)
#define NO_SLOT   WHEEL_SLOTS
#define DELAY_MAX UINT32_MAX

static inline unsigned level_shift(unsigned level)
{
	return SLOT_BITS * level;
}

static void list_init(struct timer *head)
{
	head->next = head->prev = head;
}

static void list_append(struct timer *head, struct timer *t)
{
	t->prev = head->prev;
	t->next = head;
	head->prev->next = t;
	head->prev = t;
}

/* Takes the timers of one list, in order, to the end of another. */
static void list_move(struct timer *to, struct timer *from)
{
	if (from->next == from)
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

static void set_filled(struct wheel *w, unsigned level, unsigned slot, bool filled)
{
	uint64_t bit = 1ull << (slot % WORD_BITS);

	if (filled)
		w->filled[level][slot / WORD_BITS] |= bit;
	else
		w->filled[level][slot / WORD_BITS] &= ~bit;
}

/* The first filled slot at or after `from`, or NO_SLOT. */
static unsigned next_filled(const struct wheel *w, unsigned level, unsigned from)
{
	for (unsigned word = from / WORD_BITS; word < WHEEL_SLOTS / WORD_BITS; word++) {
		uint64_t bits = w->filled[level][word];
		if (word == from / WORD_BITS)
			bits &= ~0ull << (from % WORD_BITS);
		if (bits != 0)
			return word * WORD_BITS + (unsigned)__builtin_ctzll(bits);
	}
	return NO_SLOT;
}

static void place(struct wheel *w, struct timer *t)
{
	uint64_t differs = t->deadline ^ w->now;
	unsigned level = 0;

	while (level < LEVEL_TOP && differs >> level_shift(level + 1) != 0)
		level++;
	unsigned slot = (unsigned)(t->deadline >> level_shift(level)) & SLOT_MASK;
	list_append(&w->slots[level][slot], t);
	set_filled(w, level, slot, true);
}

/* Places the timers of a list that belongs to no slot. */
static void place_all(struct wheel *w, struct timer *list)
{
	while (list->next != list) {
		struct timer *t = list->next;
		list->next = t->next;
		t->next->prev = list;
		place(w, t);
	}
}

void wheel_init(struct wheel *w, uint64_t now)
{
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++) {
			list_init(&w->slots[level][slot]);
			w->slots[level][slot].deadline = 0;
			set_filled(w, level, slot, false);
		}
	}
	w->now = now;
	w->armed = 0;
	wheel_set_owner(w, 0, sizeof(struct timer));
}

void wheel_set_owner(struct wheel *w, size_t offset, size_t size)
{
	w->owner_offset = offset;
	w->owner_size = size;
}

static void fetch_owner(const struct wheel *w, const struct timer *t)
{
	const uint8_t *owner = (const uint8_t *)t - w->owner_offset;

	for (size_t i = 0; i < w->owner_size; i += 64)
		__builtin_prefetch(owner + i, 1);
}

void timer_arm(struct wheel *w, struct timer *t, uint64_t deadline)
{
	timer_disarm(w, t);
	if (deadline <= w->now)
		deadline = w->now + 1;
	else if (deadline - w->now > DELAY_MAX)
		deadline = w->now + DELAY_MAX;
	t->deadline = deadline;
	place(w, t);
	w->armed++;
	w->quiet_until = 0;
}

void timer_disarm(struct wheel *w, struct timer *t)
{
	if (!timer_is_armed(t))
		return;
	if (t->next == t->prev) {
		/* Both neighbours are the head of the slot, which becomes empty. */
		unsigned number = (unsigned)(t->next - &w->slots[0][0]);
		set_filled(w, number / WHEEL_SLOTS, number % WHEEL_SLOTS, false);
	}
	t->prev->next = t->next;
	t->next->prev = t->prev;
	t->next = t->prev = NULL;
	w->armed--;
}

/*
 * The first tick after now at which a slot fires or moves down; false when no timer is armed.
 * Whatever is on a level comes before everything on the levels above it.
 */
static bool next_stop(const struct wheel *w, unsigned *ret_level, uint64_t *ret_tick)
{
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		uint64_t stretch = w->now >> level_shift(level);
		unsigned here = (unsigned)stretch & SLOT_MASK;
		uint64_t first = stretch - here; /* the stretch of slot 0 */
		unsigned slot = next_filled(w, level, here + 1);
		if (slot == NO_SLOT && level == LEVEL_TOP) {
			slot = next_filled(w, level, 0);
			first += WHEEL_SLOTS;
		}
		if (slot == NO_SLOT)
			continue;
		*ret_level = level;
		*ret_tick = (first + slot) << level_shift(level);
		return true;
	}
	return false;
}

static void move_down(struct wheel *w, unsigned level)
{
	unsigned slot = (unsigned)(w->now >> level_shift(level)) & SLOT_MASK;
	struct timer list;

	list_init(&list);
	list_move(&list, &w->slots[level][slot]);
	set_filled(w, level, slot, false);
	place_all(w, &list);
}

void wheel_advance(struct wheel *w, uint64_t now, timer_fn fire, void *arg)
{
	unsigned level;
	uint64_t tick = UINT64_MAX;
	bool waits;

	if (now < w->quiet_until) {
		if (now > w->now)
			w->now = now;
		return;
	}
	while ((waits = next_stop(w, &level, &tick)) && tick <= now) {
		w->now = tick;
		if (level > 0)
			move_down(w, level);
		/* A timer armed from here on is due after this tick, so in another slot. */
		struct timer *due = &w->slots[0][tick & SLOT_MASK];
		while (due->next != due) {
			struct timer *t = due->next;
			fetch_owner(w, t->next);
			timer_disarm(w, t);
			fire(arg, t);
		}
	}
	if (now > w->now)
		w->now = now;
	w->quiet_until = waits ? tick : UINT64_MAX;
}

void wheel_shift(struct wheel *w, uint64_t ticks)
{
	struct timer list;

	w->quiet_until = 0;

	list_init(&list);
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		for (unsigned slot = next_filled(w, level, 0); slot != NO_SLOT;
		     slot = next_filled(w, level, slot)) {
			list_move(&list, &w->slots[level][slot]);
			set_filled(w, level, slot, false);
		}
	}
	w->now += ticks;
	for (struct timer *t = list.next; t != &list; t = t->next)
		t->deadline += ticks;
	place_all(w, &list);
}
