/*
 * engine/sizes.h - how large the tables are.
 *
 * What: the limits of the configuration, else replay's own, which are the same on every machine,
 * since they may decide what is evicted.
 * Threads: any.
 */
#ifndef EXFILD_SRC_ENGINE_SIZES_H
#define EXFILD_SRC_ENGINE_SIZES_H

#include "exfild/config/config.h"
#include "pipeline.h"

struct sizes {
	struct shard_limits shards; /* of all together */
	uint32_t hosts, pairs;
};

struct sizes sizes_of(const struct config *c);

#endif
