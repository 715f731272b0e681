/*
 * inspect/runner.h - what the parts of the runner share.
 *
 * Ownership: a place belongs to the runner; a flow borrows one as flow.work.
 * Threads: that of the shard.
 */
#ifndef EXFILD_SRC_INSPECT_RUNNER_H
#define EXFILD_SRC_INSPECT_RUNNER_H

#include "exfild/flow/stream.h"
#include "exfild/inspect/inspect.h"

#define INSPECTORS_MAX 63

struct inspect_work {
	struct inspect_work *older, *newer; /* newer: the next free one, too */
	struct flow *flow;
	struct stream stream[2];
	bool side_done[2];
	struct scan_text texts[2];
	_Alignas(16) uint8_t state[INSPECT_STATE_MAX];
};

struct inspect {
	struct event_log *log;
	struct classifier *classifier;
	struct hash_key key;
	struct stream_pool *pool;
	struct content_scanner *scanner; /* NULL: content is not looked through */
	struct filesums *sums;           /* NULL: digests of files are never wanted */
	struct undone *undone;
	struct inspect_work *works;
	struct inspect_work *free_list;
	struct inspect_work *oldest, *newest; /* by their last packet */
	uint32_t max_work, made;
	const struct inspector *list[INSPECTORS_MAX + 1]; /* by number, from 1 */
	void *shard_state[INSPECTORS_MAX + 1];
	unsigned count;
	size_t shard_bytes; /* of all shard_state */
	struct inspect_counts counts;
};

/* ---- places.c ---- */

/* Gives the flow the inspector of this number and, where it needs one, a place. */
bool inspect_attach(struct inspect *in, struct flow *f, unsigned number, const struct packet *p,
		    uint64_t seq);
/* Its flow has just had a packet. */
void inspect_touch(struct inspect *in, struct inspect_work *w);
/* Takes the flow's place, if it has one. */
void inspect_give_back(struct inspect *in, struct flow *f);

/* ---- choose.c ---- */

/* The number of an inspector; 0: none. */
unsigned inspect_by_probe(const struct inspect *in, const struct packet *p,
			  const struct flow_step *step);
unsigned inspect_by_verdict(const struct inspect *in, const struct flow *f);
/* Whether a hello may still come in what began in the clear. */
bool inspect_may_turn(const struct flow *f);

#endif
