/*
 * detect/brute_force/brute_force.h - what the parts of the detector share.
 *
 * Ownership: entries belong to the detector's tables.  Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_BRUTE_FORCE_H
#define EXFILD_SRC_DETECT_BRUTE_FORCE_H

#include "exfild/base/sketch.h"
#include "exfild/detect/detector.h"
#include "exfild/event/event.h"

#define BITS_BYTES   32 /* 256 bits of a linear counter (Whang 1990) */
#define SERVICE_TEXT 16
#define MEMBERS_MAX  64
#define PAIR_PACKETS 8
#define FAST_HALF_S  1200.0 /* tries whose secret was not seen count for less with time */
#define AT_ONCE_NS   (100 * 1000000ull)  /* two tries on two connections: no hand does that */
#define TOGETHER_NS  (3000 * 1000000ull) /* several tries within: no hand does that */
#define STREAK_TYPOS 6                   /* failures before a success that people make */

struct brute_params {
	double alert_score;
	uint64_t accounts; /* failed first tries of so many accounts are a spray */
};

/* One source, one target, one service. */
struct brute_pair {
	struct ipaddr src, dst;
	uint32_t service; /* hash of its name */
	uint32_t tunnel_key;
	uint64_t first_ns, last_ns; /* of failures, packet time */
	uint64_t last_steady_ns;
	struct decayed unseen;       /* tries whose secret was not seen, weighted */
	uint8_t secrets[BITS_BYTES]; /* user and secret together */
	uint8_t users[BITS_BYTES];
	uint32_t failures, successes;
	uint32_t streak;        /* failures since the last success */
	uint32_t at_once;       /* failures right after one on another connection */
	uint32_t together;      /* failures since together_ns, on several connections */
	uint32_t mixed;         /* `together` when a success came among them */
	uint32_t success_after; /* streak that ended with a success */
	uint64_t success_ns;
	uint64_t together_ns;          /* when a group within TOGETHER_NS began */
	double gap_s, gap_deviation_s; /* moving means */
	uint64_t last_flow;
	uint32_t user; /* hash of the user who failed last */
	uint32_t inferred;
	double told_tries;
	uint8_t told_severity;
	uint8_t packet_count;
	uint8_t form_secret; /* mark of the secret that the last form had; 0: none */
	char name[SERVICE_TEXT];
	uint64_t packets[PAIR_PACKETS];
	struct event last;
};

enum brute_side { SIDE_SOURCE, SIDE_TARGET };

/* An account that a source tried, or a source that tried a target. */
struct brute_member {
	uint32_t hash;
	uint8_t failures, has_succeeded;
	uint8_t secret_mark;
	uint8_t pad;
};

/* All that a source did by one service, or all that was done to a target. */
struct brute_group {
	struct ipaddr address;
	uint32_t service;
	uint32_t tunnel_key;
	uint32_t side; /* enum brute_side */
	uint32_t pad;
	uint64_t first_ns, last_ns, last_steady_ns;
	double walk;
	uint32_t member_count;
	uint32_t failed; /* members whose first try failed and who have not succeeded */
	uint32_t beyond; /* members that did not fit */
	uint32_t failures, successes;
	uint8_t others[BITS_BYTES]; /* targets of a source, accounts at a target */
	uint32_t told_failed;
	uint8_t told_severity;
	char name[SERVICE_TEXT];
	struct brute_member members[MEMBERS_MAX];
	struct event last;
};

struct brute_state {
	const struct brute_params *params;
	struct table pairs, groups;
	uint64_t findings;
};

void brute_keep(void *state, struct keep_list *list);

/* Sets a bit by a hash; whether it was new. */
bool brute_bit(uint8_t bits[BITS_BYTES], uint32_t hash);
/* How many distinct hashes set them, about. */
double brute_bits_count(const uint8_t bits[BITS_BYTES]);
double brute_pair_tries(const struct brute_pair *p, uint64_t steady_ns);

/*
 * Fill and raise when high enough, and, unless is_news, higher than what was told; return the
 * severity that was raised, 0: none.
 */
enum severity brute_tell_pair(const struct brute_pair *p, const struct brute_params *params,
			      const struct detect_env *env, bool is_news);
enum severity brute_tell_group(const struct brute_group *g, const struct brute_params *params,
			       const struct detect_env *env);

#endif
