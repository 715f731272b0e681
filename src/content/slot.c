/*
 * content/slot.c - where the sets that are in effect lie, for scanners of several threads.
 *
 * A scanner looks at a number, without a lock, as often as a text begins; only where it has changed
 * is the lock taken.  The sets go when the last scanner has let go of them.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "prints.h"

struct sets_slot {
	pthread_mutex_t lock;
	_Atomic uint32_t number; /* of exchanges */
	struct content_sets *sets;
};

struct sets_slot *sets_slot_new(void)
{
	struct sets_slot *slot = calloc(1, sizeof(*slot));
	if (slot)
		(void)pthread_mutex_init(&slot->lock, NULL);
	return slot;
}

static bool is_last(struct content_sets *s)
{
	return s && s->holders-- == 1;
}

void sets_slot_free(struct sets_slot *slot)
{
	if (!slot)
		return;
	if (is_last(slot->sets))
		content_sets_drop(slot->sets);
	(void)pthread_mutex_destroy(&slot->lock);
	free(slot);
}

bool sets_slot_is_other(const struct sets_slot *slot, uint32_t number)
{
	return atomic_load_explicit(&slot->number, memory_order_acquire) != number;
}

void sets_slot_leave(struct sets_slot *slot, struct content_sets *old)
{
	(void)pthread_mutex_lock(&slot->lock);
	bool is_over = is_last(old);
	(void)pthread_mutex_unlock(&slot->lock);
	if (is_over)
		content_sets_drop(old);
}

struct content_sets *sets_slot_exchange(struct sets_slot *slot, struct content_sets *old,
					uint32_t *number)
{
	sets_slot_leave(slot, old);
	(void)pthread_mutex_lock(&slot->lock);
	struct content_sets *sets = slot->sets;
	if (sets)
		sets->holders++;
	*number = atomic_load(&slot->number);
	(void)pthread_mutex_unlock(&slot->lock);
	return sets;
}

void sets_slot_put(struct sets_slot *slot, struct content_sets *sets)
{
	(void)pthread_mutex_lock(&slot->lock);
	struct content_sets *old = slot->sets;
	if (sets)
		sets->holders = 1;
	slot->sets = sets;
	atomic_fetch_add(&slot->number, 1);
	(void)pthread_mutex_unlock(&slot->lock);
	sets_slot_leave(slot, old);
}
