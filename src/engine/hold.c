/*
 * engine/hold.c - see hold.h.
 */
#include "hold.h"

#include <stdlib.h>

struct held {
	struct handed handed;
	uint64_t flow; /* 0: it was taken out of order */
};

struct hold {
	size_t first, count;
	struct held ring[HOLD_PACKETS];
};

struct hold *hold_new(void)
{
	return calloc(1, sizeof(struct hold));
}

static struct held *at(struct hold *h, size_t i)
{
	return &h->ring[(h->first + i) % HOLD_PACKETS];
}

void hold_free(struct hold *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->count; i++)
		if (at(h, i)->flow)
			block_release(at(h, i)->handed.packet.block);
	free(h);
}

bool hold_put(struct hold *h, const struct packet *p, uint32_t input, uint64_t flow)
{
	if (h->count == HOLD_PACKETS)
		return false;
	*at(h, h->count++) = (struct held){ { *p, input }, flow };
	if (p->block)
		block_hold(p->block);
	return true;
}

static void drop_taken(struct hold *h)
{
	while (h->count && !at(h, 0)->flow) {
		h->first = (h->first + 1) % HOLD_PACKETS;
		h->count--;
	}
}

static void take(struct held *from, struct handed *ret)
{
	*ret = from->handed;
	from->flow = 0;
}

bool hold_take(struct hold *h, uint64_t until_ns, struct handed *ret)
{
	drop_taken(h);
	if (!h->count || at(h, 0)->handed.packet.time_ns > until_ns)
		return false;
	take(at(h, 0), ret);
	drop_taken(h);
	return true;
}

bool hold_take_flow(struct hold *h, uint64_t flow, struct handed *ret)
{
	for (size_t i = 0; i < h->count && i < HOLD_LOOK; i++) {
		struct held *held = at(h, i);
		if (held->flow != flow)
			continue;
		take(held, ret);
		return true;
	}
	return false;
}
