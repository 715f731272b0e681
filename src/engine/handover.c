/*
 * engine/handover.c - see handover.h.
 */
#include "handover.h"

#include <pthread.h>
#include <stdlib.h>

struct handover {
	pthread_mutex_t lock;
	size_t first, count;
	bool is_asleep; /* the owner */
	uint64_t refused;
	struct handed ring[HANDOVER_PACKETS];
};

struct handover *handover_new(void)
{
	struct handover *h = calloc(1, sizeof(*h));
	if (h)
		pthread_mutex_init(&h->lock, NULL);
	return h;
}

void handover_free(struct handover *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->count; i++)
		block_release(h->ring[(h->first + i) % HANDOVER_PACKETS].packet.block);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

bool handover_give(struct handover *h, const struct packet *p, uint32_t input, bool *ret_wake)
{
	pthread_mutex_lock(&h->lock);
	bool has_room = h->count < HANDOVER_PACKETS;
	*ret_wake = has_room && h->is_asleep;
	if (has_room) {
		h->ring[(h->first + h->count++) % HANDOVER_PACKETS] = (struct handed){ *p, input };
		h->is_asleep = false;
		if (p->block)
			block_hold(p->block);
	} else {
		h->refused++;
	}
	pthread_mutex_unlock(&h->lock);
	return has_room;
}

size_t handover_take(struct handover *h, struct handed *ret, size_t most)
{
	size_t count = 0;
	pthread_mutex_lock(&h->lock);
	h->is_asleep = false;
	for (; count < most && h->count; count++, h->count--) {
		ret[count] = h->ring[h->first];
		h->first = (h->first + 1) % HANDOVER_PACKETS;
	}
	pthread_mutex_unlock(&h->lock);
	return count;
}

bool handover_sleep(struct handover *h)
{
	pthread_mutex_lock(&h->lock);
	h->is_asleep = h->count == 0;
	bool may_sleep = h->is_asleep;
	pthread_mutex_unlock(&h->lock);
	return may_sleep;
}

uint64_t handover_refused(struct handover *h)
{
	pthread_mutex_lock(&h->lock);
	uint64_t refused = h->refused;
	pthread_mutex_unlock(&h->lock);
	return refused;
}
