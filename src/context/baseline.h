/*
 * context/baseline.h (private) - the tables behind exfild/context/baseline.h.
 *
 * Ownership: embedded; baseline_deinit frees.  Threads: one owner.
 */
#ifndef EXFILD_SRC_CONTEXT_BASELINE_H
#define EXFILD_SRC_CONTEXT_BASELINE_H

#include "exfild/base/table.h"
#include "exfild/context/baseline.h"

/* What has been counted of a running flow. */
struct baseline_flow {
	uint64_t id;
	uint64_t seen[2]; /* payload up and down */
	uint32_t packets[2];
};

struct baseline_start {
	uint64_t since_ns; /* steady, of the first event of a flow; 0: none yet */
};

struct baseline {
	struct table hosts, dests, flows;
	struct hash_key mark_key;
	struct baseline_start start;
	uint64_t leaped_ns;
	bool has_upload;
	struct context_upload upload;
};

int baseline_init(struct baseline *b, const struct hash_key *key, const struct hash_key *mark_key,
		  uint32_t max_hosts, uint32_t max_dests) EXF_MUST_USE;
void baseline_deinit(struct baseline *b);
extern const struct keep_field baseline_host_fields[];
void baseline_keep(struct baseline *b, struct keep_list *list);

/* hosts and destinations: what an upload means for them.  Times: steady and packet time. */
struct baseline_time {
	uint64_t steady_ns, now_ns;
};
void baseline_learn(struct baseline *b, struct context_upload *u, uint32_t tunnel_key,
		    const struct baseline_time *t);

#endif
