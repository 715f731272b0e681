/*
 * engine/sizes.c - see sizes.h.
 */
#include "sizes.h"

#define FLOWS     1048576u
#define UNDECIDED 65536u
#define STREAMS   4096u
#define HOSTS     65536u
#define PAIRS     262144u

static uint32_t limit_or(uint64_t configured, uint32_t otherwise)
{
	if (!configured)
		return otherwise;
	return configured > UINT32_MAX ? UINT32_MAX : (uint32_t)configured;
}

struct sizes sizes_of(const struct config *c)
{
	return (struct sizes){
		.shards = { .flows = limit_or(c->limits.flows, FLOWS),
			    .undecided = limit_or(c->limits.undecided, UNDECIDED),
			    .inspected = limit_or(c->limits.undecided, UNDECIDED),
			    .streams = STREAMS },
		.hosts = limit_or(c->limits.hosts, HOSTS),
		.pairs = limit_or(c->limits.pairs, PAIRS),
	};
}
