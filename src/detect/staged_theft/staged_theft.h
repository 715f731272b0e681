/*
 * detect/staged_theft/staged_theft.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_STAGED_THEFT_STAGED_THEFT_H
#define EXFILD_SRC_DETECT_STAGED_THEFT_STAGED_THEFT_H

#include "exfild/base/usual.h"
#include "exfild/context/baseline.h"
#include "../step.h"

#define STAGED_PULLS 8
#define STAGED_SHARE 40

struct staged_params {
	uint64_t least_pull, least_push;
	uint64_t window_s;
};

/* What a host fetched from a server in one go: pauses of a day end it.  Times are steady. */
struct staged_pull {
	struct ipaddr server;
	uint64_t first_ns, last_ns, bytes;
	uint64_t packet;
	uint32_t app;
	uint32_t zero;
	char share[STAGED_SHARE];
};

struct staged_host {
	struct baseline_key key;
	struct staged_pull pulls[STAGED_PULLS];
	uint64_t day; /* of packet time, the one that is running; 0: none yet */
	double day_pull;
	struct usual usual; /* bytes fetched in an active day */
	uint64_t packed_ns; /* steady: when it last handled something packed or encrypted */
	uint32_t packed_type;
	uint32_t zero;
};

struct staged_push {
	struct ipaddr src;
	uint64_t dest;
	uint64_t tunnel_key;
	uint64_t first_ns, last_ns, up, down; /* in one go */
	double told;                          /* score */
};

/* Why it is told. */
struct staged_match {
	const struct staged_host *host;
	const struct staged_pull *pull;
	const struct staged_push *push;
	double ratio, pcr, delay_s;
	double by_pull, by_size, by_delay, by_kind, by_new, by_pcr, by_packed, by_unusual, by_usual;
	const char *kind;
	double score;
};

/* judge.c: the best pull for a push; false: none fits. */
bool staged_judge(const struct staged_params *params, const struct detect_env *env,
		  const struct staged_host *h, const struct staged_push *p,
		  const struct context_upload *u, struct staged_match *ret);
void staged_explain(const struct staged_params *params, const struct detect_env *env,
		    const struct context_upload *u, const struct staged_match *m);

#endif
