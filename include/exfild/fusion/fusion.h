/*
 * fusion/fusion.h - what all detectors together say about a host.
 *
 * What: keeps, for each subject host, the strongest log-likelihood ratio of each class of evidence,
 * halved with every half-life of its class, and adds the classes up to a risk.  Within a class the
 * strongest counts alone, since evidence of one class is not independent.  A second table keeps who
 * said what about a (subject, peer), so that weak evidence gets company.  What is said of one host
 * within FUSION_INCIDENT_NS of the last word is one incident, and a sideways step takes it along to
 * the host that was reached.
 * Ownership: fusion_free frees.  Threads: analysis plane.
 * Limits: max_hosts hosts and as many pairs; when full, the host with the least evidence goes
 * first.
 */
#ifndef EXFILD_FUSION_FUSION_H
#define EXFILD_FUSION_FUSION_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/base/hash.h"
#include "exfild/base/keep.h"
#include "exfild/finding/finding.h"

#define FUSION_PRIOR       1e-4 /* share of host-days that are bad */
#define FUSION_LLR_MAX     20.0 /* no single finding says more than this, in nats */
#define FUSION_COMPANY_LLR 1.0  /* what a second detector must still say to be company */
/* An intruder rests over a weekend; what is silent for longer is a story of its own. */
#define FUSION_INCIDENT_NS (72ull * 3600 * 1000000000)
#define FUSION_LINKS       4 /* classes that a chain can name: all, of what is none of them itself */

/* Another stage of the same host: the strongest finding of another class. */
struct fusion_link {
	enum finding_class class;
	const char *rule; /* as long as the fusion */
	uint64_t time_ns; /* when it was last said at its strongest */
	double llr;       /* what is left of it */
};

/* What belongs together: named by where and when it began. */
struct fusion_incident {
	struct ipaddr root; /* the first host */
	uint32_t root_tunnel;
	uint64_t began_ns; /* 0: none */
};

struct fusion_stats {
	uint64_t hosts, host_evictions;
	uint64_t pairs, pair_evictions;
};

struct fusion;

/* NULL when memory is exhausted. */
struct fusion *fusion_new(uint32_t max_hosts, const struct hash_key *key);
void fusion_free(struct fusion *f);

/*
 * Takes a finding in and returns the risk of its subject in percent.  Findings without a subject
 * address, and those of the classes policy and sensor, are no evidence against a host: the risk
 * that was known so far is returned.
 */
double fusion_add(struct fusion *f, const struct finding *x);

/* Whether anything is held against the host; without it its risk is fusion_risk_of_nobody(), and
 * its chain is empty. */
bool fusion_knows(const struct fusion *f, const struct ipaddr *host, uint32_t tunnel_key);
double fusion_risk_of_nobody(void);

/*
 * The severity that a finding deserves in its company: a LOW one with llr > 0 becomes MEDIUM when
 * another detector has said something (at least FUSION_COMPANY_LLR nats, decayed) about the same
 * subject and peer.  Every other severity stays.
 */
enum severity fusion_severity(const struct fusion *f, const struct finding *x);

/* The other classes known of the finding's subject, oldest first; returns how many. */
size_t fusion_chain(const struct fusion *f, const struct finding *x,
		    struct fusion_link ret[FUSION_LINKS]);

/* The incident that the finding's subject is in, after fusion_add(); began_ns 0: none. */
struct fusion_incident fusion_incident_of(const struct fusion *f, const struct finding *x);

/* What of it outlives the process. */
void fusion_keep(struct fusion *f, struct keep_list *list);
void fusion_stats(const struct fusion *f, struct fusion_stats *ret);

#endif
