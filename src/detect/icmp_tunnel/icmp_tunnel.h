/*
 * detect/icmp_tunnel/icmp_tunnel.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_ICMP_TUNNEL_ICMP_TUNNEL_H
#define EXFILD_SRC_DETECT_ICMP_TUNNEL_ICMP_TUNNEL_H

#include "exfild/base/sketch.h"
#include "exfild/detect/detector.h"

#define EXACT_PAYLOADS 32
#define UNIT_BYTES     16 /* a unit of the sketch */
#define SIZES_KNOWN    8
#define PAIR_PACKETS   16

enum icmp_mark {
	ICMP_MARK_PTUNNEL = 1u << 0,    /* the magic number of ptunnel */
	ICMP_MARK_INNER_IP = 1u << 1,   /* the payload is an IP packet of fitting length */
	ICMP_MARK_OTHER_TYPE = 1u << 2, /* data in messages that carry none */
};

struct icmp_params {
	uint64_t daily_bytes;
	double alert_score;
};

/* One asking and one answering end. */
struct icmp_pair {
	struct ipaddr client, server;
	uint32_t tunnel_key, pad;
	uint64_t window_ns, first_ns, last_ns;
	double exact_info, previous_info;
	double sum_info; /* of all that is no repeat of its request: a bound of the sketch */
	struct hll info; /* in units */
	uint32_t payloads[EXACT_PAYLOADS];
	uint8_t payload_count;
	bool is_many;
	uint8_t packet_count, raised_severity;
	uint8_t size_count;
	uint16_t sizes[SIZES_KNOWN];
	uint32_t requests, replies, paired, differing, unsolicited, informative;
	uint64_t informative_bytes; /* payload of the informative ones */
	uint64_t bytes[2];          /* payload sent by client, by server */
	double raised_info;
	uint64_t told_messages; /* when it was last told */
	double entropy_sum;
	uint32_t marks;
	uint64_t packets[PAIR_PACKETS];
	struct event last;
};

struct icmp_judgement {
	double info, differing_share, unsolicited_share;
	double mean_size; /* of informative payloads */
	bool is_update;   /* only totals have grown */
	double by_info, by_differing, by_unsolicited, by_sizes, by_large, by_marks;
	double score;
};

double icmp_pair_info(const struct icmp_pair *p, uint64_t steady_ns);
void icmp_pair_judge(const struct icmp_pair *p, const struct icmp_params *params,
		     const struct detect_env *env, struct icmp_judgement *j);
/* Whether it would be told with so much information, all else as it was judged. */
bool icmp_pair_fires(const struct icmp_judgement *j, const struct icmp_params *params, double info);
/* The least information at which it would; 0: it does not decide. */
uint64_t icmp_pair_least_info(const struct icmp_judgement *j, const struct icmp_params *params);
void icmp_pair_explain(const struct icmp_pair *p, const struct icmp_params *params,
		       const struct detect_env *env, const struct icmp_judgement *j,
		       enum severity severity);

#endif
