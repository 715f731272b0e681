/*
 * engine/own.c - see own.h.
 */
#include "own.h"

void own_refresh(struct own *o, struct live *live)
{
	o->count = live_own(live, o->list, OWN_ADDRESSES);
	o->bits = 0;
	for (size_t i = 0; i < o->count; i++)
		o->bits |= own_bit(&o->list[i]);
}
