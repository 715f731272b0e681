/*
 * engine/own.h - which addresses are this machine's, without asking for a lock a packet.
 *
 * Ownership: a value.  Threads: one worker's.
 * Limits: OWN_ADDRESSES; those beyond are taken for strangers'.
 */
#ifndef EXFILD_SRC_ENGINE_OWN_H
#define EXFILD_SRC_ENGINE_OWN_H

#include "exfild/capture/live.h"

#define OWN_ADDRESSES 256

struct own {
	struct ipaddr list[OWN_ADDRESSES];
	size_t count;
	uint64_t bits; /* one for each address: most others are told apart by them */
};

void own_refresh(struct own *o, struct live *live);

static inline uint64_t own_bit(const struct ipaddr *a)
{
	return 1ull << (((a->u.q[0] ^ a->u.q[1]) * 0x9e3779b97f4a7c15ull) >> 58);
}

static inline bool own_has(const struct own *o, const struct ipaddr *a)
{
	for (size_t i = 0; (o->bits & own_bit(a)) && i < o->count; i++)
		if (ipaddr_equal(&o->list[i], a))
			return true;
	return false;
}

#endif
