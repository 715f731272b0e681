/*
 * fusion/private.h - what is kept of hosts and pairs.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_FUSION_PRIVATE_H
#define EXFILD_SRC_FUSION_PRIVATE_H

#include "exfild/base/pool.h"
#include "exfild/base/table.h"
#include "exfild/fusion/fusion.h"

#define CLASSES   FUSION_LINKS /* exfil, c2, recon, lateral */
#define WITNESSES 4            /* detectors remembered for a pair */

struct evidence {
	double llr; /* at time_ns */
	uint64_t time_ns;
	const char *rule; /* who said it: a rule for a host, a detector for a pair */
	uint32_t class;
};

struct host_key {
	struct ipaddr ip;
	uint32_t tunnel_key;
	uint32_t zero;
};

struct host {
	struct host_key key;
	struct evidence by_class[CLASSES];
	struct fusion_incident incident;
	uint64_t incident_last_ns;
};

struct pair_key {
	struct host_key subject;
	struct ipaddr peer;
};

struct pair {
	struct pair_key key;
	struct evidence witness[WITNESSES];
};

struct host_key host_key_of(const struct ipaddr *ip, uint32_t tunnel_key);

/* The finding belongs to its subject's incident, and may take it along to its peer. */
void incident_add(struct fusion *f, struct host *subject, const struct finding *x);

struct fusion {
	struct table hosts;
	struct table pairs;
	struct pool names; /* of rules and detectors that were read from a state */
	uint64_t now_ns;
};

#endif
