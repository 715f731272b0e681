/*
 * inspect/content/undone.c - see undone.h.
 */
#include "undone.h"

#include <stdlib.h>
#include <string.h>

struct place {
	uint64_t serial; /* of the side that has it; 0: free */
	uint64_t used_seq;
	struct packed *packed; /* made when first needed, and kept */
};

struct undone {
	uint64_t serial;
	struct place places[UNDONE_PLACES];
};

struct undone *undone_new(void)
{
	return calloc(1, sizeof(struct undone));
}

void undone_free(struct undone *u)
{
	for (unsigned i = 0; u && i < UNDONE_PLACES; i++)
		packed_free(u->places[i].packed);
	free(u);
}

size_t undone_bytes(void)
{
	return sizeof(struct undone) + UNDONE_PLACES * packed_bytes();
}

/* A free one, or that which was idle for longest; NULL: no memory. */
static struct place *take_place(struct undone *all, struct undoing *u)
{
	unsigned found = 0;
	for (unsigned i = 0; i < UNDONE_PLACES && all->places[found].serial; i++)
		if (!all->places[i].serial || all->places[i].used_seq < all->places[found].used_seq)
			found = i;
	struct place *p = &all->places[found];
	if (!p->packed)
		p->packed = packed_new();
	p->serial = 0;
	if (!p->packed || !packed_begin(p->packed, PACKED_BARE, UNDONE_MOST))
		return NULL;
	p->serial = u->serial = ++all->serial;
	u->number = found + 1;
	return p;
}

/* Its own, while nobody else has it. */
static struct place *place_of(struct undone *all, struct undoing *u)
{
	if (!u->number)
		return take_place(all, u);
	struct place *p = &all->places[u->number - 1];
	return p->serial == u->serial ? p : NULL;
}

bool undone_take(struct inspection *in, struct undoing *u, const uint8_t *data, size_t len,
		 packed_fn fn, void *arg)
{
	struct place *p = in->undone && !u->is_lost ? place_of(in->undone, u) : NULL;
	if (p)
		p->used_seq = in->seq;
	u->is_lost = !p || !packed_take(p->packed, data, len, fn, arg);
	return !u->is_lost;
}

void undone_drop(struct inspection *in, struct undoing *u)
{
	struct place *p = in->undone && u->number ? place_of(in->undone, u) : NULL;
	if (p)
		p->serial = 0;
	memset(u, 0, sizeof(*u));
}
