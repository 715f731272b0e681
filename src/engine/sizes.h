/*
 * engine/sizes.h - how large the tables are.
 *
 * What: for a replay the limits of the configuration, else sizes that are the same on every
 * machine, since they may decide what is evicted; live, the largest that limits.memory_mb has
 * room for at their worst, capture buffer and the program itself included.
 * Ownership: plain values.
 * Threads: any.
 * Limits: what each entry costs at its worst stands in sizes.c, and a test holds it against the
 * tables themselves.
 */
#ifndef EXFILD_SRC_ENGINE_SIZES_H
#define EXFILD_SRC_ENGINE_SIZES_H

#include "exfild/base/buf.h"
#include "exfild/config/config.h"
#include "pipeline.h"

enum sizes_part {
	SIZES_PROGRAM, /* code, libraries, tables of fixed size */
	SIZES_BUFFER,
	SIZES_EVIDENCE, /* packets that may become evidence */
	SIZES_INTEL,    /* indicators, twice: the next set is built beside */
	SIZES_RING,     /* events on their way from capture to the analysis */
	SIZES_FLOWS,
	SIZES_UNDECIDED,
	SIZES_STREAMS,
	SIZES_HOSTS,
	SIZES_PAIRS,
	SIZES_ALERTS,
	SIZES__COUNT
};

struct sizes {
	struct shard_limits shards; /* of all together */
	uint32_t hosts, pairs, names, alerts, indicators;
	uint32_t local_indicators; /* said by hand and by messages */
	uint64_t buffer_bytes;     /* live: of all capture rings together */
	uint64_t ring_bytes;       /* live: a power of two */
	uint64_t evidence_bytes; /* live: of packets in memory, of all workers; 0: none are kept */
	uint64_t state_disk, evidence_disk, usage_disk, spool_disk, ledger_disk,
		allowed_disk; /* bytes at most */
	/* live: what is allowed, what there is, and what each part comes to at worst */
	uint64_t allowed_bytes, machine_bytes, bytes[SIZES__COUNT];
};

struct sizes sizes_of(const struct config *c);

/*
 * machine_bytes: what this process may use at most, 0: not known.  -EXF_E_LIMIT with a sentence
 * when it cannot fit.
 */
int sizes_live(const struct config *c, uint64_t machine_bytes, struct sizes *ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
uint64_t sizes_total(const struct sizes *s);
/* As lines of comments. */
void sizes_print(const struct sizes *s, struct buf *out);

#endif
